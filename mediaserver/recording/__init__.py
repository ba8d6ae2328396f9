"""Recording: recorders, MP4 muxer, isolated tracks, tracks and their composer, remuxer, disk space, encrypted files."""
