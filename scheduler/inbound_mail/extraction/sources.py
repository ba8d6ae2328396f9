"""Splits a letter into sources: each attached form, then the body, as labelled values and plain text. Pure."""

from dataclasses import dataclass, field
from itertools import islice

from scheduler.inbound_mail.extraction import labelled_fields
from scheduler.inbound_mail.extraction.labelled_fields import Pair
from scheduler.inbound_mail.message import Attachment, OfficialLetter

MAX_READ = 20_000
"""The most characters of a body that are read; a registration states its request earlier."""
MAX_PAIRS = 100
"""The most labelled values of a form; the form of this product has eleven."""


@dataclass(slots=True)
class Source:
    """One part of a letter: labelled values, and the text around them."""

    where: str
    pairs: list[Pair] = field(default_factory=list)
    text: str = ""

    def all(self, *fields: str) -> list[Pair]:
        """Return the values that are labelled as one of some fields."""
        return [pair for pair in self.pairs if pair.field in fields and pair.value]


def form(attached: Attachment) -> Source | None:
    """Return the source of an attachment; None if it is not readable."""
    pairs = list(islice(labelled_fields.of_rows(attached.rows or []), MAX_PAIRS))
    return Source(attached.name, pairs) if pairs else None


def body(letter: OfficialLetter) -> Source:
    """Return the source of the letter's body, without quoted text."""
    text_lines = [
        _without_nbsp(text_line) for text_line in _unwrapped(letter.body[:MAX_READ]) if not text_line.startswith(">")
    ]
    source = Source("letter")
    rest = []
    for each in labelled_fields.of_text_lines(text_lines):
        if isinstance(each, Pair):
            source.pairs.append(each)
        else:
            rest.append(each)
    source.text = "\n".join(rest)
    return source


def _without_nbsp(text_line: str) -> str:
    return text_line.replace("\u00a0", " ").strip(" ")


def _unwrapped(text: str) -> list[str]:
    """Join lines that a mail program broke: long ones without the end of a sentence, before a lower-case line."""
    text_lines: list[str] = []
    for text_line in text.splitlines():
        before = text_lines[-1] if text_lines else ""
        goes_on = (text_line[:1].islower() or text_line[:1].isdigit()) and not labelled_fields.begins(text_line)
        if len(before) >= 55 and before[-1] not in ".:;" and goes_on:
            text_lines[-1] = f"{before} {text_line}"
        else:
            text_lines.append(text_line)
    return text_lines
