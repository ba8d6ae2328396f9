"""What a conference wants done: plain values that `signaling.meeting.runner` carries out in order."""

from collections.abc import Mapping
from dataclasses import dataclass

from mediaserver.api import EVERYONE, Layout, SeatOptions
from scheduler.operations.attendance.presence_intervals import ReconnectAttempt
from signaling.messages.server import Farewell, ServerMessage


@dataclass(frozen=True, slots=True)
class Tell:
    """Send a message to one client."""

    client: str
    message: ServerMessage


@dataclass(frozen=True, slots=True)
class TellAll:
    """Send a message to every client of the conference."""

    message: ServerMessage


@dataclass(frozen=True, slots=True)
class Hang:
    """Say bye to a client and close its socket."""

    client: str
    reason: Farewell


@dataclass(frozen=True, slots=True)
class LetIn:
    """Tell a client that waits at the door that it may join."""

    client: str


@dataclass(frozen=True, slots=True)
class OpenRoom:
    """Open the room in the media engine."""


@dataclass(frozen=True, slots=True)
class CloseRoom:
    """Close the room in the media engine."""


@dataclass(frozen=True, slots=True)
class SetNames:
    """Tell the media engine the title, and the names of those who may be pinned while they are away."""

    title: str
    names: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class AddSeat:
    """Seat a leg in the room."""

    options: SeatOptions


@dataclass(frozen=True, slots=True)
class RemoveSeat:
    """Take a leg out of the room, with its transport."""

    seat: str


@dataclass(frozen=True, slots=True)
class SetFloor:
    """Open or close the floor of a seat in the room."""

    seat: str
    open: bool


@dataclass(frozen=True, slots=True)
class SetGain:
    """Make the voice of a seat louder or softer."""

    seat: str
    decibels: int


@dataclass(frozen=True, slots=True)
class Speak:
    """Note that a device was given the floor, at which place in the queue and about what, or that it lost it; `by` is
    the account that opened it for itself, empty where it was invited."""

    point: str
    name: str
    open: bool
    place: int = 0
    topic: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class Redialled:
    """Note what happened to the connection of a device."""

    redials: tuple[ReconnectAttempt, ...]


@dataclass(frozen=True, slots=True)
class Arrange:
    """Arrange the picture composed for an audience; None: as everyone's."""

    layout: Layout | None
    audience: str = EVERYONE


@dataclass(frozen=True, slots=True)
class SetContent:
    """Show somebody's shared screen, or nobody's."""

    seat: str | None


@dataclass(frozen=True, slots=True)
class SetView:
    """Show a seat another source."""

    seat: str
    source: str
    lines: int = 0


@dataclass(frozen=True, slots=True)
class StartRecording:
    """Record the room into its next part; `by` is an account, or empty when nobody asked."""

    by: str


@dataclass(frozen=True, slots=True)
class PauseRecording:
    """Leave out what happens from now on, or go on."""

    paused: bool


@dataclass(frozen=True, slots=True)
class RecordVoices:
    """Keep the sound of each point in a file of its own beside the recording, or no longer."""

    on: bool


@dataclass(frozen=True, slots=True)
class MarkRecording:
    """Set a mark where the recording is; `by` is the client who is told so, None for a step of the script."""

    title: str
    by: str | None = None


@dataclass(frozen=True, slots=True)
class StopRecording:
    """Close the recording; `reason` is a machine word when nobody asked for that, or while it pauses."""

    by: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Direct:
    """Note that an account of the centre directs the meeting from now on, or gave it back."""

    by: str
    on: bool


@dataclass(frozen=True, slots=True)
class Release:
    """Give a leg back to the join guard."""

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
    | Speak
    | Redialled
    | Arrange
    | SetContent
    | SetView
    | StartRecording
    | PauseRecording
    | RecordVoices
    | MarkRecording
    | StopRecording
    | Direct
    | Release
)
