"""WebSocket messages between the pages and the server, and what a meeting wants done."""
