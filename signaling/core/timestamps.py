"""Converts times to the form of the wire."""

from datetime import UTC, datetime


def instant(value: datetime) -> datetime:
    """Cut a time to the whole second in UTC, as everything on the wire is."""
    return value.astimezone(UTC).replace(microsecond=0)
