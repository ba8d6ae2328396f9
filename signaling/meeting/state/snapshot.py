"""The stored values of a meeting, from which another process continues it, and their JSON. Pure.

That process may be of the next release: the values have a version, and a release reads those from `OLDEST` on. Values
of a later version are left alone, for a server that knows them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, TypeAdapter

from mediaserver.api import Layout
from signaling.core.errors import NewerMeetings
from signaling.meeting.state.chat import ChatSnapshot
from signaling.messages.calls import CalledPoint
from signaling.messages.incidents import AssistState, IncidentState
from signaling.messages.seats import Locks, RemovedPoint
from signaling.messages.words import Audience, Role
from signaling.recording.model import RecordingSnapshot
from signaling.sip.agent.snapshot import CallSnapshot

VERSION: Final = 2
"""Version of the stored values. `tests/signaling/meeting/state/versions` has their shape in each; CONTRIBUTING.md says
when a change needs a new one."""
OLDEST: Final = 0
"""The oldest version that this release reads."""
UNNUMBERED: Final = 0
"""Version of values that name no number: those before version 1, which had a hash in its place."""


def _number(value: Any) -> int:
    """Return the version that stored values name."""
    return value if type(value) is int else UNNUMBERED


@dataclass(frozen=True, slots=True)
class PlaceSnapshot:
    """An invited point of a seat; see :class:`signaling.meeting.state.roster.Place`."""

    id: str
    name: str
    label: str
    devices: int
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class SeatSnapshot:
    """A seat; see :class:`signaling.meeting.state.roster.Seated`. Its resume ticket is kept as a hash."""

    id: str
    ticket: str
    account: str
    place: PlaceSnapshot | None
    device: int
    name: str
    role: Role
    controller: bool
    central: bool
    system: bool
    here: bool
    raised: datetime | None
    topic: str
    floor: bool
    gain: int
    mic: bool
    camera: bool
    view: str
    lines: int
    one_picture: bool = False
    hidden: bool = False
    shown: str = ""
    muted: bool = False
    mcu: bool = False


@dataclass(frozen=True, slots=True)
class StepSnapshot:
    """A step of the script that can be undone; `after` is what is shown again after a shared screen."""

    came: str | None
    layout: Layout
    after: Layout | None
    floors: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class ScriptSnapshot:
    """Progress of the script; see :class:`signaling.meeting.state.script.Script`."""

    at: str | None
    since: datetime | None
    spent: Mapping[str, float]
    trail: tuple[StepSnapshot, ...]


@dataclass(frozen=True, slots=True)
class MeetingStateSnapshot:
    """The state of a meeting. `before` are the layouts that come back when a shared screen ends."""

    seats: tuple[SeatSnapshot, ...]
    hands: tuple[str, ...]
    layouts: Mapping[Audience, Layout]
    before: Mapping[Audience, Layout]
    content: str | None
    tape: RecordingSnapshot
    script: ScriptSnapshot
    incidents: tuple[IncidentState, ...]
    assist: AssistState
    turned_away: tuple[str, ...]
    gives_way_at: datetime | None
    room_open: bool
    one_picture: bool = False
    locks: Locks = field(default_factory=Locks)
    chat: ChatSnapshot = field(default_factory=ChatSnapshot)
    called: tuple[CalledPoint, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    removed: tuple[RemovedPoint, ...] = ()
    asked_above: str | None = None


@dataclass(frozen=True, slots=True)
class SystemSnapshot:
    """A room system in a seat, by the ids of seat and device, with its call."""

    seat: str
    device: str
    call: CallSnapshot


@dataclass(frozen=True, slots=True)
class MeetingSnapshot:
    """A meeting: its state, accounts that accepted the notice and declared their line, points counted as present.

    `gone` is when points left whose departure is still to be written; `part` is the file being recorded.
    """

    conference: MeetingStateSnapshot
    opened: bool
    accepted: tuple[str, ...] = ()
    declared: tuple[str, ...] = ()
    present: tuple[str, ...] = ()
    gone: Mapping[str, datetime] = field(default_factory=dict)
    part: str = ""
    systems: tuple[SystemSnapshot, ...] = ()
    version: Annotated[int, BeforeValidator(_number, json_schema_input_type=int)] = VERSION
    """Version in which it was stored."""


_JSON = TypeAdapter(MeetingSnapshot)


def version_of(text: str) -> int:
    """Return the version that stored JSON names, also of values that cannot be read."""
    try:
        return _number(json.loads(text)["version"])
    except (ValueError, LookupError, TypeError):
        return UNNUMBERED


def dump(record: MeetingSnapshot) -> str:
    """Return the JSON of a meeting; equal values have equal JSON."""
    return _JSON.dump_json(record).decode()


def load(text: str) -> MeetingSnapshot:
    """Read stored JSON; what an earlier version lacks has its default.

    Raises NewerMeetings for a version later than ours, ValueError for one before the oldest that is read, or bad JSON.
    """
    version = version_of(text)
    if version > VERSION:
        raise NewerMeetings(version, VERSION)
    if version < OLDEST:
        raise ValueError(f"it is of version {version}, and the oldest that is read is {OLDEST}")
    return _JSON.validate_json(text)
