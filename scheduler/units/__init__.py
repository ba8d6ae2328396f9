"""Units and their points: names (Điều 6.4), the units file, rows, number of devices."""
