"""Sockets and calls of H.323."""
