"""The directory as spreadsheets: a preview, then exactly that."""
