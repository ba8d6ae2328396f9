"""Tones and moving pictures that simulated endpoints send, encoded beforehand."""
