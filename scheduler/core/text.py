"""Texts that people type: one form, and what may be wrong with them. Pure."""

import unicodedata

from scheduler.core.errors import FieldError


def clean(text: str) -> str:
    """Return a text in NFC, each run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def printable(text: str) -> str:
    """Leave out what cannot be printed, nor stored everywhere."""
    return "".join(filter(str.isprintable, text))


def faults(field: str, text: str, longest: int) -> list[FieldError]:
    """Return what is wrong with a clean text: ``required``, ``too-long``, ``bad-characters``."""
    if not text:
        return [FieldError(field, "required")]
    if len(text) > longest:
        return [FieldError(field, "too-long", str(longest))]
    return [] if text.isprintable() else [FieldError(field, "bad-characters")]
