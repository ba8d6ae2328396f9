"""The kinds of calls that `loadtest rooms` places: how each is set up, and what happens in it."""
