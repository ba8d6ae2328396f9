"""Load tests that a person starts: one session, a province, one growing meeting, and a demonstration."""
