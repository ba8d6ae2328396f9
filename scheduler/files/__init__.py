"""Files of strangers: CSV, XLSX, ZIP, their real type, and the process that parses them."""
