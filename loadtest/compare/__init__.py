"""Compares the CPU of two versions, or of the media worker and another program, measured by turns."""
