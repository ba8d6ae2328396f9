"""Manages points from draft to withdrawal: lifecycle, assessment, activation, quota, guest access."""
