"""Counts the work that accounts owe."""
