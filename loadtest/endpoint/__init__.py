"""One simulated endpoint: SDP, ICE, DTLS-SRTP, what it sends and counts, and a network emulator."""
