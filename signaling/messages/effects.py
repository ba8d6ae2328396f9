"""Effects of a meeting: plain values that `signaling.meeting.runner` carries out in order."""

from collections.abc import Mapping
from dataclasses import dataclass

from mediaserver.api import EVERYONE, CameraMovement, ComposedWhen, Layout, SeatOptions
from scheduler.core.model import ScriptItem
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from signaling.core.account import Source
from signaling.messages.chat import ChatMessage
from signaling.messages.layouts import Preset
from signaling.messages.server import ServerMessage
from signaling.messages.words import Farewell


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to one client."""

    client: str
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class TellAll:
    """Send a message to every client of the meeting."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Hang:
    """Say bye to a client and close its socket; `text` is what a controller says of it."""

    client: str
    reason: Farewell
    text: str | None = None


@dataclass(frozen=True, slots=True)
class LetIn:
    """Tell a client in the waiting room that it may join."""

    client: str


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Open the room in the media engine."""


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Close the room in the media engine."""


@dataclass(frozen=True, slots=True)
class SetNames:
    """Tell the media engine the title, and the names of points that may be pinned while they are absent."""

    title: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AddSeat:
    """Add a seat to the room."""

    options: SeatOptions


@dataclass(frozen=True, slots=True)
class RemoveSeat:
    """Remove a seat from the room, with its transport."""

    seat: str


@dataclass(frozen=True, slots=True)
class SetFloor:
    """Open or close the floor of a seat in the room."""

    seat: str
    open: bool


@dataclass(frozen=True, slots=True)
class SetGain:
    """Set the gain of a voice in decibels."""

    seat: str
    decibels: int


@dataclass(frozen=True, slots=True)
class MoveCamera:
    """Move the camera of a room system, or stop it."""

    seat: str
    movement: CameraMovement


@dataclass(frozen=True, slots=True)
class UseCameraPreset:
    """Move the camera of a room system to a stored position, or store its position."""

    seat: str
    number: int
    store: bool


@dataclass(frozen=True, slots=True)
class SelectCameraSource:
    """Let the picture of a room system come from another of its video sources."""

    seat: str
    number: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Record that a device got the floor, or lost it.

    `place` is its position in the queue, `topic` its subject; `by` is the account that took the floor itself, empty if
    it was given.
    """

    point: str
    name: str
    open: bool
    place: int = 0
    topic: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class StoreChat:
    """Store a chat message with the record of the session."""

    message: ChatMessage


@dataclass(frozen=True, slots=True)
class Redialled:
    """Record how the connection of a device was lost and came back."""

    redials: tuple[ReconnectAttempt, ...]


@dataclass(frozen=True, slots=True)
class Arrange:
    """Set the layout of an audience; None: that of everyone."""

    layout: Layout | None
    audience: str = EVERYONE


@dataclass(frozen=True, slots=True)
class SetContent:
    """Show the shared screen of a seat, or none."""

    seat: str | None


@dataclass(frozen=True, slots=True)
class RefuseShare:
    """Refuse a room system to show its slides."""

    seat: str


@dataclass(frozen=True, slots=True)
class SetView:
    """Show a seat another source."""

    seat: str
    source: str
    lines: int = 0


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the room into its next part; `by` is the account that asked, or empty.

    `composed` says when its picture is composed.
    """

    by: str
    composed: ComposedWhen = "live"


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Pause the recording, or go on."""

    paused: bool


@dataclass(frozen=True, slots=True)
class RecordVoices:
    """Record an isolated track of each point beside the recording, or stop that."""

    on: bool


@dataclass(frozen=True, slots=True)
class MarkRecording:
    """Set a chapter mark; `by` is the client that is told so, None for a step of the script."""

    title: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Close the recording; `reason` is a machine word if nobody asked for that, or while it pauses."""

    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Direct:
    """Record that an account controls the meeting alone from now on, or gave it back; `centre`: it is the centre's."""

    by: str
    on: bool
    centre: bool


@dataclass(frozen=True, slots=True)
class Note:
    """Record in the audit log what an account did in the meeting, and from where."""

    by: str
    source: Source
    action: str
    detail: str


@dataclass(frozen=True, slots=True)
class NotifyPoint:
    """Notify the unit of an absent point that the account `by` calls it."""

    point: str
    by: str


@dataclass(frozen=True, slots=True)
class StoreStep:
    """Record that the script is at an item from now on, or at none any more."""

    item: ScriptItem | None


@dataclass(frozen=True, slots=True)
class StorePresets:
    """Store the layout presets of the session."""

    presets: tuple[Preset, ...]


@dataclass(frozen=True, slots=True)
class StoreSpeaking:
    """Record for how many more seconds points were the active speaker."""

    seconds: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SetCaptions:
    """Recognize what is said for captions, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class Release:
    """Stop counting a leg in the join guard."""

    leg: str


Effect = (
    Tell
    | TellAll
    | Hang
    | LetIn
    | OpenRoom
    | CloseRoom
    | SetNames
    | AddSeat
    | RemoveSeat
    | SetFloor
    | SetGain
    | MoveCamera
    | UseCameraPreset
    | SelectCameraSource
    | Speak
    | StoreChat
    | StorePresets
    | NotifyPoint
    | StoreStep
    | StoreSpeaking
    | Redialled
    | Arrange
    | SetContent
    | RefuseShare
    | SetView
    | StartRecording
    | PauseRecording
    | RecordVoices
    | MarkRecording
    | StopRecording
    | Direct
    | Note
    | SetCaptions
    | Release
)
