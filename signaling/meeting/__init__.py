"""Running meetings: joining, WebSocket, join guard, line monitor, and the stored state that outlives the process."""
