"""Endpoints of the province's rules and of the working calendar."""
