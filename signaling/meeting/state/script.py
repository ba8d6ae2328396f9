"""Runs the script of a meeting: the current item, what a step changes, how long each item took. Pure.

An item arranges the picture and moves the floor to its point (Điều 14.3.a). Every step remembers what it changed, so
that stepping back to the item before undoes it, whatever the host had arranged by hand before. The floor that a
step gave is taken back by the next one; floors given by hand are left alone, but for a break.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast

from mediaserver.api import LayoutKind
from scheduler.core.model import ScriptItem
from signaling.meeting.state import layout_validation
from signaling.meeting.state.layout_control import Shown
from signaling.meeting.state.snapshot import ScriptSnapshot, StepSnapshot
from signaling.messages.script import Agenda, ScriptedItem, ScriptState

MAX_UNDO = 200
"""Number of steps that can be undone; older ones are forgotten."""
SAVED_STEPS = 40
"""Number of steps that the next process can undo: all would be a megabyte, written with each change."""
PANE_KINDS = {"speech", "show"}
"""Kinds of items whose point gets the large pane."""
FLOOR_KINDS = {"speech", "discussion"}
"""Kinds of items whose point gets the floor."""


@dataclass(frozen=True, slots=True)
class Scene:
    """The values that a step may change: layouts, and the floor of each present seat; with the seats' points."""

    shown: Shown
    floors: Mapping[str, bool]
    points: Mapping[str, str]

    def seat(self, point: str) -> str | None:
        """Return the first seat of a point."""
        return next((seat for seat, place in self.points.items() if place == point), None)


@dataclass(slots=True)
class _Step:
    """A step that can be undone: the item, the layouts and the changed floors before it."""

    came: str | None
    shown: Shown
    floors: dict[str, bool] = field(default_factory=dict)

    @property
    def opened(self) -> list[str]:
        return [seat for seat, had in self.floors.items() if not had]


class Script:
    """The items of one meeting; `host` is the host point, which an item without a point belongs to."""

    def __init__(self, items: Sequence[ScriptItem], host: str) -> None:
        self._items = {item.id: item for item in items}
        self._host = host
        self._at: str | None = None
        self._since: datetime | None = None
        self._spent: dict[str, float] = {}
        self._trail: deque[_Step] = deque(maxlen=MAX_UNDO)

    def __contains__(self, item: str) -> bool:
        return item in self._items

    @property
    def item(self) -> ScriptItem | None:
        """The current item."""
        return None if self._at is None else self._items[self._at]

    @property
    def state(self) -> ScriptState:
        """The message to controllers."""
        return ScriptState(items=[self._wire(item) for item in self._items.values()], at=self._at, since=self._since)

    @property
    def agenda(self) -> Agenda:
        """The message to everyone."""
        item, items = self.item, list(self._items.values())
        following = items[0 if item is None else items.index(item) + 1 :]
        return Agenda(
            on=None if item is None else self._wire(item),
            since=self._since,
            next=following[0].title if following else None,
        )

    @property
    def snapshot(self) -> ScriptSnapshot:
        """The values to store."""
        steps = list(self._trail)[-SAVED_STEPS:]
        trail = [StepSnapshot(step.came, step.shown.layout, step.shown.after, dict(step.floors)) for step in steps]
        return ScriptSnapshot(self._at, self._since, dict(self._spent), tuple(trail))

    def recover(self, record: ScriptSnapshot, now: datetime) -> None:
        """Take the values of another process; the items may have been changed meanwhile."""
        self._at, self._since, self._spent = record.at, record.since, dict(record.spent)
        steps = [_Step(step.came, Shown(step.layout, step.after), dict(step.floors)) for step in record.trail]
        self._trail = deque(steps, MAX_UNDO)
        self.change(list(self._items.values()), now)

    def change(self, items: Sequence[ScriptItem], now: datetime) -> None:
        """Take changed items; the current item stays, if it is still there."""
        self._items = {item.id: item for item in items}
        if self._at not in self._items:
            self._go(None, now)
        steps = [step for step in self._trail if step.came is None or step.came in self._items]
        self._trail = deque(steps, MAX_UNDO)

    def move(self, old: str, new: str | None) -> None:
        """Replace the id `old` by `new` in the panes of all steps that can be undone."""
        for step in self._trail:
            step.shown = step.shown.change(lambda layout: layout_validation.with_pin_moved(layout, old, new))

    def step(self, to: str | None, scene: Scene, now: datetime) -> Scene:
        """Step to an item, or before the first one; return the scene it makes. Going back undoes the last step."""
        if self._trail and self._trail[-1].came == to != self._at:
            undone = self._trail.pop()
            self._go(to, now)
            return replace(scene, shown=undone.shown, floors={**scene.floors, **undone.floors})
        result = self._scene_of(None if to is None else self._items[to], scene)
        if to != self._at:
            self._trail.append(_Step(self._at, scene.shown))
            self._go(to, now)
        self._remember(scene, result)
        return result

    def enter(self, seat: str, scene: Scene) -> Scene:
        """Return the scene with the rights of the current item for a new seat; a focus set by hand stays."""
        item = self.item
        if item is None or scene.points.get(seat) != (item.point or self._host):
            return scene
        shown = scene.shown
        if item.kind in PANE_KINDS and shown.layout.focus is None:
            shown = shown.change(lambda layout: replace(layout, focus=seat))
        result = replace(
            scene, shown=shown, floors={**scene.floors, seat: item.kind in FLOOR_KINDS or scene.floors[seat]}
        )
        self._remember(scene, result)
        return result

    def _wire(self, item: ScriptItem) -> ScriptedItem:
        return ScriptedItem(
            id=item.id,
            title=item.title,
            point=item.point,
            layout=item.layout,
            minutes=item.minutes,
            kind=item.kind,
            spent=int(self._spent.get(item.id, 0)),
        )

    def _scene_of(self, item: ScriptItem | None, scene: Scene) -> Scene:
        floors = {**scene.floors, **dict.fromkeys(self._opened(scene), False)}
        if item is None:
            return replace(scene, floors=floors)
        if item.kind == "break":
            floors |= {seat: False for seat, point in scene.points.items() if point != self._host}
        seat = scene.seat(item.point or self._host)
        if seat is not None and item.kind in FLOOR_KINDS:
            floors[seat] = True
        focus = seat if item.kind in PANE_KINDS else None
        shown = scene.shown.change(lambda layout: replace(layout, focus=focus, page=0))
        if item.layout is not None:
            kind = cast("LayoutKind", item.layout)  # checked where it came in
            shown = Shown(replace(shown.layout, kind=kind, seats=()))
        return replace(scene, shown=shown, floors=floors)

    def _opened(self, scene: Scene) -> list[str]:
        """Return the present seats that got the floor by the step before."""
        return [seat for seat in self._trail[-1].opened if seat in scene.floors] if self._trail else []

    def _remember(self, before: Scene, after: Scene) -> None:
        if self._trail:
            floors = self._trail[-1].floors
            for seat, had in before.floors.items():
                if after.floors[seat] != had:
                    floors.setdefault(seat, had)

    def _go(self, to: str | None, now: datetime) -> None:
        if self._at is not None and self._since is not None:
            spent = (now - self._since).total_seconds()
            self._spent[self._at] = self._spent.get(self._at, 0.0) + max(0.0, spent)
        self._at, self._since = to, None if to is None else now
