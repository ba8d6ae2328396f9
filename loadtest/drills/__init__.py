"""Drills: faults on purpose, measured by what people would have noticed (docs/reliability.md)."""
