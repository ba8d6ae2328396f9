"""The WebSocket messages of all features in both directions (docs/protocol.md), and their codec.

Pure: text in, values out, and back.
"""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter
from pydantic import ValidationError as Invalid
from pydantic_core import from_json

from signaling.core.characters import misplaced
from signaling.core.errors import MessageError
from signaling.messages.base import BaseMessage, Instant
from signaling.messages.calls import CalledState, CallPoint, CallsState, Redial
from signaling.messages.captions import Caption, CaptionsState, SwitchCaptions
from signaling.messages.chat import ChatHistory, ChatMessage, ChatOpenState, OpenChat, WriteChat
from signaling.messages.incidents import Assist, AssistState, ClockState, IncidentState, LinesState, ReportFault
from signaling.messages.joining import (
    Admit,
    Admitted,
    Bye,
    DoorState,
    End,
    EnterTestRoom,
    Join,
    JoinAsDisplay,
    Leave,
    Moved,
    OnDuty,
    Ping,
    Pong,
    Renew,
    SessionInfo,
    SessionState,
    Waiting,
)
from signaling.messages.layouts import LayoutState, Preset, PresetsState, SameLayout, SetLayout, SetPreset
from signaling.messages.media import (
    Answer,
    ContentState,
    MediaState,
    Offer,
    OnePicture,
    OnePictureForAll,
    OnePictureState,
    Playback,
    Share,
    TilesState,
    View,
    ViewState,
    WantedHeight,
)
from signaling.messages.neighbours import NeighboursState
from signaling.messages.recording import ComposingState, Mark, Marked, Record, RecordingState, StorageState, Voices
from signaling.messages.script import Agenda, ScriptState, Step
from signaling.messages.seats import (
    Camera,
    Floor,
    FloorAbove,
    Gain,
    GivesWay,
    Hand,
    Hands,
    Heard,
    LetBack,
    LevelsState,
    Lock,
    Locks,
    Lower,
    MoveCamera,
    MuteAll,
    Remove,
    RemovedState,
    Rename,
    Seat,
    Seats,
    SelectCameraSource,
    Speaking,
    UseCameraPreset,
)
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
from signaling.messages.words import Role, Word

MAX_BYTES = 192 * 1024
"""Size of a client message: an SDP of 128 KiB with the line ends escaped that JSON wants."""
MAX_PLACE = 80
"""Longest name of a faulty field in an error."""
ClientMessage = Annotated[
    Join
    | JoinAsDisplay
    | EnterTestRoom
    | Offer
    | Hand
    | MediaState
    | Playback
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
    | FloorAbove
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
OF_DISPLAYS = (JoinAsDisplay, Offer, MediaState, Playback, View, OnePicture, CastVote, Ping, Leave)
"""The messages that a room display may send; :class:`JoinAsDisplay` only it."""
_CLIENT: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)


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


class Error(BaseMessage):
    """A message could not be obeyed; the connection goes on."""

    type: Literal["error"] = "error"
    error: Word
    text: str
    opens: Instant | None = None


ServerMessage = (
    Joined | SessionState | Seats | LayoutState | PresetsState | RecordingState | ComposingState | StorageState
    | ScriptState | Agenda | Marked | Answer | ViewState | OnePictureState | Speaking | GivesWay | LevelsState
    | Heard | ContentState | WantedHeight | TilesState | IncidentState | LinesState | ClockState | AssistState
    | CallsState | CalledState | NeighboursState | RemovedState | DoorState | Waiting | Admitted | Renew
    | Moved | ChatMessage | ChatOpenState | VoteState | VoteTaken | VoteCast | Locks | Caption | CaptionsState
    | Pong | Bye | Error
)  # fmt: skip


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
    place = misplaced(value)
    if place is not None:
        raise MessageError("bad-message", f"{place[:MAX_PLACE]}: bad-characters".removeprefix(": "), ref_of(value))
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
    place = ".".join(str(part) for part in first["loc"] if isinstance(part, int | str))[:MAX_PLACE]
    return f"{place}: {first['type']}" if place else first["type"]
