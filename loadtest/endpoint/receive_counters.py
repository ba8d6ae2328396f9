"""Counts the packets that a simulated endpoint receives, without decoding them. No I/O, no clock."""

from dataclasses import dataclass
from struct import Struct

from loadtest.endpoint.sdp_offer import SOUND

HEADER = Struct("!BBHII")


class StreamCounters:
    """Counts one incoming SSRC (loss by RFC 3550 A.3)."""

    __slots__ = (
        "_base",
        "_last_timestamp",
        "_reported",
        "bytes",
        "frames",
        "highest",
        "packets",
        "payload_type",
        "ssrc",
    )

    def __init__(self, ssrc: int, payload_type: int, sequence: int) -> None:
        self.ssrc = ssrc
        self.payload_type = payload_type
        self._base = sequence
        self._last_timestamp = -1
        self._reported = (0, 0)
        self.highest = sequence
        self.packets = 0
        self.bytes = 0
        self.frames = 0

    def receive(self, sequence: int, timestamp: int, length: int) -> None:
        """Count a packet of `length` bytes; a new timestamp is a new frame."""
        ahead = (sequence - self.highest) & 0xFFFF
        if ahead < 0x8000:
            self.highest += ahead
            if timestamp != self._last_timestamp:
                self._last_timestamp = timestamp
                self.frames += 1
        self.packets += 1
        self.bytes += length

    def set(self, first: int, highest: int, packets: int) -> None:
        """Take what was counted elsewhere: the first and the highest sequence number, and the packets."""
        self._base, self.highest, self.packets = first, highest, packets

    @property
    def lost(self) -> int:
        """Packets that were not received, not even when sent again."""
        return max(0, self.highest - self._base + 1 - self.packets)

    def fraction_lost(self) -> int:
        """Return the share lost of the packets since the last call, in 1/256."""
        expected, lost = self.highest - self._base + 1, self.lost
        new_expected, new_lost = expected - self._reported[0], lost - self._reported[1]
        self._reported = (expected, lost)
        return min(255, (new_lost << 8) // new_expected) if new_expected > 0 and new_lost > 0 else 0


@dataclass(frozen=True, slots=True)
class Tally:
    """Sums over the streams of one kind."""

    packets: int = 0
    bytes: int = 0
    frames: int = 0
    lost: int = 0

    def __sub__(self, earlier: "Tally") -> "Tally":
        return Tally(
            self.packets - earlier.packets,
            self.bytes - earlier.bytes,
            self.frames - earlier.frames,
            self.lost - earlier.lost,
        )

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.packets + other.packets,
            self.bytes + other.bytes,
            self.frames + other.frames,
            self.lost + other.lost,
        )


class ReceiveCounters:
    """Counters of all incoming streams of one endpoint."""

    def __init__(self) -> None:
        self.streams: dict[int, StreamCounters] = {}

    def receive(self, data: memoryview, length: int) -> StreamCounters:
        """Count a plain RTP packet."""
        _, second, sequence, timestamp, ssrc = HEADER.unpack_from(data)
        stream = self.streams.get(ssrc)
        if stream is None:
            stream = self.streams[ssrc] = StreamCounters(ssrc, second & 0x7F, sequence)
        stream.payload_type = second & 0x7F  # a sender may change the codec within a stream
        stream.receive(sequence, timestamp, length)
        return stream

    def audio(self) -> Tally:
        """Return the sums of the audio mix."""
        return self._tally(audio=True)

    def picture(self) -> Tally:
        """Return the sums of the video."""
        return self._tally(audio=False)

    def _tally(self, *, audio: bool) -> Tally:
        chosen = [s for s in self.streams.values() if (s.payload_type in SOUND) == audio]
        return sum((Tally(s.packets, s.bytes, s.frames, s.lost) for s in chosen), Tally())
