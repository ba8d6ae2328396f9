"""Runs many endpoints in many meetings, and measures them and the machine."""
