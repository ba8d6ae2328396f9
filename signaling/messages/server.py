"""WebSocket messages in both directions (docs/protocol.md), and their codec. Pure: text in, values out, and back."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import from_json

from mediaserver.api import (
    EVERYONE,
    CameraAxis,
    CameraMovement,
    CaptionWord,
    ComposedWhen,
    Layout,
    LayoutKind,
    TileIcon,
    TilesForwarded,
)
from scheduler.core.model import ItemKind
from scheduler.operations.incidents.model import Incident, IncidentKind, IncidentLevel
from scheduler.operations.incidents.model import IncidentState as IncidentStatus
from signaling.core.errors import MessageError
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, SeatId, one_line, printable
from signaling.messages.votes import (
    CancelVote,
    CastVote,
    CloseVote,
    OpenVote,
    RecordVote,
    ShowVote,
    VoteCast,
    VoteState,
    VoteTaken,
)

MAX_BYTES = 192 * 1024
"""Size of a client message: an SDP of 128 KiB with the line ends escaped that JSON wants."""
MAX_GAIN = 12
"""Range of the gain of a voice, in decibels."""

Word = Literal[
    "bad-message", "too-fast", "not-joined", "already-joined", "forbidden", "controlled-by", "controlled-alone",
    "locked", "hands-locked", "removed", "code-unknown", "code-locked", "too-early",
    "ended", "cancelled", "revoked", "not-invited", "no-point", "wrong-line", "not-granted",
    "full", "device-taken", "test-room-full", "unknown-seat", "bad-offer", "media-restarting", "unavailable",
    "disk-full", "unknown-item", "not-recording", "content-taken", "chat-closed", "vote-running", "vote-over",
    "not-entitled", "already-voted", "too-few-voters", "ballots-lost", "no-captions", "notice", "dedicated",
    "no-camera-control", "signed-out", "shutting-down",
]  # fmt: skip

Role = Literal["host", "component", "observer"]
Audience = Literal["everyone", "host", "components", "systems", "recording"]
"""``systems`` are the room systems of components, and see what components see until they have a layout of their own."""
Media = Literal["none", "connecting", "connected", "lost"]
CallWord = Literal["waiting", "calling", "connected", "silent", "left", "taken", "full", "elsewhere", "unreserved"]
"""Where calling a room system stands: ``taken`` when somebody else sits in its place, ``full`` when no leg is left,
``elsewhere`` while it is called by another session or sits in it, ``unreserved`` until the other system that it is
has accepted the session."""
ProtectionWord = Literal["", "encrypted", "exposed", "clear", "demanded", "certificate"]
"""How a call of a room system is protected: encrypted; so, but its keys went in the clear; not at all; or why there is
none: encryption is demanded, a certificate is not accepted."""
AccountWord = Literal["", "missing", "refused"]
GatekeeperWord = Literal["", "absent", "unknown", "denied", "full"]
MediaWord = Literal["", "taken", "dropped"]
"""What is wrong with the user name and password with which a room system was called."""
Farewell = Literal[
    "left", "replaced", "removed", "ended", "cancelled", "revoked", "turned-away", "shutdown", "signed-out"
]


class Join(BaseClientMessage):
    """Enter the session of a code; `resume` is the token of an earlier seat; `accepted` says that the notice was.

    `dedicated` declares that nothing shares the point's line (R-028); `tried` says how many seconds ago it was tried in
    vain to come back (R-099).
    """

    type: Literal["join"]
    code: Annotated[str, StringConstraints(max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    accepted: bool = False
    dedicated: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = Field(default_factory=list)


class JoinAsDisplay(BaseClientMessage):
    """Enter a session of one's point as its room display, which knows no code.

    With `take` also when somebody of the point sits at this device, who leaves then.
    """

    type: Literal["display"]
    session: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    take: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = Field(default_factory=list)


class EnterTestRoom(BaseClientMessage):
    """Try the devices of one's point, at any hour and without a code; `point` is one of one's unit (Điều 17.2.a)."""

    type: Literal["test-room"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class Offer(BaseClientMessage):
    """Connect media; a new offer replaces the old transport."""

    type: Literal["offer"]
    sdp: Annotated[str, StringConstraints(min_length=1)]


class Hand(BaseClientMessage):
    """Raise or lower one's own hand; `topic` is what one wants to speak about, and may be told later."""

    type: Literal["hand"]
    raised: bool
    topic: Annotated[str, StringConstraints(max_length=200), AfterValidator(one_line)] = ""


class MediaState(BaseClientMessage):
    """Tell whether microphone and camera are on."""

    type: Literal["media"]
    mic: bool
    camera: bool


class View(BaseClientMessage):
    """Choose the view: ``composed``, one's own choice of layout (``composed:<kind>``), or ``camera:<seat>``."""

    type: Literal["view"]
    source: Annotated[str, StringConstraints(pattern=r"^(composed(:(grid|speaker|single))?|content|camera:.{1,64})$")]
    lines: Annotated[int, Field(ge=0, le=8640)] = 0


class OnePicture(BaseClientMessage):
    """Get the layout as one composed picture, or the cameras one by one again where that is possible."""

    type: Literal["one-picture"]
    on: bool


class OnePictureForAll(BaseClientMessage):
    """Have everyone get the layout as one composed picture, or no longer (controller)."""

    type: Literal["one-picture-all"]
    on: bool


class Floor(BaseClientMessage):
    """Give or take the floor (controller)."""

    type: Literal["floor"]
    seat: SeatId
    open: bool


class Gain(BaseClientMessage):
    """Set the gain of a seat's voice for everyone, in decibels (controller)."""

    type: Literal["gain"]
    seat: SeatId
    decibels: Annotated[int, Field(ge=-MAX_GAIN, le=MAX_GAIN)]


class MuteAll(BaseClientMessage):
    """Close every floor but the host's and that of the seat `but` (controller)."""

    type: Literal["mute-all"]
    but: SeatId | None = None


class Camera(BaseClientMessage):
    """Show nobody the camera of a seat, or everyone again (controller)."""

    type: Literal["camera"]
    seat: SeatId
    on: bool


Way = Annotated[int, Field(ge=-1, le=1)]


class MoveCamera(BaseClientMessage):
    """Move the camera of a room (controller): each axis -1 (left, down, out), 0, or 1 (right, up, in).

    It goes on for a second; a longer movement is commanded again meanwhile, and one of zeros ends it at once.
    """

    type: Literal["camera-move"]
    seat: SeatId
    pan: Way = 0
    tilt: Way = 0
    zoom: Way = 0
    focus: Way = 0

    @property
    def movement(self) -> CameraMovement:
        """Return the movement as a value of the media engine."""
        return CameraMovement(self.pan, self.tilt, self.zoom, self.focus)


class UseCameraPreset(BaseClientMessage):
    """Move the camera of a room to a stored position, or store its position there (controller)."""

    type: Literal["camera-preset"]
    seat: SeatId
    number: Annotated[int, Field(ge=0, le=14)]
    store: bool = False


class SelectCameraSource(BaseClientMessage):
    """Let the picture of a room come from another of its video sources (controller)."""

    type: Literal["camera-source"]
    seat: SeatId
    number: Annotated[int, Field(ge=1, le=15)]


class Rename(BaseClientMessage):
    """Show a point under another name in this meeting; its registered name stays (controller)."""

    type: Literal["rename"]
    point: SeatId
    label: Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)]


class Remove(BaseClientMessage):
    """Remove a point from the meeting, and keep it out until it is let back (controller)."""

    type: Literal["remove"]
    point: SeatId
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]


class LetBack(BaseClientMessage):
    """Let a removed point join again (controller)."""

    type: Literal["let-back"]
    point: SeatId


class Lower(BaseClientMessage):
    """Lower the hand of a seat (controller)."""

    type: Literal["lower"]
    seat: SeatId


class Arrangement(BaseMessage):
    """A whole layout of the composed picture; omitted fields have their defaults."""

    kind: LayoutKind
    focus: SeatId | None = None
    seats: Annotated[list[SeatId | None], Field(max_length=64)] = Field(default_factory=list)
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


class Hands(BaseClientMessage):
    """Set the queue: those named in their order, lowered hands among them again, and nobody else's (controller)."""

    type: Literal["hands"]
    seats: Annotated[list[SeatId], Field(max_length=1000)]


class Lock(BaseClientMessage):
    """Let nobody else join, or nobody else raise a hand (controller)."""

    type: Literal["lock"]
    room: bool
    hands: bool


class End(BaseClientMessage):
    """End the meeting for everyone (controller)."""

    type: Literal["end"]


class SetLayout(Arrangement, BaseClientMessage):
    """Set the layout of an audience (controller)."""

    type: Literal["layout"]
    audience: Audience = EVERYONE


class Preset(Arrangement):
    """A layout on a key of the console. It names points where a layout names seats, which change."""

    number: Annotated[int, Field(ge=1, le=6)]


class SetPreset(Preset, BaseClientMessage):
    """Replace a preset of the session (controller)."""

    type: Literal["preset"]

    @property
    def preset(self) -> Preset:
        """Return the preset alone."""
        return Preset(**self.model_dump(include=set(Preset.model_fields)))


class SameLayout(BaseClientMessage):
    """Give an audience the layout of everyone again (controller)."""

    type: Literal["layout-same"]
    audience: Audience


class Share(BaseClientMessage):
    """Share one's screen, or end that; a controller may end anybody's."""

    type: Literal["share"]
    on: bool


class Record(BaseClientMessage):
    """Start, pause or stop the recording (controller).

    `composed` says when the picture of one that starts is composed; None: as the profile says.
    """

    type: Literal["record"]
    on: bool
    pause: bool = False
    composed: ComposedWhen | None = None


class Voices(BaseClientMessage):
    """Record isolated tracks of each point beside the recording, or stop that (controller)."""

    type: Literal["voices"]
    on: bool


class Mark(BaseClientMessage):
    """Set a mark in the recording (controller)."""

    type: Literal["mark"]
    title: Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(printable)]


class Step(BaseClientMessage):
    """Go to an item of the script, or before the first one (controller)."""

    type: Literal["step"]
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None


class Admit(BaseClientMessage):
    """Admit a client of the waiting room, or turn it away (host and controllers)."""

    type: Literal["admit"]
    id: SeatId
    on: bool


class ReportFault(BaseClientMessage):
    """Report a fault at one's own point (Điều 13.2.c); controllers also at another's, and call the centre (`help`)."""

    type: Literal["report"]
    kind: IncidentKind
    text: Annotated[str, StringConstraints(max_length=500)] = ""
    seat: SeatId | None = None


class WriteChat(BaseClientMessage):
    """Write a message: host and controllers to everyone or to a point, a point to them (`to` null)."""

    type: Literal["chat"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
    to: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class OpenChat(BaseClientMessage):
    """Let points write to host and controllers, or no longer (host and controllers)."""

    type: Literal["chat-open"]
    on: bool


class SwitchCaptions(BaseClientMessage):
    """Be told what is said as text (`caption`), or no longer."""

    type: Literal["captions"]
    on: bool


class Assist(BaseClientMessage):
    """Direct the meeting from the centre, or give it back (central technicians)."""

    type: Literal["assist"]
    on: bool


class Redial(BaseClientMessage):
    """Call a room system again (controller)."""

    type: Literal["redial"]
    device: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class CallPoint(BaseClientMessage):
    """Call an absent point: its unit gets a letter, and its people see it on their first page (controller)."""

    type: Literal["call-point"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)]


class Ping(BaseClientMessage):
    """Ask for a `pong`: a page cannot see the pings of the WebSocket protocol."""

    type: Literal["ping"]


class Leave(BaseClientMessage):
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
    | Camera
    | MoveCamera
    | UseCameraPreset
    | SelectCameraSource
    | Rename
    | Remove
    | LetBack
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
    | CancelVote
    | ShowVote
    | SwitchCaptions
    | Assist
    | Redial
    | CallPoint
    | Ping
    | Leave,
    Field(discriminator="type"),
]
OF_DISPLAYS = (JoinAsDisplay, Offer, MediaState, View, OnePicture, CastVote, Ping, Leave)
"""The messages that a room display may send; :class:`JoinAsDisplay` only it."""
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


class CameraSource(BaseMessage):
    """A video source of a room, by its number in H.281; those from 6 on have a name."""

    number: int
    name: str


class ControllableCamera(BaseMessage):
    """A room's camera that controllers may move: along which axes, and how many positions it stores.

    `sources` are the video sources of a room that has several, `source` is the number of the one that is seen.
    """

    axes: list[CameraAxis]
    presets: int
    sources: list[CameraSource] = Field(default_factory=list)
    source: int = 0


class Seat(BaseMessage):
    """A place in the roster; absent points have one too, under the id of the point.

    `hidden` says that a controller shows nobody its camera; `control` is there where controllers may move it.
    """

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
    hidden: bool = False
    media: Media = "none"
    control: ControllableCamera | None = None


class Official(BaseMessage):
    """The official meeting time."""

    start: Instant
    end: Instant


class SessionInfo(BaseMessage):
    """The session, as everyone in the meeting may know it."""

    id: str
    title: str
    number: str
    host: str
    official: Official


class SessionState(BaseMessage):
    """The session was changed while it is held: another title, another end."""

    type: Literal["session"] = "session"
    session: SessionInfo


class LayoutState(Arrangement):
    """The layout for everyone, and those of audiences that have their `own`."""

    type: Literal["layout"] = "layout"
    own: dict[Audience, Arrangement] = Field(default_factory=dict)


class PresetsState(BaseMessage):
    """The presets of the session that were saved, by number (controllers only)."""

    type: Literal["presets"] = "presets"
    presets: list[Preset]


class RecordingState(BaseMessage):
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


class ComposingState(BaseMessage):
    """A closed part of the recording is composed afterwards: `percent` of it by now, 100 when it is ready (controllers
    only)."""

    type: Literal["composing"] = "composing"
    part: int
    percent: int
    ready: Instant | None


class StorageState(BaseMessage):
    """Free space for recordings, as `hours` that can still be recorded (controllers only)."""

    type: Literal["storage"] = "storage"
    level: Literal["ok", "low", "full"]
    hours: float


class Marked(BaseMessage):
    """The mark is set, `seconds` after the recording's beginning."""

    type: Literal["marked"] = "marked"
    title: str
    seconds: float


class ScriptedItem(BaseMessage):
    """An item of the script; `spent` is how many seconds it was on, until the state's `since` when it is on now."""

    id: str
    title: str
    point: str | None
    layout: str | None
    minutes: int
    kind: ItemKind
    spent: int


class ScriptState(BaseMessage):
    """The script and which item is on since when (controllers only)."""

    type: Literal["script"] = "script"
    items: list[ScriptedItem]
    at: str | None
    since: Instant | None


class Agenda(BaseMessage):
    """The item of the script that is `on` since when, and the title of the `next` one: what everyone may know of it."""

    type: Literal["agenda"] = "agenda"
    on: ScriptedItem | None = None
    since: Instant | None = None
    next: str | None = None


class OnDuty(BaseMessage):
    """The technician of the centre who is on duty for the session, and their telephone."""

    name: str
    phone: str


class ChatMessage(BaseMessage):
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


class ChatHistory(BaseMessage):
    """The latest messages, oldest first; `open` says whether points may write to the chair."""

    open: bool
    messages: list[ChatMessage]


class ChatOpenState(BaseMessage):
    """Points may write to the chair from now on, or no longer."""

    type: Literal["chat-open"] = "chat-open"
    on: bool


class Locks(BaseMessage):
    """The locks of a meeting: nobody else may join, nobody else may raise a hand."""

    type: Literal["locks"] = "locks"
    room: bool = False
    hands: bool = False


class Joined(BaseMessage):
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
    heard: list[str]
    chat: ChatHistory
    vote: VoteState | None
    captions: bool
    wanted: int
    now: Instant


class Seats(BaseMessage):
    """Changes of the roster."""

    type: Literal["seats"] = "seats"
    changed: list[Seat]
    gone: list[str]


class Answer(BaseMessage):
    """The SDP answer to `offer`."""

    type: Literal["answer"] = "answer"
    sdp: str


class ViewState(BaseMessage):
    """The view of the client from now on."""

    type: Literal["view"] = "view"
    source: str


class OnePictureState(BaseMessage):
    """A controller wants everyone to get the layout as one composed picture, or no longer does."""

    type: Literal["one-picture-all"] = "one-picture-all"
    on: bool


class Speaking(BaseMessage):
    """The seat of the active speaker, or none."""

    type: Literal["speaking"] = "speaking"
    seat: str | None


class Caption(BaseMessage):
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


class CaptionsState(BaseMessage):
    """Captions are complete (``on``), leave out what is said (``behind``), or do not come at all (``away``)."""

    type: Literal["captions"] = "captions"
    state: CaptionWord


class GivesWay(BaseMessage):
    """The code went to an emergency: the meeting ends at that time (A25)."""

    type: Literal["gives-way"] = "gives-way"
    at: Instant


class LevelsState(BaseMessage):
    """Levels of the audible seats with the floor, in whole dBov by seat (host and controllers only)."""

    type: Literal["levels"] = "levels"
    levels: dict[str, int]


class Heard(BaseMessage):
    """The seats from which sound comes, in the order of their ids."""

    type: Literal["heard"] = "heard"
    seats: list[str]


class ContentState(BaseMessage):
    """The seat whose screen is shared, or none."""

    type: Literal["content"] = "content"
    seat: str | None


class WantedHeight(BaseMessage):
    """Height in pixels at which the client's camera is shown; simulcast layers that are larger than needed can rest."""

    type: Literal["wanted"] = "wanted"
    lines: int


class ShownTile(BaseMessage):
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


class TilesState(BaseMessage):
    """The cameras that the client is forwarded one by one; without `tiles` it gets one picture again."""

    type: Literal["tiles"] = "tiles"
    tiles: list[ShownTile]
    width: int
    height: int
    heading: int
    title: str
    clock: bool


class IncidentState(BaseMessage):
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


class WeakLine(BaseMessage):
    """A line that loses too much: percents lost, jitter and round trip in milliseconds."""

    seat: str
    loss: int
    jitter: int
    round_trip: int


class LinesState(BaseMessage):
    """The weak lines."""

    type: Literal["lines"] = "lines"
    weak: list[WeakLine]


class AssistState(BaseMessage):
    """From which seat the centre directs the meeting since when, or that it does not (controllers only)."""

    type: Literal["assist"] = "assist"
    seat: str | None
    name: str | None
    since: Instant | None


class CalledSystem(BaseMessage):
    """A room system that the centre calls: time of the next call, last SIP status (0: no response).

    `account`: it asked for a user name and password that it has not been given, or refused them. `gatekeeper`: why
    that of H.323 did not admit the call. `media`: its sound or
    picture comes from `media_from` (an IP address) instead of the address that it named: taken, or dropped.
    """

    device: str
    point: str
    name: str
    state: CallWord
    at: Instant | None
    status: int
    account: AccountWord = ""
    gatekeeper: GatekeeperWord = ""
    protection: ProtectionWord = ""
    media: MediaWord = ""
    media_from: str = ""


class CalledPoint(BaseMessage):
    """An absent point that was called; `seen`: since when its people know, null while they do not."""

    point: str
    at: Instant
    seen: Instant | None


class CalledState(BaseMessage):
    """Absent points that were called and have not come (host and controllers only)."""

    type: Literal["called"] = "called"
    points: list[CalledPoint]


class RemovedPoint(BaseMessage):
    """A point that a controller removed, and why."""

    point: str
    reason: str
    at: Instant


class RemovedState(BaseMessage):
    """Points that were removed and not let back (host and controllers only)."""

    type: Literal["removed"] = "removed"
    points: list[RemovedPoint]


class CallsState(BaseMessage):
    """State of the calls of room systems of the session (host and controllers only)."""

    type: Literal["calls"] = "calls"
    calls: list[CalledSystem]


class Knock(BaseMessage):
    """A point in the waiting room, which was not invited."""

    id: str
    account: str
    point: str
    name: str
    label: str
    since: Instant


class DoorState(BaseMessage):
    """The points in the waiting room (host and controllers only)."""

    type: Literal["door"] = "door"
    waiting: list[Knock]


class Waiting(BaseMessage):
    """The reply to `join` for a point that is not invited: it waits until the host admits it or turns it away."""

    type: Literal["waiting"] = "waiting"
    host: str


class Admitted(BaseMessage):
    """The host lets the client in: it may join now."""

    type: Literal["admitted"] = "admitted"


class Renew(BaseMessage):
    """The media worker was replaced: make a new peer connection and offer again.

    With `keep` the room moves: the connection before goes on, and is shown until `moved` comes.
    """

    type: Literal["renew"] = "renew"
    keep: bool = False


class Moved(BaseMessage):
    """Everybody who could has connected where the room moved to: show the new connection, and end the one before."""

    type: Literal["moved"] = "moved"


class Pong(BaseMessage):
    """The reply to `ping`."""

    type: Literal["pong"] = "pong"


class Bye(BaseMessage):
    """The socket closes after this; `text` says why a controller removed the point."""

    type: Literal["bye"] = "bye"
    reason: Farewell
    text: str | None = None


class Error(BaseMessage):
    """A message could not be obeyed; the connection goes on."""

    type: Literal["error"] = "error"
    error: Word
    text: str
    opens: Instant | None = None


ServerMessage = (
    Joined | SessionState | Seats | LayoutState | PresetsState | RecordingState | ComposingState | StorageState
    | ScriptState | Agenda | Marked | Answer | ViewState | OnePictureState | Speaking | GivesWay | LevelsState | Heard
    | ContentState | WantedHeight | TilesState | IncidentState | LinesState | AssistState | CallsState | CalledState
    | RemovedState | DoorState | Waiting | Admitted | Renew | Moved | ChatMessage | ChatOpenState | VoteState
    | VoteTaken | VoteCast | Locks | Caption | CaptionsState | Pong | Bye | Error
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
    text = message.model_dump_json(exclude_none=isinstance(message, Error | Bye))
    if ref is None:
        return text
    return f'{text[:-1]},"ref":{_REF.dump_json(ref).decode()}}}'


_REF: TypeAdapter[str] = TypeAdapter(str)


def _explain(error: Invalid) -> str:
    """Return the first faulty field of an error, without its value."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, int | str))[:80]
    return f"{place}: {first['type']}" if place else first["type"]
