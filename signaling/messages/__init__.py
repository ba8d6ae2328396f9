"""WebSocket messages between pages and server, and the effects that a meeting asks for."""
