"""Transports: one UDP port for all browsers (ICE-lite, DTLS, SRTP), and plain RTP port pairs for room systems."""
