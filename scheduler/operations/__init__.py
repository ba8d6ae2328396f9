"""Prepares, watches and closes sessions: readiness, attendance, incidents, closing (Điều 13 to 17)."""
