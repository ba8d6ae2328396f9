"""Faults on purpose, with the figures that tell what people would have noticed; see docs/reliability.md."""
