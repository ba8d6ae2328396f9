"""Keeps the register of security controls: checklists, evidence, reminders of updates."""
