"""What surrounds a session: readiness, attendance, incidents, closing (Điều 13 to 17)."""
