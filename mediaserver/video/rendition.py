"""A rendition: the composed picture in one codec and quality, encoded once and shared by all its viewers."""

from collections.abc import Callable, Sequence

from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import SINGLE_NAL, packetize_h264, packetize_vp8, single_nals
from mediaserver.rtp.rewriter import Rewriter
from mediaserver.rtp.source import FlushQueue, Sink, VideoSource


def decode_high(sinks: Sequence[Sink]) -> bool:
    """Return whether there are sinks, and all decode H.264 of profile High."""
    streams = [sink.stream for sink in sinks]
    return bool(streams) and all(isinstance(each, Rewriter) and each.decodes_high for each in streams)


class Rendition(VideoSource):
    """A source like any camera; `ask` makes the next picture a key frame. `watched` is called for each new sink."""

    def __init__(self, codec: str, flush_queue: FlushQueue, watched: Callable[[], None] | None = None) -> None:
        super().__init__("composed", codec, flush_queue)
        self._watched = watched
        self._wanted = True
        self._sequence = 0
        self._picture_id = 0

    def attach(self, sink: Sink) -> None:
        """Send packets to `sink` from now on."""
        super().attach(sink)
        if self._watched is not None:
            self._watched()

    @property
    def high(self) -> bool:
        """Return whether all who watch decode H.264 of profile High."""
        return decode_high(self.sinks)

    def ask(self) -> None:
        """Make the next picture a key frame."""
        self._wanted = True

    def take_keyframe(self, now: float) -> bool:
        """Return whether the next picture, at `now` (seconds), must be a key frame; reports each request once."""
        self.remind(now)
        wanted, self._wanted = self._wanted, False
        return wanted

    def publish(self, data: bytes, keyframe: bool, timestamp: int) -> None:
        """Cut an encoded picture into packets and push them."""
        if not data:
            return
        payloads = self._cut(data)
        self._picture_id = (self._picture_id + 1) & 0x7FFF
        last = len(payloads) - 1
        for i, payload in enumerate(payloads):
            self.push(Packet(0, self._sequence, timestamp, 0, i == last, payload, keyframe and i == 0))
            self._sequence = (self._sequence + 1) & 0xFFFF

    def _cut(self, data: bytes) -> list[bytes]:
        if self.codec == SINGLE_NAL:
            return single_nals(data)
        return packetize_h264(data) if self.codec == "H264" else packetize_vp8(data, self._picture_id)
