"""Datagrams: one port, ICE-lite, DTLS, SRTP."""
