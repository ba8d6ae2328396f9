"""Reports periods: how many meetings, by whom, how long, registered and replied to in time (Điều 17.2.d)."""
