"""Values as the database has them: whole seconds since 1970 in UTC, and texts that it can compare."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


SECOND = timedelta(seconds=1)


def seconds(instant: datetime) -> int:
    """Return whole seconds since 1970, rounded down, exactly."""
    return (instant - EPOCH) // SECOND


def instant(at: int) -> datetime:
    """Return the UTC datetime of whole seconds since 1970."""
    return EPOCH + at * SECOND


def rounded_up(at: datetime) -> int:
    """Return the seconds since 1970 of a moment, the next ones within a second: slots begin on whole seconds."""
    return -((EPOCH - at) // SECOND)


def storable(texts: Iterable[str]) -> list[str]:
    """Leave out what a database cannot even compare: NUL and lone surrogates of a hostile caller are no ids."""
    return [text for text in set(texts) if text.isprintable()]
