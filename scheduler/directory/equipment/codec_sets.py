"""Sets of codecs, by the names that session descriptions give them (RFC 8866 §6.6; Điều 11.5, R-055). Pure."""

import re
from collections.abc import Iterable

LONGEST = 500
"""Characters of a set."""
_NAME = re.compile(r"[A-Z0-9.*_+-]{1,32}")
_STANDARD = re.compile(r"[GH]\.[0-9.]+[AU]?")
_DATA_SHEET_NAMES = {"G711": ("PCMA", "PCMU"), "G711A": ("PCMA",), "G711U": ("PCMU",)}
"""What data sheets call otherwise than RFC 3551 does."""


def read(text: str) -> frozenset[str]:
    """Return the names in a text, with commas or blanks between. Raises ValueError with the word that is no name.

    They are read as people write them: ``H.264, g722`` is ``G722, H264``, and ``G.711`` is ``PCMA, PCMU``.
    """
    found: set[str] = set()
    for word in re.findall(r"[^\s,;]+", text):
        name = word.upper()
        name = name.replace(".", "") if _STANDARD.fullmatch(name) else name
        if not _NAME.fullmatch(name):
            raise ValueError(word)
        found.update(_DATA_SHEET_NAMES.get(name, (name,)))
    return frozenset(found)


def write(names: Iterable[str]) -> str:
    """Return a set in its one form: capitals, in order of the alphabet, commas between."""
    return ", ".join(sorted(names))


def canonical(text: str) -> str:
    """Return a set in its one form; none is empty. Raises ValueError with what is no name, or too long."""
    found = write(read(text))
    if len(found) > LONGEST:
        raise ValueError(found)
    return found
