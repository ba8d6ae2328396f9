"""WebSocket messages about the media of a client: its connection, its view, its screen. Pure."""

from dataclasses import asdict
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from mediaserver.api import TileIcon, TilesForwarded
from signaling.messages.base import BaseClientMessage, BaseMessage


class Offer(BaseClientMessage):
    """Connect media; a new offer replaces the old transport."""

    type: Literal["offer"]
    sdp: Annotated[str, StringConstraints(min_length=1)]


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


class Share(BaseClientMessage):
    """Share one's screen, or end that; a controller may end anybody's."""

    type: Literal["share"]
    on: bool


class Playback(BaseClientMessage):
    """Tell what the page measured in the last ten seconds, for people to see (W3C webrtc-stats).

    Times are in milliseconds: for how long pictures stood still, how long a picture took to decode. `lost` is the share
    (0 to 1) of packets that did not come, `dropped` that of pictures that were not shown, `fps` those shown a second.
    """

    type: Literal["playback"]
    lost: Annotated[float, Field(ge=0, le=1)]
    frozen_ms: Annotated[float, Field(ge=0, le=60_000)]
    decode_ms: Annotated[float, Field(ge=0, le=10_000)] | None
    dropped: Annotated[float, Field(ge=0, le=1)]
    fps: Annotated[float, Field(ge=0, le=240)]
    limited: Literal["", "cpu", "bandwidth"]
    path: Literal["udp", "tcp", "relay"]


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
