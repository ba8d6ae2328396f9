"""The ordered checklist after a session: end it, switch off the devices, then cut the power (Điều 15.1). Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.operations.closing.errors import ClosingOrder, UnknownItem
from scheduler.policy.policy import ClosingPolicy

CENTRE = ""
"""The place whose checklist closes the session; every other place is a point."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One checklist item that was done at a place, by an account."""

    place: str
    item: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlaceChecklist:
    """The checklist of one place: its items in order with their names, and the ticks."""

    place: str
    items: tuple[tuple[str, str], ...]
    ticks: tuple[Tick, ...]

    @property
    def complete(self) -> bool:
        """Return whether every item is done."""
        return len(self.ticks) == len(self.items)

    @property
    def next(self) -> str | None:
        """The id of the item that comes next; None when all are done."""
        return None if self.complete else self.items[len(self.ticks)][0]


@dataclass(frozen=True, slots=True)
class ClosingChecklist:
    """The checklists of all places of a session, the centre's first, and the kind of meeting for reports (R-017)."""

    kind: str | None
    lists: tuple[PlaceChecklist, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The places whose checklist is not complete."""
        return tuple(each.place for each in self.lists if not each.complete)

    @property
    def complete(self) -> bool:
        """Return whether the session is closed: the centre's checklist is complete and the kind of meeting is known."""
        return self.kind is not None and self.lists[0].complete

    def of(self, place: str) -> PlaceChecklist | None:
        """Return the checklist of a place."""
        return next((each for each in self.lists if each.place == place), None)


def closing_checklist(
    policy: ClosingPolicy, points: Sequence[str], ticks: Collection[Tick], kind: str | None
) -> ClosingChecklist:
    """Return the closing checklist of a session with these points."""
    done: dict[str, list[Tick]] = {place: [] for place in (CENTRE, *points)}
    for tick in ticks:
        if tick.place in done:
            done[tick.place].append(tick)
    lists = []
    for place, own in done.items():
        items = policy.centre if place == CENTRE else policy.point
        order = {item.id: number for number, item in enumerate(items)}
        known = sorted((tick for tick in own if tick.item in order), key=lambda tick: order[tick.item])
        lists.append(PlaceChecklist(place, tuple((item.id, item.name) for item in items), tuple(known)))
    return ClosingChecklist(kind, tuple(lists))


def check(ticked: PlaceChecklist, item: str, done: bool) -> None:
    """Refuse to tick an item that is not next, or to untick one that is not last. Raises UnknownItem, ClosingOrder."""
    if item not in {known for known, _ in ticked.items}:
        raise UnknownItem(item)
    turn = ticked.next if done else ticked.ticks[-1].item if ticked.ticks else None
    if item != turn:
        raise ClosingOrder(dict(ticked.items).get(turn or "", ""))
