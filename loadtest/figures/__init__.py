"""Figures of security and reliability: what one machine can measure of each, by tests, drills and benchmarks."""
