"""What the directory talks about: rooms, exceptions, assessments, lines, and where a point has been."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from scheduler.directory.policy import LineType
from scheduler.errors import FieldError
from scheduler.model import Point, PointState

Move = Literal["submit", "pass", "fail", "activate", "suspend", "resume", "reassess", "withdraw"]
ExceptionKind = Literal["points", "internet"]
"""More points than the quota (Điều 8, last paragraph); an Internet line where the profile allows none (R-027)."""


@dataclass(frozen=True, slots=True)
class Room:
    """A point's room: where, how many seats, which unit runs it (Điều 3.9), who answers for its devices (Điều 7.3)."""

    address: str = ""
    seats: int | None = None
    managing_unit: str | None = None
    security_owner: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """What a document allows a unit beyond the rule, from its date on through `valid_to` (None: without end)."""

    id: str
    unit: str
    kind: ExceptionKind
    extra: int
    number: str
    dated: date
    valid_to: date | None
    by: str

    def holds(self, day: date) -> bool:
        """Tell whether it holds on a day."""
        return self.dated <= day and not self.over(day)

    def over(self, day: date) -> bool:
        """Tell whether it has ended before a day."""
        return self.valid_to is not None and self.valid_to < day


@dataclass(frozen=True, slots=True)
class Moved:
    """One move of a point; `by` is an account, empty for what fell due by itself."""

    at: datetime
    point: str
    move: Move
    state: PointState
    by: str
    reason: str
    profile: str


@dataclass(frozen=True, slots=True)
class Alias:
    """A name a point had until an instant."""

    name: str
    point: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Entry:
    """A point as the tree shows it."""

    point: Point
    aliases: tuple[str, ...]


Result = Literal["passed", "conditional", "failed"]
"""Đạt, đạt có điều kiện, không đạt."""


@dataclass(frozen=True, slots=True)
class Item:
    """The answer to one item of the form; what is not met may have a day until which it is mended."""

    id: str
    met: bool
    note: str = ""
    remedy_by: date | None = None


@dataclass(frozen=True, slots=True)
class Form:
    """A filled-in assessment form; `reference` tells where its evidence lies."""

    items: tuple[Item, ...]
    reference: str
    assessor: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A form with its result; it holds until `expires` (None: it never did)."""

    point: str
    at: datetime
    assessor: str
    result: Result
    items: tuple[Item, ...]
    reference: str
    expires: datetime | None
    profile: str


@dataclass(frozen=True, slots=True)
class Line:
    """A connection of a point (Điều 6.3). Rates are kbit/s, `ranges` the networks its devices have addresses of."""

    id: str
    point: str
    type: LineType
    provider: str | None
    subscribed_kbps: int
    dedicated: bool
    ranges: tuple[str, ...]
    up_kbps: int | None = None
    down_kbps: int | None = None
    measured: datetime | None = None


@dataclass(frozen=True, slots=True)
class Provider:
    """A telecom enterprise and whom of it to call (Điều 7.4, 13.2.b)."""

    id: str
    name: str
    contact: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class Card:
    """All that is known of a point; `lacks` are what keeps it from being active, `moves` what may be asked for."""

    point: Point
    aliases: tuple[Alias, ...]
    room: Room
    lines: tuple[Line, ...]
    assessments: tuple[Assessment, ...]
    history: tuple[Moved, ...]
    lacks: tuple[FieldError, ...]
    moves: tuple[Move, ...]
