"""Reports of periods: how many meetings, of whom, how long, registered and answered in time (Điều 17.2.d)."""
