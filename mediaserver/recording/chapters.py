"""Computes the chapters of a recording from the marks that were set while it was made. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

MIN_CHAPTER_S = 1.0
"""Seconds that a chapter lasts at least. Of two marks closer together the later one counts."""
TITLE_BYTES = 255
"""The longest title in a chapter list of Nero, whose length field is one byte."""


@dataclass(frozen=True, slots=True)
class Chapter:
    """A chapter: its title and its start in seconds."""

    seconds: float
    title: str


def chapters(pieces: Iterable[tuple[float, Iterable[Chapter]]], end: float) -> tuple[Chapter, ...]:
    """Return the chapters of a file of `end` seconds, made of `pieces`: each with its start and its own marks.

    The first chapter begins at 0. A piece that continues the chapter before begins none. Marks beyond a piece that was
    cut off are moved before the end.
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
    """Return as much of a title as a file has room for, cut between letters."""
    return title.encode()[:TITLE_BYTES].decode(errors="ignore")
