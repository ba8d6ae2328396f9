"""The user agent, message by message and against real room systems."""
