"""A server of the load test's own: its process, accounts, sessions and REST client."""
