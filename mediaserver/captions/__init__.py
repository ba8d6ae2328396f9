"""Live captions: recognizes what points say while they say it, in a process beside the media worker."""
