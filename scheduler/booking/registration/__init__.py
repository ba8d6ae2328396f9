"""Registering, amending and cancelling; drafts, refusals, reply deadlines, emergencies."""
