"""Value types of the scheduler: units, points, requests, sessions, and the decisions on them.

All times are aware datetimes in UTC with whole seconds. Every interval is half-open: a session that ends at 09:30 and
one that starts at 09:30 do not overlap. A *leg* is one connected device; Điều 12.4.a limits their sum (reading A7).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final, Literal

SlotKind = Literal["tong_duyet", "chinh_thuc"]
"""Rehearsal (tổng duyệt) and official meeting (chính thức), Điều 13.2.a."""
REHEARSAL: Final = "tong_duyet"
OFFICIAL: Final = "chinh_thuc"


class State(StrEnum):
    """The state of a registration: chờ, đã cấp mã, thu hồi, hủy."""

    WAITING = "waiting"
    ISSUED = "issued"
    REVOKED = "revoked"
    CANCELLED = "cancelled"


class DraftState(StrEnum):
    """The state of a draft: it waits for its unit, or was submitted or discarded."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    DISCARDED = "discarded"


Channel = Literal["form", "mail"]
"""How a registration came: by the page, or as a letter to the operating unit's mailbox (Điều 13.2.a)."""


class PointState(StrEnum):
    """The state of a point: nháp, chờ đánh giá, đạt, hoạt động, tạm dừng, thu hồi (R-046)."""

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
CLASSES: Final[tuple[ClassId, ...]] = (ORDINARY, SUDDEN, EMERGENCY)

# Levels of units (cấp) in the shipped profiles (Điều 6.4), from the highest to the lowest.
GOVERNMENT: Final = "tw"
PROVINCE: Final = "ubt"
DEPARTMENT: Final = "so"
DISTRICT: Final = "huyen"
COMMUNE: Final = "xa"
OTHER_AGENCY: Final = "khac"

# Codes of the shipped profiles that the product names itself (Điều 4, 12.3, 13.1).
OTHER: Final = "khac"
"""A purpose, a kind of meeting or a support that is none of the listed ones."""
ONLINE: Final = "truc_tuyen"
"""The form of a meeting without a common room."""
PROVINCE_ORDERS: Final = "chi_dao_ubnd_tinh"
"""The ground of an emergency that the provincial committee orders."""

RefusalWord = Literal["secret", "late", "capacity"]
"""Why a registration was refused: Điều 5.2, 13.2.a, 12.4.a."""

ItemKind = Literal["speech", "show", "discussion", "break", "vote", "secret-vote"]
"""What a script item does with its point: it is shown large and may speak; it is only shown large; it may speak while
the layout follows the active speaker; only the host may speak; all points are asked its title, openly or in secret."""

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
    """The two limited quantities together: a load, a maximum or its usable share. `points` counts legs."""

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
    """The rated maximum at one instant, and its share that sessions may use (R-062, R-063)."""

    maximum: Amount
    usable: Amount


@dataclass(frozen=True, slots=True)
class Unit:
    """An agency (đơn vị). `abbr` is its entry in the abbreviation register, which names its communes (R-032).

    It exists from `valid_from` through `valid_to`, days of the province's time zone; None: without bound. After its
    last day, `successor` is the unit it became part of, if that is known (R-002).
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
        """Return whether the unit exists on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Point:
    """A meeting room (điểm cầu) of a unit: its regulation name, its Vietnamese label, its number of devices (1–99).

    `numbers` distinguish its devices (R-033); if empty, from 1 on. Only an active point takes part in sessions (R-046).
    A point that was in operation before it was imported was `taken_over` then: its first assessment is due.
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

    `layout` is the name of a layout, which is opaque here; None leaves the layout as it is.
    """

    id: str
    title: str
    point: str | None
    layout: str | None
    minutes: int
    kind: ItemKind


@dataclass(frozen=True, slots=True)
class Act:
    """The author of a change, as an opaque account id, and the reason (I-01). An empty author: the system, by rule."""

    by: str = ""
    reason: str = ""


SYSTEM = Act()


TextLimit = Literal["max_title", "max_name"]
"""The limit of a text, as a field of :class:`scheduler.policy.policy.SessionPolicy`."""


def optional_text(limit: TextLimit) -> str:
    """Declare a free text that may stay empty; it is cleaned, and refused beyond the limit (`particulars.py`)."""
    text: str = field(default="", metadata={"limit": limit})
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """The fields that a session has from its request and that an amendment may change.

    `voices` asks to record the sound of each point as well. `purpose`, `kind`, `form`, `ground` and `support` are codes
    of the profile; `ground` and `reason` say why the class is not the ordinary one. `people` is the expected number of
    people at all points together, `people_at` at each point for which it was given (Điều 13.1).
    """

    host_point: str
    points: tuple[str, ...]
    title: str
    contact_name: str
    contact_phone: str
    recording: bool
    voices: bool = False
    purpose: str = ""
    kind: str = ""
    form: str = ""
    ground: str = ""
    reason: str = ""
    support: tuple[str, ...] = ()
    support_note: str = optional_text("max_title")
    people: int | None = None
    people_at: Mapping[str, int] = field(default_factory=dict)
    second_name: str = optional_text("max_name")
    second_phone: str = ""

    @property
    def everyone(self) -> tuple[str, ...]:
        """Every point it is for, the host's first."""
        return (self.host_point, *self.points)


PARTICULARS = tuple(each.name for each in fields(Particulars))


def particulars_of(source: Particulars) -> dict[str, Any]:
    """Return the particulars of a request or a session by name."""
    return {name: getattr(source, name) for name in PARTICULARS}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Particulars):
    """A request of a host unit for a session (Điều 13.2.a). `submitted_by` is an opaque account id of the caller.

    `secret` declares whether state secrets will be spoken of (Điều 5.2); None: not declared.
    """

    rehearsal: Interval | None
    official: Interval
    submitted_by: str
    script: tuple[ScriptItem, ...] = ()
    klass: ClassId = ORDINARY
    secret: bool | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A registration that waits in the inbox of `unit`, which submits or discards it (reading A11).

    `content` has the fields of a registration as they came from the unit `origin` (None: not known), by the account or
    mailbox `source`. The account `by` settled it: as `session`, or discarded it for a `reason`.
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
        """Return whether it counts as received on arrival: it is a letter of the unit that registers it (R-071)."""
        return self.channel == "mail" and self.origin == self.unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Session(Particulars):
    """A registered session. `seq` is its place in the registration order (R-064); only an issued one has a `code`.

    Its deadlines are stored as they were counted (Điều 13.2): when it was `received` and `effective`, when the reply
    (`reply_due`) and the technical check (`check_due`) are due; `provisional` if the calendar was not confirmed yet.
    """

    id: str
    number: str
    seq: int
    slots: tuple[Slot, ...]
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
    klass: ClassId = ORDINARY

    @property
    def official(self) -> Interval:
        """The official meeting time."""
        return next(Interval(s.start, s.end) for s in self.slots if s.kind == OFFICIAL)

    @property
    def rehearsal(self) -> Interval | None:
        """The rehearsal time, if any."""
        return next((Interval(s.start, s.end) for s in self.slots if s.kind == REHEARSAL), None)


@dataclass(frozen=True, slots=True)
class SessionOutline:
    """The part of a session that permissions depend on: all its points, and its official time."""

    everyone: tuple[str, ...]
    official: Interval


@dataclass(frozen=True, slots=True)
class Revision:
    """The number of changes of a session since it was registered, and the time of the last one."""

    number: int
    at: datetime


@dataclass(frozen=True, slots=True)
class AgendaEntry:
    """One slot of a session in the agenda: `host` is the label of the host point, `phase` that of the slot.

    `check_due` is when the technical check of the session is due.
    """

    session: str
    number: str
    title: str
    host: str
    level: str
    slot: Slot
    phase: Phase
    check_due: datetime


@dataclass(frozen=True, slots=True)
class Claim:
    """A session as admission sees it: its place in the order, its rank, its slots, its class.

    A session `near` its start loses its code only to an emergency, a `live` one only if the profile says so (A25).
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
        """Return whether it is an emergency."""
        return self.klass == EMERGENCY


@dataclass(frozen=True, slots=True)
class Admit:
    """The request may be issued after the sessions `victims` (latest registered first) have lost their codes.

    The sessions `spared` keep theirs by reprieve, although they registered later than one of the victims.
    """

    victims: tuple[str, ...] = ()
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A free time near the one asked for: the same request with these two intervals is admissible at this moment."""

    rehearsal: Interval | None
    official: Interval


@dataclass(frozen=True, slots=True)
class FreeTimes:
    """The free times of a request: its own, if it `fits` beside what is held, and others near them."""

    fits: bool
    others: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class Refuse:
    """The request does not fit: over `interval`, the load of `limit` would be `needed`, more than `usable`.

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
class HeldPlan:
    """A plan shown to the operator: the codes it would revoke, its version, and until when it may be confirmed.

    `spared` are as in :class:`Admit`; they follow from the rest and are not stored.
    """

    session: str
    version: int
    victims: tuple[str, ...]
    until: datetime
    spared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Queued:
    """A session that waits: whether a plan would issue it now, and which sessions would lose their codes, latest first.

    `reason` is what it waits for (None: it fits now), `held` the plan that may be confirmed. `ahead` are the sessions
    that come before it, overlap it and could be issued now (R-064).
    """

    session: Session
    servable: bool
    victims: tuple[str, ...]
    reason: Refuse | None
    held: HeldPlan | None
    ahead: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overrun:
    """A meeting that ends soon and cannot be extended: the reason for its next quarter of an hour (I-06)."""

    session: Session
    reason: Refuse


@dataclass(frozen=True, slots=True)
class Usage:
    """The peak load and its first time, and how many sessions waited, lost a code or were refused (R-113)."""

    sessions: int
    sessions_at: datetime | None
    points: int
    points_at: datetime | None
    waited: int
    revoked: int
    refused: int


@dataclass(frozen=True, slots=True)
class RefusedRegistration:
    """A registration that was refused; `word` names the rule. One refused as secret is stored without its `title`."""

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
    """One entry of a session's history, in order of `id`.

    `cause` is the session in whose favour it happened, `by` the account that did it, for `reason`. `profile` is the id
    and version of the rules it was decided under (R-001). It never has a code.
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
class ImportResult:
    """The number of units (each with its point) that an import added, changed or left unchanged."""

    added: int
    changed: int
    unchanged: int
