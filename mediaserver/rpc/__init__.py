"""A media engine over a socket: its messages, the links that carry them, and the client at the other end."""
