"""Drafts the minutes of a session for its host to finish."""
