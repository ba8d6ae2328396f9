"""Extracts the fields of a registration from a letter: times in Vietnamese, units, contacts, titles."""
