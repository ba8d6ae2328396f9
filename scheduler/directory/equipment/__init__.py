"""Devices and access lines of points, their providers, and what differs from what was registered."""
