"""WebSocket messages about seats: the floor, microphones, cameras, names, and who is seen and heard. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from mediaserver.api import CameraAxis, CameraMovement
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, SeatId, one_line, printable
from signaling.messages.words import Media, Role

MAX_TOPIC = 200
MAX_GAIN = 12
"""Range of the gain of a voice, in decibels."""


class Hand(BaseClientMessage):
    """Raise or lower one's own hand; `topic` is what one wants to speak about, and may be told later."""

    type: Literal["hand"]
    raised: bool
    topic: Annotated[str, StringConstraints(max_length=MAX_TOPIC), AfterValidator(one_line)] = ""


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


class FloorAbove(BaseClientMessage):
    """Ask the system above for the floor for a point here; without one take that back, or give the floor back
    (controller)."""

    type: Literal["floor-above"]
    point: SeatId | None = None


class Hands(BaseClientMessage):
    """Set the queue: those named in their order, lowered hands among them again, and nobody else's (controller)."""

    type: Literal["hands"]
    seats: Annotated[list[SeatId], Field(max_length=1000)]


class Lock(BaseClientMessage):
    """Let nobody else join, or nobody else raise a hand (controller)."""

    type: Literal["lock"]
    room: bool
    hands: bool


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


class Locks(BaseMessage):
    """The locks of a meeting: nobody else may join, nobody else may raise a hand."""

    type: Literal["locks"] = "locks"
    room: bool = False
    hands: bool = False


class Seats(BaseMessage):
    """Changes of the roster."""

    type: Literal["seats"] = "seats"
    changed: list[Seat]
    gone: list[str]


class Speaking(BaseMessage):
    """The seat of the active speaker, or none."""

    type: Literal["speaking"] = "speaking"
    seat: str | None


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


class RemovedPoint(BaseMessage):
    """A point that a controller removed, and why."""

    point: str
    reason: str
    at: Instant


class RemovedState(BaseMessage):
    """Points that were removed and not let back (host and controllers only)."""

    type: Literal["removed"] = "removed"
    points: list[RemovedPoint]
