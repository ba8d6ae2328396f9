"""Chapters of a recording out of marks that were set while it was made. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

MIN_CHAPTER_S = 1.0
"""Of marks closer together than this the later one counts: nobody wants to hear what was on for so short."""
TITLE_BYTES = 255
"""What Nero's chapter list has room for; its length is one byte."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A title from a time on, in seconds."""

    seconds: float
    title: str


def chapters(pieces: Iterable[tuple[float, Iterable[Chapter]]], end: float) -> tuple[Chapter, ...]:
    """Return the chapters of a file that lasts until `end`, made of pieces: where each begins, and its own marks.

    The first one begins at 0. A piece that goes on with what was on begins none. Marks in what was cut off are moved
    before the end.
    """
    placed = [
        (
            min(start + mark.seconds, max(start, end - MIN_CHAPTER_S)),
            mark.title,
            number > 0 and mark.seconds < MIN_CHAPTER_S,
        )
        for number, (start, marks) in enumerate(pieces)
        for mark in marks
    ]
    found: list[Chapter] = []
    for at, title, goes_on in sorted(placed, key=lambda each: each[0]):
        if found and at - found[-1].seconds < MIN_CHAPTER_S:
            found.pop()
        if not (goes_on and found and found[-1].title == title):
            found.append(Chapter(round(at, 3) if found else 0.0, title))
    return tuple(found)


def short(title: str) -> str:
    """Return what of a title a file has room for, cut between letters."""
    return title.encode()[:TITLE_BYTES].decode(errors="ignore")
