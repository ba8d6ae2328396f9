"""Extracts contacts: a name and a telephone number that stand together in a text. Pure."""

import re
from collections.abc import Iterator

from scheduler.booking.registration import request_validation
from scheduler.inbound_mail.extraction.vn_datetimes import flat

_CONTACT = re.compile(
    r"\b(?:can bo\s+)?(?:dau moi|nguoi lien he|lien he|can bo phu trach)"
    r"(?:\s+(?:lien he|ky thuat|phu trach|la))*\s*[:\-–]?\s*(?P<rest>[^\n;]{3,150})"
)
_BEFORE = re.compile(r"^(?:(?:ho(?: va)? ten|d/c|dong chi|ong(?: ?\(ba\)|/ba)?|ba|anh|chi|can bo)(?!\w)[.:]?\s*)+")
"""Words and titles before a name."""
_PHONE = re.compile(r"(?<![0-9])(?:\+?84|0)[0-9](?:[\s.-]?[0-9]){7,9}(?![0-9])")


def stated(text: str) -> Iterator[tuple[str, str]]:
    """Yield each text after words for a contact, and the same with these words."""
    for match in _CONTACT.finditer(flat(text)):
        yield text[match.start("rest") : match.end("rest")], text[match.start() : match.end()]


def phones(text: str) -> list[str]:
    """Return the telephone numbers in a text, as they are written."""
    return [each[0] for each in _PHONE.finditer(text) if request_validation.phone(each[0])]


def name(text: str) -> str:
    """Return the name at the beginning of a text: two to six capitalised words."""
    start = _BEFORE.match(flat(text.lstrip(" :-")))
    words = text.lstrip(" :-")[start.end() if start else 0 :].split()
    taken: list[str] = []
    for word in words:
        bare = word.strip(",;:.()–-")
        if not bare[:1].isupper() or not bare.isalpha() or len(taken) == 6:
            break
        taken.append(bare)
        if bare != word:
            break
    return " ".join(taken) if len(taken) > 1 else ""
