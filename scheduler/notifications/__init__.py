"""Notices to units and to the operator: wording, outbox, alerts."""
