"""Reads and writes sets of codecs by their SDP names (RFC 8866 §6.6; Điều 11.5, R-055). Pure."""

import re
from collections.abc import Iterable

LONGEST = 500
"""The most characters of a set."""
_NAME = re.compile(r"[A-Z0-9.*_+-]{1,32}")
_STANDARD = re.compile(r"[GH]\.[0-9.]+[AU]?")
_DATA_SHEET_NAMES = {"G711": ("PCMA", "PCMU"), "G711A": ("PCMA",), "G711U": ("PCMU",)}
"""Names in data sheets that differ from those of RFC 3551."""


def read(text: str) -> frozenset[str]:
    """Return the codec names in a text, separated by commas or blanks. Raises ValueError with the word that is no name.

    Usual spellings are accepted: ``H.264, g722`` is ``G722, H264``, and ``G.711`` is ``PCMA, PCMU``.
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
    """Return a set as text: capitals, in alphabetical order, separated by commas."""
    return ", ".join(sorted(names))


def canonical(text: str) -> str:
    """Return a text in the form of :func:`write`; an empty one stays empty.

    Raises ValueError with the word that is no name, or with a set that is too long.
    """
    found = write(read(text))
    if len(found) > LONGEST:
        raise ValueError(found)
    return found
