"""The media engine of one process, its server process, and the worker that dials in from another machine."""
