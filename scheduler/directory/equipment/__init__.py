"""Registers devices and access lines of points and their providers, and finds differences from the registration."""
