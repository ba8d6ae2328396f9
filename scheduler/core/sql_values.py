"""Converts values for the database: times to whole seconds since 1970 in UTC, texts to comparable ones. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def seconds(instant: datetime) -> int:
    """Return the whole seconds since 1970 of a moment, rounded down, exactly."""
    return (instant - EPOCH) // SECOND


def instant(at: int) -> datetime:
    """Return the UTC datetime of whole seconds since 1970."""
    return EPOCH + at * SECOND


def whole_second(at: datetime) -> datetime:
    """Return a moment as the database keeps it: in UTC, cut to the whole second."""
    return instant(seconds(at))


def rounded_up(at: datetime) -> int:
    """Return the whole seconds since 1970 of a moment, rounded up, because slots begin on whole seconds."""
    return -((EPOCH - at) // SECOND)


def storable(texts: Iterable[str]) -> list[str]:
    """Return the texts without those that a database cannot compare, with NUL or lone surrogates; they are no ids."""
    return [text for text in set(texts) if text.isprintable()]
