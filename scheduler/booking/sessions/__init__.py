"""Booked sessions: their states, slots, codes, access window, script and history."""
