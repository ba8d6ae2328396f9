"""A point from its draft to its withdrawal: lifecycle, assessment, activation, quota, guest access."""
