"""Letters and group notices, out and in."""
