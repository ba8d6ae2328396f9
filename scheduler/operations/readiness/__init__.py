"""Shows before a session how ready its points are: technical checks, duty, self-tests, the readiness board."""
