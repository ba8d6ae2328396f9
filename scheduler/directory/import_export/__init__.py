"""Exports and imports the directory as spreadsheets: an import does exactly what its preview showed."""
