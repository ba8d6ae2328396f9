"""Benchmarks of single parts: forwarding, composing, encryption, the database; latency and lip sync."""
