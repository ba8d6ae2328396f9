"""The ten digits that open a session's door (Điều 12.4.b): how people type them, how we show them."""

DIGITS = 10
LONGEST = 64
"""Longest text that is looked at; people paste codes with blanks, not books."""

_BLANKS = str.maketrans("", "", " \t\u00a0\u202f-.")


class BadCodeError(ValueError):
    """What was typed is no code."""


def normalise(text: str) -> str:
    """Return the ten digits of a typed code; blanks, hyphens and dots between them are ignored.

    Raises BadCodeError.
    """
    if len(text) > LONGEST:
        raise BadCodeError("too long")
    digits = text.translate(_BLANKS)
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdecimal()):
        raise BadCodeError("not ten digits")
    return digits


def spaced(code: str) -> str:
    """Return a code the way it is read aloud: ``012 345 6789``."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"


def masked(code: str) -> str:
    """Return a code as logs may show it: its last two digits only."""
    return "•" * (len(code) - 2) + code[-2:]
