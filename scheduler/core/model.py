"""What the scheduler talks about: units, points, requests and sessions.

All times are aware datetimes in UTC with whole seconds. Every interval is half-open: a session that ends at 09:30 and
one that starts at 09:30 do not overlap. A *leg* is one connected device; Điều 12.4.a limits their sum (reading A7).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal

SlotKind = Literal["tong_duyet", "chinh_thuc"]
"""Rehearsal (tổng duyệt) and official meeting (chính thức), Điều 13.2.a."""
REHEARSAL: Final = "tong_duyet"
OFFICIAL: Final = "chinh_thuc"


class State(StrEnum):
    """Where a registration stands: chờ, đã cấp mã, thu hồi, hủy."""

    WAITING = "waiting"
    ISSUED = "issued"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


class DraftState(StrEnum):
    """Where a draft stands: it waits for its unit, or was submitted or discarded."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


Channel = Literal["form", "mail"]
"""How a registration came: by the page, or as a letter to the operating unit's mailbox (Điều 13.2.a)."""


class PointState(StrEnum):
    """Where a point stands: nháp, chờ đánh giá, đạt, hoạt động, tạm dừng, thu hồi (R-046)."""

    DRAFT = "draft"
    AWAITING = "awaiting"
    PASSED = "passed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


ClassId = Literal["thuong", "dot_xuat", "khan_cap"]
"""Ordinary, sudden, emergency (Điều 12.3, 13.2.a; reading A16)."""
ORDINARY: Final = "thuong"
SUDDEN: Final = "dot_xuat"
EMERGENCY: Final = "khan_cap"

RefusalWord = Literal["secret", "late", "capacity"]
"""Why a registration was refused: Điều 5.2, 13.2.a, 12.4.a."""

ItemKind = Literal["speech", "show", "discussion", "break"]
"""What an item of a script does with its point: it is shown large and may speak; it is only shown large; it may speak
while the picture follows whoever does; nobody but the host may speak."""

Phase = Literal["waiting", "revoked", "upcoming", "lobby", "open", "ended", "cancelled"]

HappeningKind = Literal[
    "waiting", "issued", "reinstated", "revoked", "amended", "extended", "cancelled", "opened", "released"
]

Limit = Literal["sessions", "points"]
"""The two limits of Điều 12.4.a: sessions at the same time, and legs at the same time."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A half-open time interval [start, end)."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Amount:
    """A pair of the two limited quantities: a load, a maximum or what of it is usable."""

    sessions: int
    points: int


@dataclass(frozen=True, slots=True)
class LoadStep:
    """The constant load over one interval."""

    start: datetime
    end: datetime
    sessions: int
    points: int


@dataclass(frozen=True, slots=True)
class Limits:
    """The rated maximum at one instant and the share of it that may be given away (R-062, R-063)."""

    maximum: Amount
    usable: Amount


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency (đơn vị). `abbr` is its entry in the abbreviation register, which names its communes (R-032).

    It is one from the first of its days through the last, in the province's time zone; None: without bound. After its
    last day `successor` is the unit it became part of, if that is known (R-002).
    """

    id: str
    name: str
    level: str
    parent: str | None
    abbr: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    successor: str | None = None

    def valid(self, day: date) -> bool:
        """Tell whether the unit is one on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Point:
    """A meeting room (điểm cầu) of a unit: its regulation name, its Vietnamese label, its number of devices (1–99).

    `numbers` are what its devices are told apart by (R-033); none given: from 1 on. Only an active one meets (R-046).
    One that was in operation already was `taken_over`: it is active, and its first assessment is due.
    """

    id: str
    name: str
    label: str
    unit: str
    level: str
    devices: int
    numbers: tuple[int, ...] = ()
    state: PointState = PointState.ACTIVE
    taken_over: datetime | None = None


@dataclass(frozen=True, slots=True)
class Slot:
    """Capacity held over one interval."""

    kind: SlotKind
    start: datetime
    end: datetime
    legs: int


@dataclass(frozen=True, slots=True)
class ScriptItem:
    """One item of a script (kịch bản): its point speaks (None: the host leads), `minutes` are planned.

    `layout` is the name of a layout, which means nothing here; None leaves the picture as it is arranged.
    """

    id: str
    title: str
    point: str | None
    layout: str | None
    minutes: int
    kind: ItemKind


@dataclass(frozen=True, slots=True)
class Act:
    """Who changes something, as an opaque account id, and why (I-01). Nobody: the system, as the rules say."""

    by: str = ""
    reason: str = ""


SYSTEM = Act()


@dataclass(frozen=True, slots=True)
class Request:
    """What a host unit asks for (Điều 13.2.a). `submitted_by` is an opaque account id of the caller.

    `voices` is the wish to keep the sound of each point too, when the session is recorded. `purpose`, `kind`, `form`,
    `ground` and `support` are codes of the profile; `ground` and `reason` say why it is not of the ordinary class.
    `secret` declares whether state secrets will be spoken of (Điều 5.2); None: nothing was declared. `people` is how
    many are expected at all points together, `people_at` at those points for which that was said (Điều 13.1).
    """

    host_point: str
    points: tuple[str, ...]
    rehearsal: Interval | None
    official: Interval
    title: str
    contact_name: str
    contact_phone: str
    recording: bool
    submitted_by: str
    script: tuple[ScriptItem, ...] = ()
    voices: bool = False
    klass: ClassId = ORDINARY
    purpose: str = ""
    kind: str = ""
    form: str = ""
    secret: bool | None = None
    ground: str = ""
    reason: str = ""
    support: tuple[str, ...] = ()
    support_note: str = ""
    people: int | None = None
    people_at: Mapping[str, int] = field(default_factory=dict)
    second_name: str = ""
    second_phone: str = ""

    @property
    def everyone(self) -> tuple[str, ...]:
        """Every point it is for, the host's first."""
        return (self.host_point, *self.points)


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration that is none yet: it lies in the inbox of `unit`, which submits or discards it (reading A11).

    `content` are the fields of a registration as they came, from the unit `origin` (None: not known), by the account or
    mailbox `source`. `by` settled it: as `session`, or for a `reason`.
    """

    id: str
    number: str
    unit: str
    origin: str | None
    channel: Channel
    source: str
    thread: str
    content: Mapping[str, object]
    arrived: datetime
    state: DraftState
    reason: str = ""
    by: str = ""
    settled: datetime | None = None
    session: str | None = None

    @property
    def came_as_registration(self) -> bool:
        """Whether it was received when it arrived: a letter of the very unit that registers (R-071), and not a wish."""
        return self.channel == "mail" and self.origin == self.unit


@dataclass(frozen=True, slots=True)
class Session:
    """A meeting on paper. `seq` is its place in the registration order (R-064); only an issued one has a `code`.

    Deadlines are kept as they were counted for it (Điều 13.2): when it was `received` and `effective`, by when it is to
    be answered (`reply_due`) and checked (`check_due`); `provisional` if the calendar was not confirmed yet.
    """

    id: str
    number: str
    seq: int
    title: str
    host_point: str
    points: tuple[str, ...]
    slots: tuple[Slot, ...]
    contact_name: str
    contact_phone: str
    recording: bool
    legs: int
    state: State
    code: str | None
    created: datetime
    profile: str
    submitted_by: str
    received: datetime
    effective: datetime
    reply_due: datetime
    check_due: datetime
    provisional: bool
    voices: bool = False
    klass: ClassId = ORDINARY
    purpose: str = ""
    kind: str = ""
    form: str = ""
    ground: str = ""
    reason: str = ""
    support: tuple[str, ...] = ()
    support_note: str = ""
    people: int | None = None
    people_at: Mapping[str, int] = field(default_factory=dict)
    second_name: str = ""
    second_phone: str = ""

    @property
    def everyone(self) -> tuple[str, ...]:
        """Every point it is for, the host's first."""
        return (self.host_point, *self.points)

    @property
    def official(self) -> Interval:
        """The official meeting time."""
        return next(Interval(s.start, s.end) for s in self.slots if s.kind == OFFICIAL)

    @property
    def rehearsal(self) -> Interval | None:
        """The rehearsal time, if any."""
        return next((Interval(s.start, s.end) for s in self.slots if s.kind == REHEARSAL), None)


@dataclass(frozen=True, slots=True)
class Gathering:
    """What rights are judged by of a session: every point it is for, and its official time."""

    everyone: tuple[str, ...]
    official: Interval


PARTICULARS = (
    "host_point", "points", "title", "contact_name", "contact_phone", "second_name", "second_phone", "recording",
    "voices", "purpose", "kind", "form", "ground", "reason", "support", "support_note", "people", "people_at",
)  # fmt: skip


def particulars_of(asked: Request | Session) -> dict[str, Any]:
    """Return what a session keeps of its request as it was given, and may be asked to be otherwise."""
    return {name: getattr(asked, name) for name in PARTICULARS}


@dataclass(frozen=True, slots=True)
class Entry:
    """One slot of a session in the calendar: `host` is the label of the host point, `phase` that of the slot."""

    session: str
    number: str
    title: str
    host: str
    level: str
    slot: Slot
    phase: Phase


@dataclass(frozen=True, slots=True)
class Claim:
    """What admission knows of a session: its place in the order, its rank, its slots, its class.

    Nobody takes the code of a `live` session, and only an emergency that of a session `near` its start (A25).
    """

    id: str
    seq: int
    rank: int
    slots: tuple[Slot, ...]
    klass: ClassId = ORDINARY
    near: bool = False
    live: bool = False

    @property
    def urgent(self) -> bool:
        """Whether it is an emergency."""
        return self.klass == EMERGENCY


@dataclass(frozen=True, slots=True)
class Admit:
    """The request may be issued, once these claims (latest registered first) have lost their code.

    `spared` keep theirs by reprieve, though they registered later than one of those.
    """

    victims: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A free time near the one asked for: the same request with these two intervals is admissible at this moment."""

    rehearsal: Interval | None
    official: Interval


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request does not fit: over `interval`, `limit` would need `needed` where `usable` may be given away.

    `largest` is the number of legs that would fit at the times asked for, `holders` are the sessions that hold the
    capacity of `interval`. An `impossible` request would not fit even if nothing were held.
    """

    limit: Limit
    interval: Interval
    usable: int
    needed: int
    suggestions: tuple[Suggestion, ...] = ()
    largest: int = 0
    holders: tuple[str, ...] = ()
    impossible: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A plan shown to the operator: what it would revoke, which version of it, and until when it may be confirmed.

    `spared` are as of an :class:`Admit`; they follow from the rest and are not kept.
    """

    session: str
    version: int
    victims: tuple[str, ...]
    until: datetime
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """A session that waits: whether a plan would serve it now, and whose codes that would cost, latest first.

    `reason` says what it waits for (None: it would fit by now), `held` is the plan that may be confirmed. `ahead` are
    those who come first at the same time and could be served now (R-064).
    """

    session: Session
    servable: bool
    victims: tuple[str, ...]
    reason: Refuse | None
    held: Held | None
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overrun:
    """A meeting that ends soon and has no room to run on: what the next quarter of an hour would need (I-06)."""

    session: Session
    reason: Refuse


@dataclass(frozen=True, slots=True)
class Usage:
    """How full the system was at most and when first, and who waited, lost a code or was refused (R-113)."""

    sessions: int
    sessions_at: datetime | None
    points: int
    points_at: datetime | None
    waited: int
    revoked: int
    refused: int


@dataclass(frozen=True, slots=True)
class Refused:
    """A registration that was refused, for the word of its error class. What may be secret is not kept: no `title`."""

    at: datetime
    unit: str
    host_point: str
    title: str
    klass: ClassId
    official: Interval
    word: RefusalWord
    detail: str
    by: str
    profile: str


@dataclass(frozen=True, slots=True)
class Happening:
    """What happened to a session, in order of `id`; `cause` is the session it happened for, `by` who did it and why.

    `profile` is the id and version of the rules it was decided under (R-001). Codes are never told.
    """

    id: int
    at: datetime
    session: str
    kind: HappeningKind
    cause: str | None
    by: str = ""
    reason: str = ""
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many units (each with its point) an import added, changed or found as they were."""

    added: int
    changed: int
    unchanged: int
