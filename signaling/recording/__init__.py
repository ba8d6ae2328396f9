"""Recordings: their state in a meeting, catalogue, files, remuxing, handover, verification."""
