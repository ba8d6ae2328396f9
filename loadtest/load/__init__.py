"""Runs many endpoints in many meetings, and measures what they receive and what CPU the server takes."""
