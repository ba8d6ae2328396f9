"""Rules of security controls: checklists, the state of each item, when it is due again (R-036, I-13, A9). Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from scheduler.core import text
from scheduler.core.errors import FieldError

MAX_REMARK = 1000
ControlState = Literal["met", "partly", "unmet", "not_applicable"]


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One control of a checklist; `proof` are tests of the product that show it."""

    id: str
    group: str
    text: str
    proof: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checklist:
    """A list of controls `of` the system as a whole or of each point.

    The state of an item holds for `months`; then it is due again.
    """

    id: str
    name: str
    basis: str
    of: Literal["system", "point"]
    months: int
    items: tuple[ChecklistItem, ...]


@dataclass(frozen=True, slots=True)
class Control:
    """The state of one item, who set it and when, and until when that holds.

    `subject` is a point, or empty for the system; `unit` is the unit it belongs to.
    """

    id: str
    checklist: str
    subject: str
    item: str
    unit: str
    state: ControlState
    remark: str
    by: str
    at: datetime
    due: date


@dataclass(frozen=True, slots=True)
class ChecklistRow:
    """An item of a checklist with its control (None: not assessed yet) and the number of evidence files."""

    item: ChecklistItem
    control: Control | None
    files: int

    @property
    def shown(self) -> bool:
        """Return whether there is evidence: a file or a test of the product."""
        return bool(self.files or self.item.proof)

    def overdue(self, day: date) -> bool:
        """Return whether the item is to be assessed again."""
        return self.control is None or self.control.due < day

    @property
    def open(self) -> bool:
        """Return whether something is still to be done."""
        return self.control is None or self.control.state in {"partly", "unmet"}


def rows(checklist: Checklist, controls: Iterable[Control], files: Mapping[str, int]) -> tuple[ChecklistRow, ...]:
    """Return the items of a checklist for one subject, those without evidence first, else in their order.

    `files` counts evidence files by the id of the control.
    """
    known = {control.item: control for control in controls if control.checklist == checklist.id}
    rows_ = [
        ChecklistRow(item, known.get(item.id), files.get(known[item.id].id, 0) if item.id in known else 0)
        for item in checklist.items
    ]
    return tuple(sorted(rows_, key=lambda row: row.shown))


def faults(checklist: Checklist, item: str, state: ControlState, remark: str) -> list[FieldError]:
    """Return what is wrong with the state of an item: any but ``met`` needs a remark."""
    if item not in {each.id for each in checklist.items}:
        return [FieldError("item", "unknown-item", item[:64])]
    return text.validate("remark", remark, MAX_REMARK) if remark or state != "met" else []
