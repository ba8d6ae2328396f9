"""A report as people take it away: one set of tables, as a spreadsheet and as a document."""
