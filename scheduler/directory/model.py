"""What the directory talks about: rooms, exceptions, assessments, lines, and where a point has been."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from scheduler.core.errors import FieldError
from scheduler.core.model import Point, PointState
from scheduler.policy.directory_rules import LineType

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
class PointMove:
    """One move of a point; `by` is an account, empty for what fell due by itself."""

    at: datetime
    point: str
    move: Move
    state: PointState
    by: str
    reason: str
    profile: str


@dataclass(frozen=True, slots=True)
class PointAlias:
    """A name a point had until an instant."""

    name: str
    point: str
    until: datetime


AssessmentResult = Literal["passed", "conditional", "failed"]
"""Đạt, đạt có điều kiện, không đạt."""


@dataclass(frozen=True, slots=True)
class AssessmentItem:
    """The answer to one item of the form; what is not met may have a day until which it is mended."""

    id: str
    met: bool
    note: str = ""
    remedy_by: date | None = None


@dataclass(frozen=True, slots=True)
class AssessmentForm:
    """A filled-in assessment form; `reference` tells where its evidence lies."""

    items: tuple[AssessmentItem, ...]
    reference: str
    assessor: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A form with its result; it holds until `expires` (None: it never did)."""

    point: str
    at: datetime
    assessor: str
    result: AssessmentResult
    items: tuple[AssessmentItem, ...]
    reference: str
    expires: datetime | None
    profile: str
    id: int = field(default=0, compare=False)
    """0 until it is kept."""


@dataclass(frozen=True, slots=True)
class AccessLine:
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
class PointCard:
    """All that is known of a point; `lacks` are what keeps it from being active, `moves` what may be asked for."""

    point: Point
    aliases: tuple[PointAlias, ...]
    room: Room
    lines: tuple[AccessLine, ...]
    assessments: tuple[Assessment, ...]
    history: tuple[PointMove, ...]
    lacks: tuple[FieldError, ...]
    moves: tuple[Move, ...]


DeviceKind = Literal["VCS", "PC", "TABLET", "PHONE", "LINK", "SIMULATED"]
"""``LINK``: another conference system, as those of the Government and the ministries (Điều 5.4)."""
DeviceProtocol = Literal["", "WEBRTC", "SIP", "H323"]
SipTransport = Literal["", "UDP", "TCP"]
"""By which SIP goes (RFC 3261 §18); empty is as large as a request is (§18.1.1)."""
DeviceField = Literal["address", "user_agent", "firmware", "codecs", "name", "line"]
"""What of a device may change: its address, what it calls itself to servers, its firmware, its codecs, the name it
shows; or the line it comes over."""


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal (Điều 3.5) in a room. `kind` is empty while nothing is known of it; `number` tells it apart (R-033).

    `user_agent` is what it called itself, and `codecs` the set it announced, when they were last approved; asset fields
    are for the inventory (Điều 5.6).
    """

    id: str
    point: str
    number: int
    kind: DeviceKind | Literal[""] = ""
    model: str = ""
    serial: str = ""
    address: str | None = None
    protocol: DeviceProtocol = ""
    firmware: str = ""
    patched: date | None = None
    dial_out: bool = False
    security_owner: str = ""
    asset_number: str = ""
    asset_year: int | None = None
    asset_source: str = ""
    user_agent: str = ""
    codecs: str = ""
    """In the form of :func:`scheduler.directory.equipment.codec_sets.write`."""
    port: int | None = None
    """Where it takes calls; None is 5060."""
    transport: SipTransport = ""


@dataclass(frozen=True, slots=True)
class ObservedDevice:
    """What a device showed of itself when it came; what is not known is empty.

    Who calls offers all codecs it has; who is called answers some of those it was offered (RFC 3264 §6.1).
    """

    address: str = ""
    user_agent: str = ""
    name: str = ""
    offered: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A change that a unit asks for (``request``) or that was seen (``drift``), until an operator decides (R-055)."""

    id: int
    point: str
    device: str | None
    kind: Literal["request", "drift"]
    field: DeviceField
    old: str
    new: str
    reason: str
    state: Literal["open", "accepted", "rejected"]
    at: datetime
    by: str
    decided: datetime | None
    decided_by: str


PersonRole = Literal["manager", "technician", "head"]
"""Who manages a room (Điều 3.9), who runs it and the session at it (Điều 3.11), the head of the unit (Điều 21.1)."""


@dataclass(frozen=True, slots=True)
class Person:
    """Who runs rooms of a unit, from a first day through a last one (R-111, R-120); `account` is their own."""

    id: str
    unit: str
    point: str | None
    role: PersonRole
    name: str
    phone: str
    email: str
    trained: date | None
    valid_from: date
    valid_to: date | None
    source: str
    replaces: str | None
    account: str | None
    updated: datetime

    def serves(self, day: date) -> bool:
        """Tell whether the person is in charge on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def untrained(self) -> bool:
        """Whether no day of training is entered; a head needs none."""
        return self.trained is None and self.role != "head"
