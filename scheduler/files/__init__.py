"""Untrusted files: CSV, XLSX, ZIP, their type by content, and the child process that parses them."""
