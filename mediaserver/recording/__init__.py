"""Recording: recorder, MP4 muxer, isolated tracks, remuxing, disk space, encrypted files."""
