"""Reports of load tests: verdicts, proposed capacity, JSON, HTML and charts."""
