"""`python -m loadtest rooms`: room systems in calls with a whole server."""
