"""Extracts the title of a meeting from a sentence or from the subject of a letter. Pure."""

import re

from scheduler.inbound_mail.extraction.vn_datetimes import flat

MAX_TITLE = 200

_TITLE = re.compile(
    r"(?:\b(?:v/v|ve viec|noi dung:?|chu de:?)\s*(?:to chuc\s*)?|\b(?:hop|hoi nghi)\s*(?=[\"“]))"
    r"(?P<what>[^;\n]{5,300}?)"
    r"(?=\s*(?:,?\s*(?:vao\s+)?(?:hoi|luc|tu)\s+[0-9]|,?\s*(?:vao\s+)?ngay\s+[0-9]|[;\n]|\.\s|\.$|,?\s*thanh phan|$))"
)
_MEETING = re.compile(
    r"\b(?P<what>(?:hop|hoi nghi|giao ban|tap huan|so ket|tong ket)"
    r"(?! truc tuyen\s*(?:vao|luc|tu|hoi|ngay|,|:|\.|$))\s+[^;,.\n]{3,200}?)"
    r"(?=\s*(?:,?\s*(?:vao\s+)?(?:hoi|luc|tu)\s+[0-9]|,?\s*(?:vao\s+)?ngay\s+[0-9]|[;,\n]|\.\s|\.$|$))"
)
_SUBJECT = re.compile(
    r"^(?:(?:re|fw|fwd|tl)\s*:\s*|(?:v/v|ve viec)\s+|(?:de nghi\s+|phieu\s+|giay\s+|cong van\s+)*dang ky\s*|"
    r"(?:to chuc\s+)?(?:phien\s+|cuoc\s+)?(?:hop|hoi nghi) truc tuyen\s*|(?:dot xuat|khan cap)\s*|[-:–,]\s*)+"
)


def stated(text: str) -> tuple[str, str]:
    """Return the title that a text states, and the words around it; both are empty without a title."""
    plain = flat(text)
    match = _TITLE.search(plain) or _MEETING.search(plain)
    title = trimmed(text[match.start("what") : match.end("what")]) if match else ""
    return (title, text[match.start() : match.end()]) if match and title else ("", "")


def of_subject(subject: str) -> str:
    """Return the title in a letter's subject, after the usual opening words."""
    usual = _SUBJECT.match(flat(subject))
    return trimmed(subject[usual.end() :] if usual else subject)


def trimmed(text: str) -> str:
    """Return a title without blanks and signs around it."""
    return " ".join(text.split()).strip(" .,:;\"“”'-–")[:MAX_TITLE]
