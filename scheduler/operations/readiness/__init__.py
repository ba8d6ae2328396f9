"""Before a session: technical checks, duty, self-tests, the readiness board."""
