"""H.323, message by message and call by call."""
