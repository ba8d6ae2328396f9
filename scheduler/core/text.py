"""Normalises and validates texts that people type. Pure."""

import unicodedata

from scheduler.core.errors import FieldError


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
