"""Finds breaches, and keeps feedback, summaries of units, and personal data (Điều 20, 21)."""
