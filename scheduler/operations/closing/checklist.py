"""The ordered checklist after a session: end it, switch off the terminals, then cut the power (Điều 15.1). Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from scheduler.operations.closing.errors import ClosingOrder, UnknownItem
from scheduler.policy.policy import ClosingPolicy

CENTRE = ""
"""The place whose list closes the session; every other place is a point."""


@dataclass(frozen=True, slots=True)
class Tick:
    """One item that was done at a place, by an account."""

    place: str
    item: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PlaceChecklist:
    """The list of one place: its items in order with their names, and those done."""

    place: str
    items: tuple[tuple[str, str], ...]
    ticks: tuple[Tick, ...]

    @property
    def complete(self) -> bool:
        """Whether everything is done."""
        return len(self.ticks) == len(self.items)

    @property
    def next(self) -> str | None:
        """What is to be done now; None when all is done."""
        return None if self.complete else self.items[len(self.ticks)][0]


@dataclass(frozen=True, slots=True)
class ClosingChecklist:
    """All lists of a session, the centre's first, and the kind it is reported under (R-017)."""

    kind: str | None
    lists: tuple[PlaceChecklist, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The places that are not done."""
        return tuple(each.place for each in self.lists if not each.complete)

    @property
    def complete(self) -> bool:
        """Whether the session is closed: the centre's list is done, and it is known what kind of meeting it was."""
        return self.kind is not None and self.lists[0].complete

    def of(self, place: str) -> PlaceChecklist | None:
        """Return the list of a place."""
        return next((each for each in self.lists if each.place == place), None)


def closing_checklist(
    policy: ClosingPolicy, points: Sequence[str], ticks: Collection[Tick], kind: str | None
) -> ClosingChecklist:
    """Return the sheet of a session with these points."""
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
    """Refuse what is not the next item, or, to take it back, not the last one. Raises UnknownItem, ClosingOrder."""
    if item not in {known for known, _ in ticked.items}:
        raise UnknownItem(item)
    turn = ticked.next if done else ticked.ticks[-1].item if ticked.ticks else None
    if item != turn:
        raise ClosingOrder(dict(ticked.items).get(turn or "", ""))
