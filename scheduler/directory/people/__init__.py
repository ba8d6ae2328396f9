"""Keeps the lists of people who run rooms, with their first and last days."""
