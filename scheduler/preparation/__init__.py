"""What goes before a session, and who was there: checks, duty, readiness, attendance (Điều 13.2, 14, 16, 17)."""
