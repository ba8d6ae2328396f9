"""Session codes: random digits that nobody can guess and no session ever gets twice (R-051, I10)."""

import secrets


def fresh(digits: int) -> str:
    """Return random digits, leading zeros included."""
    return f"{secrets.randbelow(10**digits):0{digits}}"


def typed(text: str, digits: int) -> str | None:
    """Return the code a person typed, blanks aside, or None when it cannot be one."""
    code = "".join(text.split())
    return code if len(code) == digits and code.isascii() and code.isdigit() else None
