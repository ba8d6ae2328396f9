"""Writes CSV files for office programs: UTF-8 with a byte order mark, no text that is taken for a formula. Pure."""

import csv
import io
from collections.abc import Iterable, Sequence

MARK = "\ufeff"
"""The byte order mark; without it office programs take UTF-8 for another encoding."""
_SIGNS = ("=", "+", "-", "@", "\t", "\r")


def file(rows: Iterable[Sequence[object]]) -> bytes:
    """Return a whole file."""
    return (MARK + text(rows)).encode()


def text(rows: Iterable[Sequence[object]]) -> str:
    """Return rows as lines of a CSV file; texts pass :func:`harmless`."""
    written = io.StringIO(newline="")
    csv.writer(written).writerows([harmless(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    return written.getvalue()


def harmless(text: str) -> str:
    """Return a text with an apostrophe before it if office programs would take it for a formula."""
    return f"'{text}" if text.lstrip("'").startswith(_SIGNS) else text


def original(text: str) -> str:
    """Undo :func:`harmless`."""
    return text[1:] if text.startswith("'") and text.lstrip("'").startswith(_SIGNS) else text
