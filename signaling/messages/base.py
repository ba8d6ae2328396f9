"""Defines the base of all WebSocket messages, and the types of their fields."""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

SeatId = Annotated[str, StringConstraints(min_length=1, max_length=64)]

_JOINER = re.compile("(?<=[\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d(?=[\u2190-\u2bff\U0001f000-\U0001faff])")
"""ZERO WIDTH JOINER between two parts of one emoji (UTS #51, ED-16)."""
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
"""What is pasted with text and shows nothing: soft hyphen, zero width space, word joiner, byte order mark."""


def _whole_second(value: datetime) -> datetime:
    """Convert a time to UTC without its fraction. Raises ValueError for one outside of the calendar there."""
    try:
        return value.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("no time in UTC") from None


Instant = Annotated[AwareDatetime, AfterValidator(_whole_second)]


def printable(text: str) -> str:
    """Return one line of text as it is shown: blanks of other widths, as office programs write them, become plain ones,
    and what shows nothing goes. Raises ValueError."""
    text = _INVISIBLE.sub("", "".join(" " if unicodedata.category(each) == "Zs" else each for each in text))
    if not _JOINER.sub("", text).isprintable() or not text or text.isspace():
        raise ValueError("not printable")
    return text


def as_one_line(text: str) -> str:
    """Return a text of another system as one line that can be shown."""
    joiners = {found.start() for found in _JOINER.finditer(text)}
    kept = (each if each.isprintable() or at in joiners else " " for at, each in enumerate(text))
    return "".join(kept).strip()


def one_line(text: str) -> str:
    """Check that a value is one line of text, or empty. Raises ValueError."""
    return printable(text) if text else text


class BaseMessage(BaseModel):
    """Base of all messages and of their parts."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class BaseClientMessage(BaseMessage):
    ref: Annotated[str, StringConstraints(max_length=64)] | None = None
