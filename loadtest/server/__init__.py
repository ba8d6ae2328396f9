"""Starts a server for load tests: its process, accounts, sessions and REST client."""
