"""The server: accounts, HTTP, WebSocket, meetings, SIP, mail; the only package above scheduler and media engine."""
