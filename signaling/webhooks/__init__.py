"""Webhooks: registered by administrators, delivered over HTTPS, signed (Standard Webhooks)."""
