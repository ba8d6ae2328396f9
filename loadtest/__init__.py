"""Simulated endpoints: they join through the public signaling like any browser, and count what they get."""
