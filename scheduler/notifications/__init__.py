"""Notices to units and to the operator: their wording, the outbox, alerts."""
