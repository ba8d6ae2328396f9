"""Defines the base of all WebSocket messages, and the types of their fields."""

from datetime import UTC
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

SeatId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Instant = Annotated[AwareDatetime, AfterValidator(lambda value: value.astimezone(UTC).replace(microsecond=0))]


def printable(text: str) -> str:
    """Check that a value is one line of text. Raises ValueError."""
    if not text.isprintable() or text.isspace():
        raise ValueError("not printable")
    return text


def one_line(text: str) -> str:
    """Check that a value is one line of text, or empty. Raises ValueError."""
    return printable(text) if text else text


class BaseMessage(BaseModel):
    """Base of all messages and of their parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseClientMessage(BaseMessage):
    ref: Annotated[str, StringConstraints(max_length=64)] | None = None
