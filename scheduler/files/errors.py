"""Errors of spreadsheets."""

from dataclasses import dataclass

from scheduler.core.errors import SchedulerError


@dataclass(frozen=True, slots=True)
class RowError:
    """One error in a table: its row, from 1, its column, and a stable word with the value it is about."""

    row_number: int
    column: str
    word: str
    value: str = ""


class BadSheet(SchedulerError):
    """A table that was refused as a whole; nothing was imported."""

    def __init__(self, faults: list[RowError]) -> None:
        super().__init__(faults)
        self.faults = faults
