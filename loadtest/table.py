"""Writes the rows of `bench`, `turns`, `peers` and `province` as one kind of table in Markdown. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A figure of some work and what it should reach; `beside` is what it was measured beside.

    `reached` is None where nothing is to be reached.
    """

    work: str
    figure: str
    reach: str = "–"
    reached: bool | None = None
    beside: str = "–"


HEAD = "| work | figure | reach | reached | beside |\n| --- | --- | --- | --- | --- |"


def line(row: Row) -> str:
    """Return one line of the table below :data:`HEAD`."""
    reached = {True: "yes", False: "no", None: "–"}[row.reached]
    return f"| {row.work} | {row.figure} | {row.reach} | {reached} | {row.beside} |"


def table(rows: Iterable[Row]) -> str:
    """Return the whole table."""
    return "\n".join([HEAD, *map(line, rows)])
