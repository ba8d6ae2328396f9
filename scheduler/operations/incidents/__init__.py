"""Incidents from report to close, and what telecom providers see of them."""
