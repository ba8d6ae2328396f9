"""Room systems in meetings: whom to call and when, who may call in, and the seats of calls."""
