"""Breaches, feedback, cards and monthly summaries of units, personal data (Điều 20, 21)."""
