"""Where a letter may say something: each attached form, then the letter itself. Pure."""

from dataclasses import dataclass, field
from itertools import islice

from scheduler.inbound_mail.extraction import labelled_fields
from scheduler.inbound_mail.extraction.labelled_fields import Pair
from scheduler.inbound_mail.message import Attachment, OfficialLetter

MAX_READ = 20_000
"""Letters of a body that are looked at; a registration says what it wants before that."""
MAX_PAIRS = 100
"""Labelled values of a form; ours has eleven."""


@dataclass(slots=True)
class Source:
    """One part of a letter: labelled values, and the text around them."""

    where: str
    pairs: list[Pair] = field(default_factory=list)
    text: str = ""

    def all(self, *fields: str) -> list[Pair]:
        """Return what is labelled as one of some fields."""
        return [pair for pair in self.pairs if pair.field in fields and pair.value]


def form(attached: Attachment) -> Source | None:
    """Read an attachment; None when nothing can be read there."""
    pairs = list(islice(labelled_fields.of_rows(attached.rows or []), MAX_PAIRS))
    return Source(attached.name, pairs) if pairs else None


def body(letter: OfficialLetter) -> Source:
    """Read the letter itself, without what it quotes."""
    lines = [_line(line) for line in _unwrapped(letter.body[:MAX_READ]) if not line.startswith(">")]
    source = Source("letter")
    rest = []
    for each in labelled_fields.of_lines(lines):
        if isinstance(each, Pair):
            source.pairs.append(each)
        else:
            rest.append(each)
    source.text = "\n".join(rest)
    return source


def _line(line: str) -> str:
    return line.replace("\u00a0", " ").strip(" ")


def _unwrapped(text: str) -> list[str]:
    """Join lines that a mail program broke: a long one that no sentence ends, and one that goes on in lower case."""
    lines: list[str] = []
    for line in text.splitlines():
        before = lines[-1] if lines else ""
        goes_on = (line[:1].islower() or line[:1].isdigit()) and not labelled_fields.begins(line)
        if len(before) >= 55 and before[-1] not in ".:;" and goes_on:
            lines[-1] = f"{before} {line}"
        else:
            lines.append(line)
    return lines
