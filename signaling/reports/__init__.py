"""Reports: their tables, as spreadsheet and PDF, and their endpoints."""
