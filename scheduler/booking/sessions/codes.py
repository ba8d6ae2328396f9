"""Session codes: random digits that nobody can guess and no session ever gets twice (R-051, I10)."""

import secrets

LONGEST = 64
"""Longest text that is looked at; people paste codes with blanks, not books."""

_BETWEEN = str.maketrans("", "", "-.")


def fresh(digits: int) -> str:
    """Return random digits, leading zeros included."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def typed(text: str, digits: int) -> str | None:
    """Return the code a person typed, or None when it cannot be one; blanks, hyphens and dots in it are ignored."""
    if len(text) > LONGEST:
        return None
    code = "".join(text.split()).translate(_BETWEEN)
    return code if len(code) == digits and code.isascii() and code.isdigit() else None
