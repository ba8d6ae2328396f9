"""Makes session codes of random digits, which cannot be guessed, and reads typed ones (R-051, I10). Pure."""

import secrets

LONGEST = 64
"""The longest text that is parsed; people paste codes with blanks, not books."""

_BETWEEN = str.maketrans("", "", "-.")


def fresh(digits: int) -> str:
    """Return random digits, leading zeros included."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def typed(text: str, digits: int) -> str | None:
    """Return the code in a typed text, or None if it cannot be a code; blanks, hyphens and dots are ignored."""
    if len(text) > LONGEST:
        return None
    code = "".join(text.split()).translate(_BETWEEN)
    return code if len(code) == digits and code.isascii() and code.isdigit() else None
