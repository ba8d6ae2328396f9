"""Defines the base of all WebSocket messages, and the types of their fields."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

SeatId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


def _whole_second(value: datetime) -> datetime:
    """Convert a time to UTC without its fraction. Raises ValueError for one outside of the calendar there."""
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("no time in UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_whole_second)]


def printable(text: str) -> str:
    """Check that a value is one line of text. Raises ValueError."""
    if not text.isprintable() or text.isspace():
        raise ValueError("not printable")
    return text


def as_one_line(text: str) -> str:
    """Return a text of another system as one line that can be shown."""
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()


def one_line(text: str) -> str:
    """Check that a value is one line of text, or empty. Raises ValueError."""
    return printable(text) if text else text


class BaseMessage(BaseModel):
    """Base of all messages and of their parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseClientMessage(BaseMessage):
    ref: Annotated[str, StringConstraints(max_length=64)] | None = None
