"""The media engine of one process, and the ways a server reaches it."""
