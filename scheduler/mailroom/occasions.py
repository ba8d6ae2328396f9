"""Which time is meant: that of the meeting itself, of its rehearsal, or of a technical check. Pure."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Literal

from scheduler.mailroom import moments
from scheduler.mailroom.moments import flat
from scheduler.mailroom.sources import Source

Occasion = Literal["official", "rehearsal", "check"]

_REHEARSAL = re.compile(r"\b(?:tong duyet|duyet thu|chay thu|hop thu)\b")
_CHECK = re.compile(r"\b(?:kiem tra|ket noi thu|thu ket noi|thu duong truyen|co mat|test)\b")


def of(clause: str) -> Occasion:
    """Tell what a clause is about."""
    plain = flat(clause)
    if _REHEARSAL.search(plain):
        return "rehearsal"
    return "check" if _CHECK.search(plain) else "official"


def clauses(text: str, wanted: Occasion) -> Iterator[str]:
    """Yield the sentences that name a time of an occasion: what was only said behind it counts, too."""
    listed = [clause for clause in moments.clauses(text) if clause.strip(" \n()")]
    for place, clause in enumerate(listed):
        said = of(clause)
        if not moments.has_time(clause):
            continue
        after = listed[place + 1] if place + 1 < len(listed) else ""
        if said == "official" and of(after) == "rehearsal" and not moments.has_time(after):
            said = "rehearsal"
        if said == wanted:
            yield clause


def labelled(source: Source, today: date) -> Iterator[str]:
    """Yield what a source labels as the time of the meeting, as one text."""
    days = " ".join(pair.value for pair in source.all("day"))
    start, end = (" ".join(pair.value for pair in source.all(name)) for name in ("start", "end"))
    if start:
        yield f"{start} {'' if moments.first_day(start, today) else days} đến {end}"
    for pair in source.all("official"):
        kept = [clause for clause in moments.clauses(pair.value) if of(clause) == "official"]
        yield f"{' '.join(kept)} {days if not moments.first_day(pair.value, today) else ''}".strip()
