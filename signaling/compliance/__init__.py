"""Endpoints of feedback, the unit summary and personal data."""
