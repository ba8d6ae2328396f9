"""Assembles a camera's packets into whole pictures in order. Pure; `now` is in seconds of any steady clock."""

from collections import deque
from dataclasses import dataclass

from mediaserver.rtp.depacketize import depacketize
from mediaserver.rtp.packet import Packet, newer
from mediaserver.rtp.payload import depayload, stands_ahead


@dataclass(slots=True)
class Frame:
    """One encoded picture. `stream` tells layers and senders apart; `timestamp` in 1/90000 s."""

    codec: str
    data: bytes
    keyframe: bool
    timestamp: int
    stream: int


MAX_HELD = 256
"""Packets waiting behind a hole; a 720p key frame has about 60."""
PATIENCE_S = 0.25
"""Seconds for which a hole may wait for its retransmission before all up to the next key frame is given up."""
MAX_FRAME_BYTES = 2_000_000
MOST_FPS = 60
"""Pictures a second that are decoded of one camera."""


class FrameAssembler:
    """Assembles one layer's frames, in order; starts at a key frame and again after an unrepaired hole."""

    def __init__(self, codec: str) -> None:
        self._codec = codec
        self._held: dict[int, Packet] = {}
        self.expected: int | None = None
        """Sequence number that follows the last one; None while it waits for a key frame."""
        self._parts: list[bytes] = []
        self._timestamp: int | None = None
        """That of the picture whose parts these are; None while nothing but parameter sets is there."""
        self._bytes = 0
        self._keyframe = False
        self._hole_since: float | None = None

    @property
    def lost(self) -> bool:
        """Return whether it waits for a key frame."""
        return self.expected is None

    def whole(self, packets: list[Packet]) -> Frame | None:
        """Return the frame that packets are when it is the next and nothing else waits; None when each must be looked
        at."""
        if self.expected is None or self._held or self._parts or packets[0].timestamp != packets[-1].timestamp:
            return None
        found = depacketize(self._codec, packets, self.expected)
        if found is None:
            return None
        last = packets[-1]
        self.expected = (last.sequence + 1) & 0xFFFF
        return Frame(self._codec, *found, last.timestamp, last.ssrc)

    def add(self, packet: Packet, now: float) -> list[Frame]:
        """Take one packet; return the frames it completes."""
        if self.expected is None:
            if not packet.keyframe:
                return []
            self.expected = packet.sequence
        elif newer(self.expected, packet.sequence):
            return []
        self._held[packet.sequence] = packet
        before = self.expected
        frames = self._drain()
        if self.expected != before:
            self._hole_since = None  # what still waits, waits for another hole
        return frames + self._watch_hole(now)

    def _drain(self) -> list[Frame]:
        frames: list[Frame] = []
        while self.expected is not None and (packet := self._held.pop(self.expected, None)) is not None:
            self.expected = (self.expected + 1) & 0xFFFF
            if packet.payload:
                frames += self._end_before(packet)
                if not self._append(packet):
                    self.reset()
                    break
            if packet.marker and self._parts:
                frames.append(self._finish(packet.timestamp, packet.ssrc))
        return frames

    def _end_before(self, packet: Packet) -> list[Frame]:
        """Return the picture that ends where a packet begins another one: some senders mark no end (RFC 6184 §5.1).

        One before a key frame is left out: who changes to another source may leave out the rest of the last picture.
        """
        if self._timestamp is None or self._timestamp == packet.timestamp:
            return []
        frame = self._finish(self._timestamp, packet.ssrc)
        return [] if packet.keyframe else [frame]

    def _append(self, packet: Packet) -> bool:
        try:
            part = depayload(self._codec, packet.payload)
        except ValueError:
            return False
        self._keyframe = self._keyframe or packet.keyframe
        self._parts.append(part)
        if not stands_ahead(self._codec, packet.payload):
            self._timestamp = packet.timestamp
        self._bytes += len(part)
        return self._bytes <= MAX_FRAME_BYTES

    def _finish(self, timestamp: int, ssrc: int) -> Frame:
        frame = Frame(self._codec, b"".join(self._parts), self._keyframe, timestamp, ssrc)
        self._drop_parts()
        return frame

    def _drop_parts(self) -> None:
        self._parts, self._timestamp, self._bytes, self._keyframe = [], None, 0, False

    def _watch_hole(self, now: float) -> list[Frame]:
        """Return the frames that follow a hole which is given up."""
        if not self._held:
            self._hole_since = None
        elif self._hole_since is None:
            self._hole_since = now
        elif now - self._hole_since > PATIENCE_S or len(self._held) > MAX_HELD:
            return self._skip_hole(now)
        return []

    def _skip_hole(self, now: float) -> list[Frame]:
        """Go on from the first key frame behind the hole; without one, forget everything and wait for one."""
        assert self.expected is not None
        ahead = {(sequence - self.expected) & 0xFFFF: packet for sequence, packet in self._held.items()}
        first = min((place for place, packet in ahead.items() if packet.keyframe), default=None)
        self.reset()
        if first is None:
            return []
        self._held = {packet.sequence: packet for place, packet in ahead.items() if place >= first}
        self.expected = ahead[first].sequence
        frames = self._drain()
        self._hole_since = now if self._held else None
        return frames

    def reset(self) -> None:
        """Forget everything and wait for a key frame."""
        self._held.clear()
        self._drop_parts()
        self.expected = self._hole_since = None


class FrameQueue:
    """Frames of one seat on their way to the compositor. When it is full, it drops everything up to the next key frame.

    It does the same with more than `MOST_FPS`, after a burst that would fill it: decoding an empty picture of 1080
    lines takes 3 ms, and sending it 60 bytes.
    """

    def __init__(self, most: int = 50) -> None:
        self._most = most
        self._frames: deque[tuple[float, Frame]] = deque()
        self._allowed = float(most)
        self._at = 0.0
        self.starving = True
        """Whether a key frame is needed before anything can be shown."""

    def put(self, frame: Frame, now: float) -> None:
        """Queue a frame in decoding order."""
        self._allowed = min(self._most, self._allowed + (now - self._at) * MOST_FPS)
        self._at = now
        if len(self._frames) >= self._most:
            self.forget()
        if self._allowed < 1:
            self.starving = True
            return
        if self.starving and not frame.keyframe:
            return
        self._allowed -= 1
        self.starving = False
        self._frames.append((now, frame))

    def forget(self) -> None:
        """Start over at a key frame; the recent frame rate stays known."""
        self._frames.clear()
        self.starving = True

    def take(self, until: float) -> list[Frame]:
        """Return the queued frames that had come by then."""
        frames: list[Frame] = []
        while self._frames and self._frames[0][0] <= until:
            frames.append(self._frames.popleft()[1])
        return frames
