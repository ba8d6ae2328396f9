"""WebSocket messages in both directions (docs/protocol.md), and their codec. Pure: text in, values out, and back."""

from dataclasses import asdict
from datetime import UTC
from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import from_json

from mediaserver.api import EVERYONE, CaptionWord, ComposedWhen, Layout, LayoutKind, TileIcon, TilesForwarded
from scheduler.core.model import ItemKind
from scheduler.operations.incidents.model import Incident, IncidentKind, IncidentLevel
from scheduler.operations.incidents.model import IncidentState as IncidentStatus
from scheduler.operations.votes.model import DEFAULT_CHOICES, MAX_CHOICES, MIN_CHOICES, Base, Majority, Quorum
from signaling.core.errors import MessageError

MAX_BYTES = 192 * 1024
"""Size of a client message: an SDP of 128 KiB with the line ends escaped that JSON wants."""
MAX_GAIN = 12
"""Range of the gain of a voice, in decibels."""

Word = Literal[
    "bad-message", "too-fast", "not-joined", "already-joined", "forbidden", "controlled-by", "controlled-alone",
    "locked", "hands-locked", "code-unknown", "code-locked", "too-early",
    "ended", "cancelled", "revoked", "not-invited", "no-point", "wrong-line", "not-granted",
    "full", "device-taken", "test-room-full", "unknown-seat", "bad-offer", "media-restarting", "unavailable",
    "disk-full", "unknown-item", "not-recording", "content-taken", "chat-closed", "vote-running", "vote-over",
    "not-entitled", "already-voted", "too-few-voters", "ballots-lost", "no-captions", "notice", "dedicated",
    "signed-out", "shutting-down",
]  # fmt: skip

Role = Literal["host", "component", "observer"]
Audience = Literal["everyone", "host", "components", "systems", "recording"]
"""``systems`` are the room systems of components, and see what components see until they have a layout of their own."""
Media = Literal["none", "connecting", "connected"]
CallWord = Literal["waiting", "calling", "connected", "silent", "left", "taken", "full", "elsewhere"]
"""Where calling a room system stands: ``taken`` when somebody else sits in its place, ``full`` when no leg is left,
``elsewhere`` while it is called by another session or sits in it."""
Farewell = Literal[
    "left", "replaced", "removed", "ended", "cancelled", "revoked", "turned-away", "shutdown", "signed-out"
]

SeatId = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Instant = Annotated[AwareDatetime, AfterValidator(lambda value: value.astimezone(UTC).replace(microsecond=0))]


def _printable(text: str) -> str:
    """Check that a value is one line of text. Raises ValueError."""
    if not text.isprintable() or text.isspace():
        raise ValueError("not printable")
    return text


def _one_line(text: str) -> str:
    """Check that a value is one line of text, or empty. Raises ValueError."""
    return _printable(text) if text else text


class _Message(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _ClientMessage(_Message):
    ref: Annotated[str, StringConstraints(max_length=64)] | None = None


class Join(_ClientMessage):
    """Enter the session of a code; `resume` is the token of an earlier seat; `accepted` says that the notice was.

    `dedicated` declares that nothing shares the point's line (R-028); `tried` says how many seconds ago it was tried in
    vain to come back (R-099).
    """

    type: Literal["join"]
    code: Annotated[str, StringConstraints(max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    accepted: bool = False
    dedicated: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = []


class JoinAsDisplay(_ClientMessage):
    """Enter a session of one's point as its room display, which knows no code.

    With `take` also when somebody of the point sits at this device, who leaves then.
    """

    type: Literal["display"]
    session: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    take: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = []


class EnterTestRoom(_ClientMessage):
    """Try the devices of one's point, at any hour and without a code; `point` is one of one's unit (Điều 17.2.a)."""

    type: Literal["test-room"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class Offer(_ClientMessage):
    """Connect media; a new offer replaces the old transport."""

    type: Literal["offer"]
    sdp: Annotated[str, StringConstraints(min_length=1)]


class Hand(_ClientMessage):
    """Raise or lower one's own hand; `topic` is what one wants to speak about, and may be told later."""

    type: Literal["hand"]
    raised: bool
    topic: Annotated[str, StringConstraints(max_length=200), AfterValidator(_one_line)] = ""


class MediaState(_ClientMessage):
    """Tell whether microphone and camera are on."""

    type: Literal["media"]
    mic: bool
    camera: bool


class View(_ClientMessage):
    """Choose the view: ``composed``, one's own choice of layout (``composed:<kind>``), or ``camera:<seat>``."""

    type: Literal["view"]
    source: Annotated[str, StringConstraints(pattern=r"^(composed(:(grid|speaker|single))?|content|camera:.{1,64})$")]
    lines: Annotated[int, Field(ge=0, le=8640)] = 0


class OnePicture(_ClientMessage):
    """Get the layout as one composed picture, or the cameras one by one again where that is possible."""

    type: Literal["one-picture"]
    on: bool


class OnePictureForAll(_ClientMessage):
    """Have everyone get the layout as one composed picture, or no longer (controller)."""

    type: Literal["one-picture-all"]
    on: bool


class Floor(_ClientMessage):
    """Give or take the floor (controller)."""

    type: Literal["floor"]
    seat: SeatId
    open: bool


class Gain(_ClientMessage):
    """Set the gain of a seat's voice for everyone, in decibels (controller)."""

    type: Literal["gain"]
    seat: SeatId
    decibels: Annotated[int, Field(ge=-MAX_GAIN, le=MAX_GAIN)]


class MuteAll(_ClientMessage):
    """Close every floor but the host's and that of the seat `but` (controller)."""

    type: Literal["mute-all"]
    but: SeatId | None = None


class Lower(_ClientMessage):
    """Lower the hand of a seat (controller)."""

    type: Literal["lower"]
    seat: SeatId


class Arrangement(_Message):
    """A whole layout of the composed picture; omitted fields have their defaults."""

    kind: LayoutKind
    focus: SeatId | None = None
    seats: Annotated[list[SeatId | None], Field(max_length=64)] = []
    page: Annotated[int, Field(ge=0, lt=1000)] = 0
    rotate: Annotated[int, Field(ge=0, le=3600)] = 0
    empty: bool = False
    title: bool = False
    clock: bool = False

    @property
    def layout(self) -> Layout:
        """Return the layout as a value of the media engine."""
        fields = self.model_dump(include=set(Arrangement.model_fields) - {"seats"})
        return Layout(**fields, seats=tuple(self.seats))


class Hands(_ClientMessage):
    """Set the queue: those named in their order, lowered hands among them again, and nobody else's (controller)."""

    type: Literal["hands"]
    seats: Annotated[list[SeatId], Field(max_length=1000)]


class Lock(_ClientMessage):
    """Let nobody else join, or nobody else raise a hand (controller)."""

    type: Literal["lock"]
    room: bool
    hands: bool


class End(_ClientMessage):
    """End the meeting for everyone (controller)."""

    type: Literal["end"]


class SetLayout(Arrangement, _ClientMessage):
    """Set the layout of an audience (controller)."""

    type: Literal["layout"]
    audience: Audience = EVERYONE


class Preset(Arrangement):
    """A layout on a key of the console. It names points where a layout names seats, which change."""

    number: Annotated[int, Field(ge=1, le=6)]


class SetPreset(Preset, _ClientMessage):
    """Replace a preset of the session (controller)."""

    type: Literal["preset"]

    @property
    def preset(self) -> Preset:
        """Return the preset alone."""
        return Preset(**self.model_dump(include=set(Preset.model_fields)))


class SameLayout(_ClientMessage):
    """Give an audience the layout of everyone again (controller)."""

    type: Literal["layout-same"]
    audience: Audience


class Share(_ClientMessage):
    """Share one's screen, or end that; a controller may end anybody's."""

    type: Literal["share"]
    on: bool


class Record(_ClientMessage):
    """Start, pause or stop the recording (controller).

    `composed` says when the picture of one that starts is composed; None: as the profile says.
    """

    type: Literal["record"]
    on: bool
    pause: bool = False
    composed: ComposedWhen | None = None


class Voices(_ClientMessage):
    """Record isolated tracks of each point beside the recording, or stop that (controller)."""

    type: Literal["voices"]
    on: bool


class Mark(_ClientMessage):
    """Set a mark in the recording (controller)."""

    type: Literal["mark"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_printable)]


class Step(_ClientMessage):
    """Go to an item of the script, or before the first one (controller)."""

    type: Literal["step"]
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None


class Admit(_ClientMessage):
    """Admit a client of the waiting room, or turn it away (host and controllers)."""

    type: Literal["admit"]
    id: SeatId
    on: bool


class ReportFault(_ClientMessage):
    """Report a fault at one's own point (Điều 13.2.c); controllers also at another's, and call the centre (`help`)."""

    type: Literal["report"]
    kind: IncidentKind
    text: Annotated[str, StringConstraints(max_length=500)] = ""
    seat: SeatId | None = None


class WriteChat(_ClientMessage):
    """Write a message: host and controllers to everyone or to a point, a point to them (`to` null)."""

    type: Literal["chat"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_printable)]
    to: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class OpenChat(_ClientMessage):
    """Let points write to host and controllers, or no longer (host and controllers)."""

    type: Literal["chat-open"]
    on: bool


VoteId = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Choice = Annotated[int, Field(ge=0, lt=MAX_CHOICES)]


class OpenVote(_ClientMessage):
    """Ask all points (`points` null), or some, to vote; it closes by itself after `seconds` (host and controllers)."""

    type: Literal["vote-open"]
    question: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(_printable)]
    choices: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]],
        Field(min_length=MIN_CHOICES, max_length=MAX_CHOICES),
    ] = list(DEFAULT_CHOICES)
    secret: bool = False
    quorum: Quorum = "half"
    majority: Majority = "half"
    base: Base = "entitled"
    seconds: Annotated[int, Field(ge=10, le=7200)] | None = None
    points: Annotated[list[SeatId], Field(min_length=1, max_length=1000)] | None = None
    item: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None


class CastVote(_ClientMessage):
    """Vote for one's own point."""

    type: Literal["vote"]
    vote: VoteId
    choice: Choice


class RecordVote(_ClientMessage):
    """Record what a point said aloud in an open vote (host and controllers)."""

    type: Literal["vote-record"]
    vote: VoteId
    point: SeatId
    choice: Choice


class CloseVote(_ClientMessage):
    """Count the votes, and announce the result if that is wanted (host and controllers)."""

    type: Literal["vote-close"]
    vote: VoteId
    announce: bool = True


class ShowVote(_ClientMessage):
    """Announce the result of a closed vote over the picture, or take it away (host and controllers)."""

    type: Literal["vote-show"]
    vote: VoteId
    on: bool


class SwitchCaptions(_ClientMessage):
    """Be told what is said as text (`caption`), or no longer."""

    type: Literal["captions"]
    on: bool


class Assist(_ClientMessage):
    """Direct the meeting from the centre, or give it back (central technicians)."""

    type: Literal["assist"]
    on: bool


class Redial(_ClientMessage):
    """Call a room system again (controller)."""

    type: Literal["redial"]
    device: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class CallPoint(_ClientMessage):
    """Call an absent point: its unit gets a letter, and its people see it on their first page (controller)."""

    type: Literal["call-point"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Ping(_ClientMessage):
    """Ask for a `pong`: a page cannot see the pings of the WebSocket protocol."""

    type: Literal["ping"]


class Leave(_ClientMessage):
    """Leave for good."""

    type: Literal["leave"]


ClientMessage = Annotated[
    Join
    | JoinAsDisplay
    | EnterTestRoom
    | Offer
    | Hand
    | MediaState
    | View
    | OnePicture
    | OnePictureForAll
    | Floor
    | Gain
    | MuteAll
    | Lower
    | Hands
    | Lock
    | End
    | SetLayout
    | SetPreset
    | SameLayout
    | Share
    | Record
    | Voices
    | Mark
    | Step
    | Admit
    | ReportFault
    | WriteChat
    | OpenChat
    | OpenVote
    | CastVote
    | RecordVote
    | CloseVote
    | ShowVote
    | SwitchCaptions
    | Assist
    | Redial
    | CallPoint
    | Ping
    | Leave,
    Field(discriminator="type"),
]
OF_DISPLAYS = (JoinAsDisplay, Offer, MediaState, View, OnePicture, Ping, Leave)
"""The messages that a room display may send; :class:`JoinAsDisplay` only it."""
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class Seat(_Message):
    """A place in the roster; absent points have one too, under the id of the point."""

    seat: str
    point: str | None
    name: str
    label: str
    role: Role
    here: bool
    hand: int = 0
    since: Instant | None = None
    topic: str = ""
    floor: bool = False
    gain: int = 0
    mic: bool = False
    camera: bool = False
    media: Media = "none"


class Official(_Message):
    """The official meeting time."""

    start: Instant
    end: Instant


class SessionInfo(_Message):
    """The session, as everyone in the meeting may know it."""

    id: str
    title: str
    number: str
    host: str
    official: Official


class SessionState(_Message):
    """The session was changed while it is held: another title, another end."""

    type: Literal["session"] = "session"
    session: SessionInfo


class LayoutState(Arrangement):
    """The layout for everyone, and those of audiences that have their `own`."""

    type: Literal["layout"] = "layout"
    own: dict[Audience, Arrangement] = {}


class PresetsState(_Message):
    """The presets of the session that were saved, by number (controllers only)."""

    type: Literal["presets"] = "presets"
    presets: list[Preset]


class RecordingState(_Message):
    """State of the recording. It is `seconds` long: at `since` while it runs, else now.

    `composed` says when the picture of this recording, or of the next one, is composed.
    """

    type: Literal["recording"] = "recording"
    on: bool
    paused: bool = False
    since: Instant | None = None
    seconds: int = 0
    error: str | None = None
    voices: bool = False
    composed: ComposedWhen = "live"


class ComposingState(_Message):
    """A closed part of the recording is composed afterwards: `percent` of it by now, 100 when it is ready (controllers
    only)."""

    type: Literal["composing"] = "composing"
    part: int
    percent: int
    ready: Instant | None


class StorageState(_Message):
    """Free space for recordings, as `hours` that can still be recorded (controllers only)."""

    type: Literal["storage"] = "storage"
    level: Literal["ok", "low", "full"]
    hours: float


class Marked(_Message):
    """The mark is set, `seconds` after the recording's beginning."""

    type: Literal["marked"] = "marked"
    title: str
    seconds: float


class ScriptedItem(_Message):
    """An item of the script; `spent` is how many seconds it was on, until the state's `since` when it is on now."""

    id: str
    title: str
    point: str | None
    layout: str | None
    minutes: int
    kind: ItemKind
    spent: int


class ScriptState(_Message):
    """The script and which item is on since when (controllers only)."""

    type: Literal["script"] = "script"
    items: list[ScriptedItem]
    at: str | None
    since: Instant | None


class Agenda(_Message):
    """The item of the script that is `on` since when, and the title of the `next` one: what everyone may know of it."""

    type: Literal["agenda"] = "agenda"
    on: ScriptedItem | None = None
    since: Instant | None = None
    next: str | None = None


class OnDuty(_Message):
    """The technician of the centre who is on duty for the session, and their telephone."""

    name: str
    phone: str


class ChatMessage(_Message):
    """A chat message: from the `chair` to everyone or to the point `to`, else from a point to the chair.

    `point` is the writer's, null for the centre without a point.
    """

    type: Literal["chat"] = "chat"
    id: int
    at: Instant
    point: str | None
    name: str
    chair: bool
    to: str | None
    text: str


class ChatHistory(_Message):
    """The latest messages, oldest first; `open` says whether points may write to the chair."""

    open: bool
    messages: list[ChatMessage]


class ChatOpenState(_Message):
    """Points may write to the chair from now on, or no longer."""

    type: Literal["chat-open"] = "chat-open"
    on: bool


class VotingPoint(_Message):
    """A point that is entitled to vote; `choice` is null in a secret vote, and before the point has voted."""

    point: str
    name: str
    label: str
    voted: bool
    choice: int | None
    aloud: bool


class VoteOutcome(_Message):
    """The decision of a vote: `quorum`, since enough points voted, and the choice that has the majority, if one has."""

    quorum: bool
    adopted: int | None


class VoteState(_Message):
    """A vote, as one seat may know it.

    `may`: the seat's point is entitled; `voted`: it has voted, in an open vote for `choice`. `counts` and `outcome`
    come with the announcement, to host and controllers once it is closed; where a secret vote had too few ballots they
    are null. Only host and controllers are told `voters`, and before the announcement how many votes were `cast`.
    """

    type: Literal["vote-state"] = "vote-state"
    id: str
    number: int
    question: str
    choices: list[str]
    secret: bool
    quorum: Quorum
    majority: Majority
    base: Base
    item: str | None
    opened: Instant
    deadline: Instant | None
    closed: Instant | None
    announced: bool
    shown: bool
    entitled: int
    cast: int | None
    counts: list[int] | None
    outcome: VoteOutcome | None
    may: bool
    voted: bool
    choice: int | None
    voters: list[VotingPoint] | None


class VoteTaken(_Message):
    """The vote of the seat's point is stored; `choice` is null in a secret vote."""

    type: Literal["vote-taken"] = "vote-taken"
    vote: str
    choice: int | None


class VoteCast(_Message):
    """A point has voted, in an open vote for `choice`; `cast` points have by now (host and controllers only)."""

    type: Literal["vote-cast"] = "vote-cast"
    vote: str
    point: str
    choice: int | None
    aloud: bool
    cast: int


class Locks(_Message):
    """The locks of a meeting: nobody else may join, nobody else may raise a hand."""

    type: Literal["locks"] = "locks"
    room: bool = False
    hands: bool = False


class Joined(_Message):
    """The reply to `join`: everything the client needs to show the meeting."""

    type: Literal["joined"] = "joined"
    seat: str
    resume: str
    role: Role
    controller: bool
    may_direct: bool
    session: SessionInfo
    seats: list[Seat]
    layout: LayoutState
    recording: RecordingState
    storage: StorageState | None
    script: ScriptState | None
    agenda: Agenda
    duty: OnDuty | None
    presets: list[Preset]
    view: str
    content: str | None
    advisory: bool
    watermark: bool
    one_picture: bool
    locks: Locks
    speaking: str | None
    chat: ChatHistory
    vote: VoteState | None
    captions: bool
    wanted: int
    now: Instant


class Seats(_Message):
    """Changes of the roster."""

    type: Literal["seats"] = "seats"
    changed: list[Seat]
    gone: list[str]


class Answer(_Message):
    """The SDP answer to `offer`."""

    type: Literal["answer"] = "answer"
    sdp: str


class ViewState(_Message):
    """The view of the client from now on."""

    type: Literal["view"] = "view"
    source: str


class OnePictureState(_Message):
    """A controller wants everyone to get the layout as one composed picture, or no longer does."""

    type: Literal["one-picture-all"] = "one-picture-all"
    on: bool


class Speaking(_Message):
    """The seat of the active speaker, or none."""

    type: Literal["speaking"] = "speaking"
    seat: str | None


class Caption(_Message):
    """An utterance of a seat as far as it is heard now: the same `utterance` comes again until it is `final`.

    `start` and `end` are seconds since the room was opened.
    """

    type: Literal["caption"] = "caption"
    seat: str
    name: str
    utterance: str
    text: str
    start: float
    end: float
    final: bool


class CaptionsState(_Message):
    """Captions are complete (``on``), leave out what is said (``behind``), or do not come at all (``away``)."""

    type: Literal["captions"] = "captions"
    state: CaptionWord


class GivesWay(_Message):
    """The code went to an emergency: the meeting ends at that time (A25)."""

    type: Literal["gives-way"] = "gives-way"
    at: Instant


class LevelsState(_Message):
    """Levels of the audible seats with the floor, in whole dBov by seat (host and controllers only)."""

    type: Literal["levels"] = "levels"
    levels: dict[str, int]


class ContentState(_Message):
    """The seat whose screen is shared, or none."""

    type: Literal["content"] = "content"
    seat: str | None


class WantedHeight(_Message):
    """Height in pixels at which the client's camera is shown; simulcast layers that are larger than needed can rest."""

    type: Literal["wanted"] = "wanted"
    lines: int


class ShownTile(_Message):
    """A tile that the page draws itself: a rectangle in pixels of the composed picture, and the m-line of its video."""

    tile: str
    mid: str | None
    x: int
    y: int
    width: int
    height: int
    label: str
    text: str
    letters: int
    bar: int
    icons: list[TileIcon]
    since: int | None
    delay: int


class TilesState(_Message):
    """The cameras that the client is forwarded one by one; without `tiles` it gets one picture again."""

    type: Literal["tiles"] = "tiles"
    tiles: list[ShownTile]
    width: int
    height: int
    heading: int
    title: str
    clock: bool


class IncidentState(_Message):
    """An incident as it is now (controllers, and the account that reported it)."""

    type: Literal["incident"] = "incident"
    id: str
    kind: IncidentKind
    level: IncidentLevel
    point: str | None
    text: str
    state: IncidentStatus
    opened: Instant
    reporter: str
    assignee: str
    provider: str | None


class WeakLine(_Message):
    """A line that loses too much: percents lost, jitter and round trip in milliseconds."""

    seat: str
    loss: int
    jitter: int
    round_trip: int


class LinesState(_Message):
    """The weak lines (controllers only)."""

    type: Literal["lines"] = "lines"
    weak: list[WeakLine]


class AssistState(_Message):
    """From which seat the centre directs the meeting since when, or that it does not (controllers only)."""

    type: Literal["assist"] = "assist"
    seat: str | None
    name: str | None
    since: Instant | None


class CalledSystem(_Message):
    """A room system that the centre calls: time of the next call, last SIP status (0: no response)."""

    device: str
    point: str
    name: str
    state: CallWord
    at: Instant | None
    status: int


class CalledPoint(_Message):
    """An absent point that was called; `seen`: since when its people know, null while they do not."""

    point: str
    at: Instant
    seen: Instant | None


class CalledState(_Message):
    """Absent points that were called and have not come (host and controllers only)."""

    type: Literal["called"] = "called"
    points: list[CalledPoint]


class CallsState(_Message):
    """State of the calls of room systems of the session (host and controllers only)."""

    type: Literal["calls"] = "calls"
    calls: list[CalledSystem]


class Knock(_Message):
    """A point in the waiting room, which was not invited."""

    id: str
    account: str
    point: str
    name: str
    label: str
    since: Instant


class DoorState(_Message):
    """The points in the waiting room (host and controllers only)."""

    type: Literal["door"] = "door"
    waiting: list[Knock]


class Waiting(_Message):
    """The reply to `join` for a point that is not invited: it waits until the host admits it or turns it away."""

    type: Literal["waiting"] = "waiting"
    host: str


class Admitted(_Message):
    """The host lets the client in: it may join now."""

    type: Literal["admitted"] = "admitted"


class Renew(_Message):
    """The media worker was replaced: make a new peer connection and offer again."""

    type: Literal["renew"] = "renew"


class Pong(_Message):
    """The reply to `ping`."""

    type: Literal["pong"] = "pong"


class Bye(_Message):
    """The socket closes after this."""

    type: Literal["bye"] = "bye"
    reason: Farewell


class Error(_Message):
    """A message could not be obeyed; the connection goes on."""

    type: Literal["error"] = "error"
    error: Word
    text: str
    opens: Instant | None = None


ServerMessage = (
    Joined | SessionState | Seats | LayoutState | PresetsState | RecordingState | ComposingState | StorageState
    | ScriptState | Agenda | Marked | Answer | ViewState | OnePictureState | Speaking | GivesWay | LevelsState
    | ContentState | WantedHeight | TilesState | IncidentState | LinesState | AssistState | CallsState | CalledState
    | DoorState | Waiting | Admitted | Renew | ChatMessage | ChatOpenState | VoteState | VoteTaken | VoteCast | Locks
    | Caption
    | CaptionsState | Pong | Bye | Error
)  # fmt: skip


def incident_state(incident: Incident) -> IncidentState:
    """Return the message about an incident."""
    fields = ("id", "kind", "level", "point", "text", "state", "opened", "reporter", "assignee", "provider")
    return IncidentState(**{name: getattr(incident, name) for name in fields})


def tiles_state(event: TilesForwarded) -> TilesState:
    """Return the message about the tiles that a seat is forwarded."""
    return TilesState(
        tiles=[ShownTile(**asdict(tile)) for tile in event.tiles],
        width=event.width,
        height=event.height,
        heading=event.heading,
        title=event.title,
        clock=event.clock,
    )


def parse(text: str) -> ClientMessage:
    """Parse a client message. Raises MessageError ``bad-message``, with the `ref` if it could be read."""
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise MessageError("bad-message", f"larger than {MAX_BYTES // 1024} KiB")
    try:
        value = from_json(text, allow_inf_nan=False)
    except (ValueError, TypeError):  # the latter for half a surrogate pair
        raise MessageError("bad-message", "not JSON") from None
    if not isinstance(value, dict):
        raise MessageError("bad-message", "not an object")
    try:
        return _CLIENT.validate_python(value, strict=True)
    except Invalid as error:
        raise MessageError("bad-message", _explain(error), ref_of(value)) from None


def ref_of(value: dict[str, object]) -> str | None:
    """Return the `ref` of a message that may be faulty in every other way."""
    ref = value.get("ref")
    return ref if isinstance(ref, str) and len(ref) <= 64 else None


def dump(message: ServerMessage, ref: str | None = None) -> str:
    """Encode a server message; `ref` is echoed in direct replies."""
    text = message.model_dump_json(exclude_none=isinstance(message, Error))
    if ref is None:
        return text
    return f'{text[:-1]},"ref":{_REF.dump_json(ref).decode()}}}'


_REF: TypeAdapter[str] = TypeAdapter(str)


def _explain(error: Invalid) -> str:
    """Return the first faulty field of an error, without its value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, int | str))[:80]
    return f"{place}: {first['type']}" if place else first["type"]
