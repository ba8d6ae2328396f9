"""Registered devices that publish or watch over HTTP: WHIP (RFC 9725) and WHEP."""
