"""Starts a server for load tests, creates accounts and books sessions on it, and calls its REST API."""
