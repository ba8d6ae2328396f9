"""Reads TOML in bounded time, whatever it holds.

tomllib takes quadratic time for the parts of a key: 16 s for the 32,768 that 64 KiB have room for.
"""

import tomllib
from typing import Any

MAX_DOTS = 127
"""Dots of a line, in which a key ends: as many as a host name may have (RFC 1035, section 2.3.4)."""


def loads(text: str) -> dict[str, Any]:
    """Read a file's text. Raises TOMLDecodeError for what is no TOML or has a longer line of dots, ValueError for a
    number of thousands of digits, RecursionError."""
    for number, line in enumerate(text.split("\n"), 1):
        if line.count(".") > MAX_DOTS and not line.lstrip().startswith("#"):
            raise tomllib.TOMLDecodeError(f"More than {MAX_DOTS} dots (at line {number})")
    return tomllib.loads(text)
