"""A seat's camera: up to three simulcast layers, each a source of its own, and the compositor's input for one of
them."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable
from math import inf
from statistics import median

from mediaserver.api import TOP_HEIGHT
from mediaserver.rtp.bitrate import Bitrate
from mediaserver.rtp.frame_assembler import Frame, FrameAssembler, FrameQueue
from mediaserver.rtp.inbound_stream import ACTIVE_S
from mediaserver.rtp.nack import NackGenerator
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.packet_cache import kept_packets
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.rtcp import SenderReport
from mediaserver.rtp.source import FlushQueue, Sink, Source, VideoSource
from mediaserver.rtp.temporal_layers import temporal_shares
from mediaserver.video.quality import layer_bitrate

TRANSIT_REPORTS = 9
"""Sender reports over which the median transit is taken: single packets may have been late by themselves."""
SHARES_PACKETS, SHARES_S = 128, 3.0
"""Packets of which the shares of the temporal layers are taken, and the seconds for which these count."""


class SimulcastLayer(VideoSource):
    """One simulcast layer: `share` is its height over the camera's, `rid` its name, empty when it is the only one; it
    takes at most `most` bit/s, 0 for what pages are set to."""

    def __init__(
        self,
        name: str,
        codec: str,
        flush_queue: FlushQueue,
        ssrc: int,
        share: float,
        ask: Callable[[int], None],
        rid: str = "",
        most: int = 0,
    ) -> None:
        self.height = round(TOP_HEIGHT * share)
        super().__init__(name, codec, flush_queue, kept_packets(layer_bitrate(self.height)))
        self.ssrc = ssrc
        self.rid = rid
        self.most = most or layer_bitrate(self.height)
        self._ask = ask
        self.nack = NackGenerator()
        self.receive_stats = ReceiveStats()
        self.bitrate = Bitrate()
        self._octets = 0
        """Bytes of payload received until its bitrate was measured last."""
        self._shares: tuple[float, ...] = (1.0,)
        self._shares_at = -SHARES_S
        """Time at which they were taken."""
        self._transits = deque[float](maxlen=TRANSIT_REPORTS)

    def receive(self, packets: list[Packet], now: float) -> list[int]:
        """Take packets of consecutive numbers; return the sequence numbers to request again.

        A packet that was repaired or came before is left out: no viewer may be sent two under one number.
        """
        if not self.active(now):
            self._transits.clear()  # its sender's clock went on at a pace of its own
        first, count, receive_stats = packets[0].sequence, len(packets), self.receive_stats
        if receive_stats.received:
            self.nack.newest = receive_stats.highest
        receive_stats.receive(first, count)
        receive_stats.heard = now
        receive_stats.octets += sum([len(packet.payload) for packet in packets])
        if not self.nack.follows(first):
            packets = [packet for packet in packets if self.recall(packet.sequence) is None]
        missing = self.nack.receive(first, now, count)
        self.push(*packets)  # padding too, or its number would be a hole to everyone
        if not self.sinks:
            self.nack.forget()
            return []
        return missing

    def reported(self, report: SenderReport, now: float) -> float | None:
        """Take a sender report; return the transit of the newest packet in seconds, None when that packet is gone."""
        self.receive_stats.reported(report, now)
        newest = self.recall(self.receive_stats.highest)
        if newest is None:
            return None
        transit = self.receive_stats.transit(newest.timestamp, self.heard, VIDEO_CLOCK)
        self._transits.append(transit)
        return transit

    @property
    def transit(self) -> float | None:
        """Return the median transit of its packets in seconds (see :meth:`ReceiveStats.transit`); None while
        unknown."""
        return median(self._transits) if self._transits else None

    @property
    def heard(self) -> float:
        """Return when its last packet came, in seconds."""
        return self.receive_stats.heard

    def repair(self, packet: Packet, now: float) -> None:
        """Take a retransmission, unless it repairs nothing: senders also pad with packets that came long ago."""
        if self.nack.misses(packet.sequence):
            self.nack.receive(packet.sequence, now)
            self.push(packet)

    def detach(self, sink: Sink) -> None:
        """Stop sending to `sink`."""
        super().detach(sink)
        if not self.sinks:
            self.nack.forget()

    def rests(self, now: float) -> bool:
        """Return whether nothing must be requested until a new hole appears, :meth:`ask` is called or it sends
        again."""
        return not self.nack.waiting and (super().rests(now) or not self.active(now))

    def remind(self, now: float) -> None:
        """Repeat a key frame request while it sends: for a layer that is off, browsers send key frames of all
        others."""
        if self.active(now):
            super().remind(now)

    def temporal_shares(self, now: float) -> tuple[float, ...]:
        """Return the share of its bytes that each temporal layer has with all below it; (1.0,) when it has one."""
        if self.codec == "VP8" and now - self._shares_at >= SHARES_S:
            newest = self.receive_stats.highest
            packets = (self.recall((newest - back) & 0xFFFF) for back in range(SHARES_PACKETS) if newest >= 0)
            self._shares = temporal_shares(packet.payload for packet in packets if packet is not None)
            self._shares_at = now
        return self._shares

    def measure(self, now: float) -> None:
        """Measure its bitrate; call about once a second."""
        before, self._octets = self._octets, self.receive_stats.octets
        self.bitrate.add(self._octets - before)
        self.bitrate.update(now)

    def active(self, now: float) -> bool:
        """Return whether it sends."""
        return now - self.heard < ACTIVE_S

    def ask(self) -> None:
        """Send a PLI."""
        self._ask(self.ssrc)


class SimulcastCamera:
    """The simulcast layers of one camera, smallest first."""

    def __init__(self) -> None:
        self.layers: list[SimulcastLayer] = []

    def add(self, layer: SimulcastLayer) -> None:
        """Add a layer, or replace it after its sender restarted; its viewers follow at a key frame."""
        others = [each for each in self.layers if each.ssrc != layer.ssrc]
        self.layers = sorted([*others, layer], key=lambda each: each.height)

    def find(self, ssrc: int | None, rid: str | None) -> SimulcastLayer | None:
        """Return the layer with that SSRC or, when it is None, with that RID; None if there is none."""
        return next((each for each in self.layers if (each.rid == rid if ssrc is None else each.ssrc == ssrc)), None)

    def close(self) -> None:
        """Forget the packets of all layers."""
        for layer in self.layers:
            layer.forget_packets()

    @property
    def largest(self) -> SimulcastLayer | None:
        """Return the largest layer, sending or not; None when there is none."""
        return self.layers[-1] if self.layers else None

    def height(self, now: float) -> int:
        """Return the height in pixels of the largest layer that is sent; 0 when none is."""
        return max((layer.height for layer in self.layers if layer.active(now)), default=0)

    @property
    def transit(self) -> float | None:
        """Return the usual transit of its pictures in seconds; None while unknown."""
        known = [(layer.heard, transit) for layer in self.layers if (transit := layer.transit) is not None]
        return max(known)[1] if known else None

    def pick(self, height: int, now: float, most: float = inf) -> SimulcastLayer | None:
        """Return the smallest sending layer of at least `height` pixels, else the largest, of those that take at most
        `most` bit/s; None when none is sent."""
        found = None
        for layer in self.layers:
            if layer.active(now) and layer.most <= most:
                found = layer
                if layer.height >= height:
                    break
        return found


class LayerInput(ABC):
    """A sink for one camera: assembles one layer's packets into frames and changes layer at a key frame."""

    def __init__(self) -> None:
        self.stream = None
        self._assemblers: dict[Source, FrameAssembler] = {}
        self._current: Source | None = None
        self._next: Source | None = None

    @abstractmethod
    def _take(self, frame: Frame, now: float) -> None:
        """Take the next frame."""

    @property
    def _starving(self) -> bool:
        """Return whether nothing but a key frame can be taken."""
        return False

    @property
    def listening(self) -> bool:
        """Return whether it follows a layer."""
        return self._current is not None or self._next is not None

    def follow(self, layer: SimulcastLayer | None, now: float) -> None:
        """Change to `layer`; None stops."""
        if layer is (self._next or self._current):
            return
        for source in tuple(self._assemblers):
            if source is not self._current or layer is None:
                self._drop(source)
        self._next = None
        if layer is None:
            self._current = None
        elif layer is not self._current:
            self._assemblers[layer] = FrameAssembler(layer.codec)
            self._next = layer
            layer.attach(self)
            layer.request_keyframe(now)

    def _drop(self, source: Source) -> None:
        source.detach(self)
        self._assemblers.pop(source, None)

    def send(self, source: Source, packets: list[Packet], now: float) -> None:
        """Take packets of the current or the next layer."""
        assembler = self._assemblers.get(source)
        if assembler is None:
            return
        frames = _complete(source, assembler, packets, now)
        if source is self._next and any(frame.keyframe for frame in frames):
            if self._current is not None:
                self._drop(self._current)
            self._current, self._next = source, None
        if source is self._current:
            for frame in frames:
                self._take(frame, now)
        if assembler.lost or (source is self._current and self._starving):
            source.request_keyframe(now)


class CameraInput(LayerInput):
    """The compositor's sink for one camera."""

    def __init__(self) -> None:
        super().__init__()
        self.queue = FrameQueue()
        self.flowing = False
        """Whether frames were taken since it began to follow a camera."""

    def follow(self, layer: SimulcastLayer | None, now: float) -> None:
        """Change to `layer`; None stops."""
        super().follow(layer, now)
        if not self.listening:
            self.flowing = False
            self.queue.forget()

    def _take(self, frame: Frame, now: float) -> None:
        self.queue.put(frame, now)

    @property
    def _starving(self) -> bool:
        return self.queue.starving

    def take(self, until: float) -> list[Frame]:
        """Return the frames that came until then."""
        frames = self.queue.take(until)
        self.flowing = self.flowing or bool(frames)
        return frames

    def broken(self, now: float) -> None:
        """Start over at a key frame, since the decoder failed on this layer."""
        self.queue.forget()
        if self._current is not None:
            self._current.request_keyframe(now)


def _complete(source: Source, assembler: FrameAssembler, packets: list[Packet], now: float) -> list[Frame]:
    """Return the frames that packets complete. Packets that came before a late first packet of a key frame are recalled
    from `source`."""
    if (whole := assembler.whole(packets)) is not None:
        return [whole]
    frames = [frame for packet in packets for frame in assembler.add(packet, now)]
    while assembler.expected is not None and (packet := source.recall(assembler.expected)) is not None:
        frames += assembler.add(packet, now)
    return frames
