"""Drills: cause faults, and measure their effects on people in meetings (docs/reliability.md)."""
