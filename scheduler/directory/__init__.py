"""Keeps the directory: points with their rooms, devices, access lines and people, from first draft to withdrawal."""
