"""A seat of a room whose transport is at another media worker: its camera and its screen as they come by a pipe.

Composed pictures come likewise (:mod:`mediaserver.pipe.remote_picture`).
"""

from abc import ABC, abstractmethod
from typing import Any, Literal, NamedTuple, Protocol

from mediaserver.peer.simulcast import SimulcastCamera, SimulcastLayer
from mediaserver.rtp.nack import NackGenerator
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import mark_keyframes
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.source import FlushQueue, Sink

Kind = Literal["camera", "content", "composed"]
"""What a layer belongs to: a seat's camera, its shared screen, or a composed picture."""


class OfferedLayer(NamedTuple):
    """A layer of a camera or a screen that the other worker has; it takes at most `most` bit/s."""

    kind: Kind
    rid: str
    codec: str
    height: int
    most: int
    active: bool
    """Whether it is sent."""


class Offer(NamedTuple):
    """The layers of a seat that its worker has; `poor`: its connection loses many packets on the way there."""

    poor: bool = False
    layers: tuple[OfferedLayer, ...] = ()


class WantedLayer(NamedTuple):
    """A layer that a worker wants; `high`: all who follow it there decode H.264 of profile High."""

    kind: Kind
    rid: str
    high: bool = False


class Want(NamedTuple):
    """A worker wants of a seat its camera at a height of `lines` pixels, and layers by kind and RID."""

    lines: int = 0
    layers: tuple[WantedLayer, ...] = ()


def read_offer(value: Any) -> Offer:
    """Read an offer as it comes by a pipe. Raises ValueError."""
    match value:
        case [bool(poor), list(layers)]:
            return Offer(poor, tuple(map(_layer, layers)))
    raise ValueError("an offer of another shape")


def _layer(value: Any) -> OfferedLayer:
    match value:
        case ["camera" | "content" as kind, str(rid), str(codec), int(height), int(most), bool(active)]:
            return OfferedLayer(kind, rid, codec, height, most, active)
    raise ValueError("a layer of another shape")


def read_want(value: Any) -> Want:
    """Read what is wanted as it comes by a pipe. Raises ValueError."""
    match value:
        case [int(lines), list(layers)]:
            return Want(lines, tuple(map(_named, layers)))
    raise ValueError("a want of another shape")


def _named(value: Any) -> WantedLayer:
    match value:
        case ["camera" | "content" | "composed" as kind, str(rid)]:
            return WantedLayer(kind, rid)
        case ["composed" as kind, str(rid), bool(high)]:
            return WantedLayer(kind, rid, high)
    raise ValueError("the name of a layer of another shape")


def write_want(wanted: Want) -> Any:
    """Return what is wanted as :func:`read_want` takes it; None for nothing."""
    layers = [[each.kind, each.rid, *([True] if each.high else [])] for each in wanted.layers]
    return [wanted.lines, layers] if wanted.lines or layers else None


class SeatPipe(Protocol):
    """The pipe to the worker of a seat, or of a composed picture."""

    @property
    def alive(self) -> bool:
        """Return whether the other worker was heard lately."""

    def want(self, room: str, seat: str, wanted: Want) -> None:
        """Ask for these layers of a seat and for no others."""

    def ask_keyframe(self, ssrc: int) -> None:
        """Ask for a key frame of a stream."""


class RemoteLayer(SimulcastLayer):
    """A layer that comes by a pipe while somebody follows it here."""

    def __init__(self, seat: "RemoteSource", offered: OfferedLayer) -> None:
        super().__init__(
            f"{offered.kind}:{seat.seat}", offered.codec, seat.flush_queue, 0, 1.0, seat.pipe.ask_keyframe, offered.rid
        )
        self._seat = seat
        self.kind = offered.kind
        self.offer(offered)

    def offer(self, offered: OfferedLayer) -> None:
        """Take what is known of it."""
        self.offered = offered
        self.height, self.most = offered.height, offered.most

    def begin(self, ssrc: int) -> ReceiveStats:
        """Take it from another stream of the pipe, whose numbers begin anew; return the statistics of that stream."""
        self.ssrc, self.nack, self.receive_stats, self._octets = ssrc, NackGenerator(), ReceiveStats(), 0
        self._cache.clear()
        self.feed_from(self.receive_stats)
        return self.receive_stats

    def attach(self, sink: Sink) -> None:
        """Send packets to `sink` from now on."""
        super().attach(sink)
        self._seat.want()

    def detach(self, sink: Sink) -> None:
        """Stop sending to `sink`."""
        super().detach(sink)
        self._seat.want()

    @property
    def high(self) -> bool:
        """Return whether its encoder may use H.264 of profile High: cameras are not ours to encode."""
        return False

    def active(self, now: float) -> bool:
        """Return whether the other worker has it, and is there."""
        return self.offered.active and self._seat.pipe.alive

    def ask(self) -> None:
        """Send a PLI; before its first packet none is needed, as it begins with a key frame."""
        if self.ssrc:
            super().ask()

    def take(self, packets: list[Packet], now: float) -> list[int]:
        """Take consecutive packets of its stream; return the sequence numbers to request again."""
        mark_keyframes(self.codec, packets)
        missing = self.receive(packets, now)
        self.receive_stats.steady, self.receive_stats.payload_type = True, packets[0].payload_type
        return missing


class RemoteSource(ABC):
    """A seat or a composed picture at another worker: its layers, of which we ask for those that somebody follows."""

    def __init__(self, room: str, seat: str, flush_queue: FlushQueue, pipe: SeatPipe) -> None:
        self._room = room
        self.seat, self.flush_queue, self.pipe = seat, flush_queue, pipe
        self._lines = 0
        self._replaced: list[RemoteLayer] = []
        """Layers whose sinks are still to follow the one in their place."""
        self._closed = False

    @property
    @abstractmethod
    def layers(self) -> list[RemoteLayer]:
        """Return all its layers."""

    @abstractmethod
    def _replace(self, layer: RemoteLayer) -> RemoteLayer:
        """Put another layer in place of one, and return it."""

    def find(self, kind: str, rid: str) -> RemoteLayer | None:
        """Return a layer; None where its worker has none such."""
        return next((layer for layer in self.layers if (layer.kind, layer.rid) == (kind, rid)), None)

    def renew(self, layer: RemoteLayer) -> RemoteLayer:
        """Return a layer in place of one that comes in another stream from now on; sinks follow it at a key frame."""
        self._replaced.append(layer)
        return self._replace(layer)

    def want(self) -> None:
        """Ask its worker for the layers that somebody follows here."""
        if self._closed:
            return
        self._replaced = [layer for layer in self._replaced if layer.sinks]
        high: dict[tuple[Kind, str], bool] = {}
        for layer in (*self.layers, *self._replaced):
            if layer.sinks:
                high[layer.kind, layer.rid] = layer.high and high.get((layer.kind, layer.rid), True)
        layers = (WantedLayer(*named, each) for named, each in sorted(high.items()))
        self.pipe.want(self._room, self.seat, Want(self._lines, tuple(layers)))

    def close(self) -> None:
        """Ask for nothing any more, and forget the packets that came."""
        self._closed = True
        for layer in self.layers:
            layer.forget_packets()


class RemoteSeat(RemoteSource):
    """Camera and screen of a seat at another worker."""

    def __init__(self, room: str, seat: str, flush_queue: FlushQueue, pipe: SeatPipe) -> None:
        super().__init__(room, seat, flush_queue, pipe)
        self.camera, self.content = SimulcastCamera(), SimulcastCamera()
        self.poor = False
        """Whether its connection loses many packets on the way to its worker."""

    def take(self, offer: Offer) -> None:
        """Take the layers that its worker has now."""
        self.poor = offer.poor
        layers = {(layer.kind, layer.rid, layer.codec): layer for layer in self.layers}
        found = []
        for each in offer.layers:
            layer = layers.get((each.kind, each.rid, each.codec)) or RemoteLayer(self, each)
            layer.offer(each)
            found.append(layer)
        for camera, kind in ((self.camera, "camera"), (self.content, "content")):
            camera.layers = sorted((layer for layer in found if layer.kind == kind), key=lambda each: each.height)

    def watch(self, lines: int) -> None:
        """Have its camera sent at the height at which it is watched here, in pixels."""
        if lines != self._lines:
            self._lines = lines
            self.want()

    def _replace(self, layer: RemoteLayer) -> RemoteLayer:
        made = RemoteLayer(self, layer.offered)
        for camera in (self.camera, self.content):
            camera.layers = [made if each is layer else each for each in camera.layers]
        return made

    @property
    def layers(self) -> list[RemoteLayer]:
        """Return all its layers."""
        both = (*self.camera.layers, *self.content.layers)
        return [layer for layer in both if isinstance(layer, RemoteLayer)]
