"""REST under /api/v1: one noun per file, all of it declared in one route table."""
