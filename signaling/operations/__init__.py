"""Endpoints of readiness, attendance, incidents, closing, documents, self-tests."""
