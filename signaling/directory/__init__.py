"""Endpoints of units, points, equipment, people, controls; the daily job."""
