"""Recovery codes, each of which takes the place of a second factor once. Pure."""

import re
import secrets

COUNT = 10
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody mistakes for each other."""
LENGTH = 12
"""59 bits: with the throttle they cannot be guessed, and the database has only their keyed hashes."""
_CODE = re.compile(rf"[{LETTERS}]{{{LENGTH}}}")


def new_codes() -> list[str]:
    """Return fresh codes, in groups of four."""
    return [_grouped("".join(secrets.choice(LETTERS) for _ in range(LENGTH))) for _ in range(COUNT)]


def _grouped(code: str) -> str:
    return "-".join(code[at : at + 4] for at in range(0, LENGTH, 4))


def bare(text: str) -> str | None:
    """Return a typed code as it is hashed: small letters and digits alone; None if it cannot be one."""
    code = re.sub(r"[\s-]", "", text.lower())
    return code if _CODE.fullmatch(code) else None
