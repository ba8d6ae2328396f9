"""WebSocket messages about recordings and their storage. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from mediaserver.api import ComposedWhen
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, printable


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
