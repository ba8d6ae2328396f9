"""Handles incidents from report to close, and shows telecom providers those of their lines."""
