"""Values of the directory: rooms, exemptions, assessments, access lines, devices, people, moves of points."""

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
    """A point's room: address, seats, the unit that manages it (Điều 3.9), who answers for its devices (Điều 7.3)."""

    address: str = ""
    seats: int | None = None
    managing_unit: str | None = None
    security_owner: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Exemption:
    """A document that allows a unit more than the rule, from its date through `valid_to` (None: without end)."""

    id: str
    unit: str
    kind: ExceptionKind
    extra: int
    number: str
    dated: date
    valid_to: date | None
    by: str

    def holds(self, day: date) -> bool:
        """Return whether the exemption holds on a day."""
        return self.dated <= day and not self.over(day)

    def over(self, day: date) -> bool:
        """Return whether the exemption ended before a day."""
        return self.valid_to is not None and self.valid_to < day


@dataclass(frozen=True, slots=True)
class PointMove:
    """One move of a point from state to state; `by` is an account, empty when the server made it."""

    at: datetime
    point: str
    move: Move
    state: PointState
    by: str
    reason: str
    profile: str


@dataclass(frozen=True, slots=True)
class PointAlias:
    """A former name of a point, which it had until an instant."""

    name: str
    point: str
    until: datetime


AssessmentResult = Literal["passed", "conditional", "failed"]
"""Đạt, đạt có điều kiện, không đạt: passed, passed on conditions, failed."""


@dataclass(frozen=True, slots=True)
class AssessmentItem:
    """The result of one item of the assessment form; an item that is not met may have a day to remedy it by."""

    id: str
    met: bool
    note: str = ""
    remedy_by: date | None = None


@dataclass(frozen=True, slots=True)
class AssessmentForm:
    """A filled-in assessment form; `reference` says where its evidence is filed."""

    items: tuple[AssessmentItem, ...]
    reference: str
    assessor: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """A form with its result; it holds until `expires` (None: a failed one never does)."""

    point: str
    at: datetime
    assessor: str
    result: AssessmentResult
    items: tuple[AssessmentItem, ...]
    reference: str
    expires: datetime | None
    profile: str
    id: int = field(default=0, compare=False)
    """The id in the database; 0 until it is stored."""


@dataclass(frozen=True, slots=True)
class AccessLine:
    """An access line of a point (Điều 6.3). Rates are in kbit/s; `ranges` are the networks of its addresses."""

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
    """A telecom provider and the person to call there (Điều 7.4, 13.2.b)."""

    id: str
    name: str
    contact: str
    phone: str
    email: str


@dataclass(frozen=True, slots=True)
class PointCard:
    """All that is known of a point; `lacks` keep it from being active, `moves` are those its state allows."""

    point: Point
    aliases: tuple[PointAlias, ...]
    room: Room
    lines: tuple[AccessLine, ...]
    assessments: tuple[Assessment, ...]
    history: tuple[PointMove, ...]
    lacks: tuple[FieldError, ...]
    moves: tuple[Move, ...]


DeviceKind = Literal["VCS", "PC", "TABLET", "PHONE", "CAMERA", "LINK", "SIMULATED"]
"""``LINK``: another conference system, such as those of the Government and the ministries (Điều 5.4)."""
DeviceProtocol = Literal["", "WEBRTC", "SIP", "H323", "WHIP", "WHEP", "RTSP"]
"""How a device connects. By WHIP (RFC 9725) it only sends, by WHEP it only receives; its password is the token. From a
camera that speaks RTSP (RFC 2326) the server fetches."""
SipTransport = Literal["", "UDP", "TCP", "TLS"]
"""The transport of SIP (RFC 3261 §18); empty: chosen by the size of the request (§18.1.1), never TLS."""
EncryptionPolicy = Literal["off", "wished", "exposed", "demanded"]
"""Whether a device's media are encrypted: never; where it does it and SIP goes over TLS; also without, its keys then
exposed on the way; or over TLS, else there is no call."""
SipSecret = Literal["pin", "password"]
"""A secret of a device: the PIN of the meeting that it is dialled for, the password to its `auth_user`."""
PIN_PLACE = "{PIN}"
"""Stands in a user part for the PIN."""
DeviceField = Literal["address", "user_agent", "firmware", "codecs", "name", "line"]
"""The properties of a device that may change: address, User-Agent, firmware, codecs, shown name, access line."""


@dataclass(frozen=True, slots=True)
class Device:
    """A terminal in a room (Điều 3.5).

    `kind` is empty while nothing is known of it; `number` tells it apart from the unit's other devices (R-033).
    `user_agent` and `codecs` are the User-Agent and the set of codecs that were last approved. The asset fields are for
    the inventory (Điều 5.6).
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
    """The port on which it takes SIP calls; None: 5060."""
    transport: SipTransport = ""
    encryption: EncryptionPolicy = "off"
    sip_user: str = ""
    """The user part of the SIP URI that is dialled (RFC 3261 §19.1.1): a number or an alias, with :data:`PIN_PLACE`
    where it holds the PIN."""
    stream_path: str = ""
    """Path and query of the URI of an RTSP camera (RFC 2326 §3.2)."""
    auth_user: str = ""
    """The user name of digest authentication, whichever side asks for it (RFC 3261 §22)."""
    media_addresses: str = ""
    """Further IP addresses from which its sound and picture may come, with blanks between: of its session border
    controller, or of its network address translation."""
    sip_profile: str = ""
    """The word of its make in `sip_profiles.yaml`; empty: the generic one."""
    camera_control: bool = False
    """Whether a controller of a meeting may move its camera (RFC 4573)."""
    picture_kbps: int | None = None
    """The kbit/s that its picture may take, either way; None: those of its make."""


@dataclass(frozen=True, slots=True)
class Binding:
    """A registration of a device, until an instant (RFC 3261 §10): the Contact where it takes calls, and the address,
    port and transport it registered from, by which it is reached through a NAT. `sequence` is the CSeq in `call_id`."""

    device: str
    contact: str
    host: str
    port: int
    transport: str
    call_id: str
    sequence: int
    expires: datetime


@dataclass(frozen=True, slots=True)
class ObservedDevice:
    """The properties that a device showed when it connected; empty where nothing is known.

    A caller offers all codecs that it has; a callee answers with some of those it was offered (RFC 3264 §6.1).
    """

    address: str = ""
    user_agent: str = ""
    name: str = ""
    offered: frozenset[str] = frozenset()
    answered: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """A change of a device that waits for an operator's decision, or is decided (R-055).

    ``request``: a unit asks for it; ``drift``: it was observed.
    """

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
"""Manager of a room (Điều 3.9), technician of a room and of its sessions (Điều 3.11), head of the unit (Điều 21.1)."""


@dataclass(frozen=True, slots=True)
class Person:
    """A person responsible for rooms of a unit, from a first through a last day (R-111, R-120).

    `account` is the person's own, `replaces` the id of the predecessor.
    """

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
        """Return whether the person is in charge on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    @property
    def untrained(self) -> bool:
        """Return whether no day of training is recorded; a head needs none."""
        return self.trained is None and self.role != "head"
