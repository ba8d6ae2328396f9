"""Normalises and validates texts that people type. Pure."""

import re
import unicodedata

from scheduler.core.errors import FieldError

REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters that no text may have: what PostgreSQL (NUL), XML 1.0 or UTF-8 cannot hold, DEL, and what turns the
order of other letters around (UAX #9: embeddings, overrides, isolates), by which one name is shown as another. Tabs and
ends of lines are none."""


def clean(text: str) -> str:
    """Return a text in NFC, with each run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def printable(text: str) -> str:
    """Return a text without unprintable characters, which not every database can store."""
    return "".join(filter(str.isprintable, text))


def validate(field: str, text: str, longest: int) -> list[FieldError]:
    """Return the errors in a clean text: ``required``, ``too-long`` (characters), ``bad-characters``."""
    if not text:
        return [FieldError(field, "required")]
    if len(text) > longest:
        return [FieldError(field, "too-long", str(longest))]
    return [] if text.isprintable() else [FieldError(field, "bad-characters")]
