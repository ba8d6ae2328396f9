"""RTP without I/O: packets, RTCP, payload formats, retransmission, key frame requests, sources and sinks."""
