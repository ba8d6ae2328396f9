"""Sources and sinks: everything that moves media is one or the other.

A :class:`Source` is one encoded stream (a camera's layer, a rendition of the composed picture, a mix). A :class:`Sink`
takes a source's packets (a viewer, the recorder, the compositor's input). Packets wait in their source until the
current batch of datagrams has been read, so that a whole picture goes to each receiver with one system call.
"""

import logging
from typing import Protocol

from mediaserver.rtp.h264_sps import NewestParameters
from mediaserver.rtp.inbound_stream import MAX_PENDING, InboundStream
from mediaserver.rtp.keyframe_requests import KeyframeThrottle
from mediaserver.rtp.outbound_stream import OutboundStream, fan_out, send_prepared
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.packet_cache import CACHE_PACKETS, PacketCache
from mediaserver.throttled_log import ThrottledLog

logger = logging.getLogger(__name__)


class Sink(Protocol):
    """Takes packets. A sink that raises loses the packets it was given; no other sink is affected."""

    @property
    def stream(self) -> OutboundStream | None:
        """Return the stream it sends, if it sends one: the fast loop may then serve it directly."""

    def send(self, source: "Source", packets: list[Packet], now: float) -> None:
        """Take packets of `source` in arrival order; `now` in seconds (monotonic)."""


class Flushable(Protocol):
    """Holds packets not yet sent. One that raises waits until it adds itself again; the others are sent."""

    def flush(self, now: float) -> None:
        """Send the packets, or add itself to the queue again."""


class Relay(Protocol):
    """Pushes packets to a source by itself."""

    def feed(self, source: object, sinks: list[Sink], pending: list[Packet], flush_queue: list[Flushable]) -> None:
        """Push to a source, in the lists that are its own."""


class FlushQueue(list[Flushable]):
    """Sources and senders that hold packets not yet sent, in the order in which they got them."""

    def __init__(self) -> None:
        super().__init__()
        self.throttled_log = ThrottledLog(logger)

    def flush(self, now: float) -> None:
        """Send all waiting packets."""
        waiting = self[:]
        self.clear()
        for each in waiting:
            try:
                each.flush(now)
            except Exception:
                self.throttled_log.caught("x flush of a %s", type(each).__name__)
        send_prepared()


class Source:
    """One encoded stream and its sinks: audio, or as :class:`VideoSource` video."""

    def __init__(self, name: str, codec: str, flush_queue: FlushQueue) -> None:
        self.name = name
        self.codec = codec
        self._flush_queue = flush_queue
        self.sinks: list[Sink] = []
        self.keyframes = 0
        """Key frames that came; of sound none do."""
        self._pending: list[Packet] = []

    def attach(self, sink: Sink) -> None:
        """Send packets to `sink` from now on."""
        if sink not in self.sinks:
            self.sinks.append(sink)

    def detach(self, sink: Sink) -> None:
        """Stop sending to `sink`."""
        if sink in self.sinks:
            self.sinks.remove(sink)

    def push(self, *packets: Packet) -> None:
        """Take packets; they leave at the next flush."""
        if not (packets and self.sinks):
            return
        if not self._pending:
            self._flush_queue.append(self)
        self._pending += packets
        if len(self._pending) > MAX_PENDING:
            del self._pending[:-MAX_PENDING]

    def flush(self, now: float) -> None:
        """Hand the waiting packets to every sink."""
        packets = self._pending[:]
        self._pending.clear()
        if others := fan_out(self, self.sinks, packets, now):
            self.serve(others, packets, now)

    def serve(self, others: list[Sink], packets: list[Packet], now: float) -> None:
        """Hand packets to the sinks that are not in step."""
        if any(sink.stream is not None for sink in others):
            send_prepared()  # what they are sent must not overtake what they were sent before
        for sink in others:
            try:
                sink.send(self, packets, now)
            except Exception:
                self._flush_queue.throttled_log.caught("x packets of %s for a %s", self.name, type(sink).__name__)

    def feed_relay(self, relay: Relay) -> None:
        """Let a relay push packets."""
        relay.feed(self, self.sinks, self._pending, self._flush_queue)

    def recall(self, sequence: int) -> Packet | None:
        """Return an earlier packet for retransmission; always None for audio, which would come too late."""

    def request_keyframe(self, now: float) -> None:
        """Do nothing: audio needs no key frames."""


class VideoSource(Source):
    """A video stream: its last `kept` packets can be retransmitted, and key frames requested. `codec` is "VP8" or
    "H264"."""

    def __init__(self, name: str, codec: str, flush_queue: FlushQueue, kept: int = CACHE_PACKETS) -> None:
        super().__init__(name, codec, flush_queue)
        self._cache = PacketCache(kept)
        self._keyframes = KeyframeThrottle()
        self._parameters = NewestParameters()

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height of its newest pictures in pixels; 0 while unknown, and always of VP8."""
        return self._parameters.pixels

    @property
    def beyond_baseline(self) -> bool:
        """Return whether its newest pictures are of a profile of H.264 beyond baseline, as Main and High are; False
        while unknown, and always of VP8."""
        return self._parameters.beyond_baseline

    def detach(self, sink: Sink) -> None:
        """Stop sending to `sink`; without sinks no key frame is requested any more."""
        super().detach(sink)
        if not self.sinks:
            self._keyframes.forget()

    def feed_from(self, stream: InboundStream) -> None:
        """Let the inbox push packets of `stream` that are in step."""
        stream.feed(self, self.codec, self.sinks, self._pending, self._cache.ring, self._flush_queue)

    def push(self, *packets: Packet) -> None:
        """Take packets; they leave at the next flush."""
        self._cache.add(*packets)
        for packet in packets:
            if packet.keyframe:
                self.keyframes += 1
                self._keyframes.arrived()
                if self.codec != "VP8":
                    self._parameters.take(packet.payload)
        super().push(*packets)

    def recall(self, sequence: int) -> Packet | None:
        """Return a packet of the last seconds; None when it is older."""
        return self._cache.get(sequence)

    def forget_packets(self) -> None:
        """Forget what could be retransmitted: it has ended, and the garbage collector may come to it late."""
        self._cache.clear()

    def follow_line(self, round_trip: float) -> None:
        """Wait for a key frame for as long as one takes to come by the sender's line."""
        self._keyframes.follow_line(round_trip)

    def rests(self, now: float) -> bool:
        """Return whether :meth:`remind` has nothing to do until :meth:`ask` is called."""
        return self._keyframes.rests(now)

    def request_keyframe(self, now: float) -> None:
        """Request a key frame, at most every half second, on a long line less often; :meth:`ask` is repeated until one
        comes."""
        if self._keyframes.want(now):
            self.ask()

    def remind(self, now: float) -> None:
        """Repeat the request when a wanted key frame has not come."""
        if self._keyframes.due(now):
            self.ask()

    def ask(self) -> None:
        """Tell the sender of this stream that a key frame is wanted."""
