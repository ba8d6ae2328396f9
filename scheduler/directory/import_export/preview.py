"""Describes what an import would do, row by row, and reads the values of cells."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.directory.import_export.column_names import title
from scheduler.files.errors import RowError


async def nothing(_: AsyncConnection) -> None:
    """Change nothing."""


@dataclass(frozen=True, slots=True)
class ImportStep:
    """The effect of one row.

    `text` describes it with the present values, so it is true only until they change.
    """

    row_number: int
    what: Literal["add", "change", "same"]
    text: str
    carry_out: Callable[[AsyncConnection], Awaitable[None]] = field(default=nothing, compare=False)


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """All steps of an import; `digest` is a SHA-256 in hexadecimal that changes when any step does."""

    steps: tuple[ImportStep, ...]
    digest: str


def differences(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Describe what differs, such as ``điện thoại: +849… → +849…``."""
    return "; ".join(
        f"{title(name)}: {_shown(old[name])} → {_shown(new[name])}" for name in new if old[name] != new[name]
    )


def _shown(value: object) -> str:
    return "–" if value in (None, "") else str(value)


def day(text: str, row_number: int, column: str, faults: list[RowError]) -> date | None:
    """Read a day, ``2023-05-15`` or ``15/05/2023``; empty is None. Appends a fault if it cannot be read."""
    parts = text.split("/")
    try:
        iso = f"{int(parts[2]):04}-{int(parts[1]):02}-{int(parts[0]):02}" if len(parts) == 3 else text
        return date.fromisoformat(iso) if text else None
    except ValueError:
        faults.append(RowError(row_number, column, "bad-day", text[:64]))
        return None


def number(text: str, row_number: int, column: str, faults: list[RowError]) -> int | None:
    """Read a whole number; empty is None. Appends a fault if it cannot be read."""
    if not text:
        return None
    if text.isascii() and text.isdecimal() and len(text) <= 6:
        return int(text)
    faults.append(RowError(row_number, column, "bad-number", text[:64]))
    return None
