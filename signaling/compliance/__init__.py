"""Endpoints of feedback, the card of a unit and personal data."""
