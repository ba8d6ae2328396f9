"""Endpoints of registrations, sessions, the queue, capacity and the agenda."""
