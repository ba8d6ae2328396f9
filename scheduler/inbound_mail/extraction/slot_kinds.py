"""Decides what a stated time is for: the meeting, its rehearsal, a technical check, or only an end. Pure."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice, pairwise
from typing import Literal

from scheduler.inbound_mail.extraction import vn_datetimes
from scheduler.inbound_mail.extraction.sources import Source
from scheduler.inbound_mail.extraction.vn_datetimes import flat

MAX_ENDS = 2
"""The most ends that are read; two that differ already make a question."""
MAX_END = 100

Occasion = Literal["official", "rehearsal", "check", "end"]

_REHEARSAL = re.compile(r"\b(?:tong duyet|duyet thu|chay thu|hop thu)\b")
_CHECK = re.compile(r"\b(?:kiem tra|ket noi thu|thu ket noi|thu duong truyen|co mat|test)\b")
_END = re.compile(r"\W*(?:thoi gian\s+|gio\s+)?(?:du kien\s+)?(?:ket thuc|be mac)\b")
_ABOUT = re.compile(r"\W*(?:(?:thoi gian|gio|du kien|ket thuc|be mac|khoang|vao|luc|hoi|den)\b\s*)*")


def of(clause: str) -> Occasion:
    """Return what a clause is about; ``end`` if it states only when something is over."""
    plain = flat(clause)
    if _REHEARSAL.search(plain):
        return "rehearsal"
    if _CHECK.search(plain):
        return "check"
    return "end" if _END.match(plain) else "official"


def clauses(text: str, wanted: Occasion) -> Iterator[str]:
    """Yield the sentences that state a time of an occasion, also if the occasion is named after the time."""
    listed = [clause for clause in vn_datetimes.clauses(text) if clause.strip(" \n()")]
    for place, clause in enumerate(listed):
        occasion = of(clause)
        if not vn_datetimes.has_time(clause):
            continue
        after = listed[place + 1] if place + 1 < len(listed) else ""
        if occasion == "official" and of(after) == "rehearsal" and not vn_datetimes.has_time(after):
            occasion = "rehearsal"
        if occasion == wanted:
            yield clause


def labelled(source: Source, today: date) -> Iterator[str]:
    """Yield the values that a source labels as the time of the meeting, as one text."""
    days = " ".join(pair.value for pair in source.all("day"))
    start = " ".join(pair.value for pair in source.all("start"))
    ends = _ends(source, "official")
    if start:
        yield _until(f"{start} {'' if vn_datetimes.first_day(start, today) else days}", ends)
    for pair in source.all("official"):
        about_meeting = [clause for clause in vn_datetimes.clauses(pair.value) if of(clause) in {"official", "end"}]
        value = f"{' '.join(about_meeting)} {days if not vn_datetimes.first_day(pair.value, today) else ''}".strip()
        yield _until(value, ends) if vn_datetimes.has_time(value) else value


def stated(source: Source) -> Iterator[str]:
    """Yield the sentences of a source that state the time of the meeting, each with an end that stands elsewhere."""
    ends = _ends(source, "official")
    return (_until(clause, ends) for clause in clauses(source.text, "official"))


def rehearsals(source: Source) -> Iterator[str]:
    """Yield the values that a source labels as the time of the rehearsal."""
    ends = _ends(source, "rehearsal")
    for pair in source.all("rehearsal"):
        yield _until(pair.value, ends)


def _until(text: str, ends: Sequence[str]) -> str:
    """Add an end to a text with a start; there ``khoảng 16 giờ`` is a time of day, not a duration."""
    for end in ends[:MAX_ENDS]:
        about = _ABOUT.match(flat(end[:MAX_END]))
        text = f"{text} đến {end[about.end() if about else 0 : MAX_END]}"
    return text


def _ends(source: Source, wanted: Occasion) -> list[str]:
    """Return the stated ends of an occasion, from labels, else from sentences.

    A single end is that of the meeting (Điều 13.2.a). Of several, the ones right after a rehearsal belong to it.
    """
    timed = [pair for pair in source.pairs if pair.value and pair.field in {"rehearsal", "official", "start", "end"}]
    ends: list[tuple[str, str]] = []
    for before, pair in pairwise([None, *timed]):
        if pair is not None and pair.field == "end":
            whose = "rehearsal" if before is not None and before.field == "rehearsal" else "official"
            ends.append((whose, pair.value))
    if wanted == "official" and len(ends) < 2:
        return [value for _, value in ends] or list(islice(clauses(source.text, "end"), MAX_ENDS))
    return [value for whose, value in ends if whose == wanted] if len(ends) > 1 else []
