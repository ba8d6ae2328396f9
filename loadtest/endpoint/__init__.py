"""A simulated endpoint with SDP, ICE, DTLS-SRTP, senders and counters, and a network emulator."""
