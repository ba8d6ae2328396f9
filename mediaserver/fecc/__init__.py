"""Far-end camera control (FECC): the camera of a room system is moved by H.281 messages in H.224 frames (RFC 4573)."""
