"""RTP and SDP without I/O."""
