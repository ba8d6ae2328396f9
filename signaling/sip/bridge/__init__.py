"""Room systems in meetings: dial schedule, authorisation of incoming calls, admission, and the table of calls."""
