"""Scenarios that a person starts: one session, a province, its growth, a demonstration."""
