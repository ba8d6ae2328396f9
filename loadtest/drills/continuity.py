"""Counts the packets that an endpoint should have received and did not. No I/O, no clock of its own.

Forwarded packets are recognised by their payloads, which the sender takes from a loop in order, because the server
rewrites their headers. Of the mix and of the composed picture a packet is due every 20 and 40 ms, so that a worker
which stalls is found as well as one which drops.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from struct import Struct

_HEADER = Struct("!BBHII")
_EXTENSION, _PADDING = 0x10, 0x20
MIX_STEP = 960
"""20 ms of 48 kHz."""
PICTURE_STEP = 3600
"""40 ms of 90 kHz."""
SEAM = 50
"""A larger jump of timestamps, in steps, is a change to another source and no loss."""


@dataclass(slots=True)
class Arrivals:
    """Arrival times of packets: `gap_s` is the longest time between two."""

    gap_s: float = 0.0
    last: float | None = None

    def note(self, now: float) -> None:
        """Count an arrival."""
        self.gap_s, self.last = self.longest(now), now

    def longest(self, now: float) -> float:
        """Return the longest time between two arrivals, the present pause included."""
        return max(self.gap_s, 0.0 if self.last is None else now - self.last)


@dataclass(slots=True)
class Continuity:
    """Checks the packets of one endpoint; `positions` are those of the forwarded payloads in the sender's loop.

    At the positions `keys` the sender may restart its loop, as it does on a request for a key frame. `lost` counts, by
    kind, the packets or steps that did not come. `now` returns seconds.
    """

    now: Callable[[], float]
    positions: Mapping[bytes, int] = field(default_factory=dict)
    keys: frozenset[int] = frozenset()
    lost: dict[str, int] = field(default_factory=lambda: {"forwarded": 0, "mix": 0, "picture": 0})
    _sound: Arrivals = field(default_factory=Arrivals)
    _video: Arrivals = field(default_factory=Arrivals)
    _stamps: dict[str, int] = field(default_factory=dict)
    _position: int | None = None
    _size: int = field(init=False)

    def __post_init__(self) -> None:
        self._size = max(self.positions.values(), default=0) + 1

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet, which the kernel received at so many seconds."""
        first, _, _, stamp, _ = _HEADER.unpack_from(data)
        if codec == "opus":
            self._step("mix", stamp, MIX_STEP)
            self._sound.note(received_at)
        elif payload := _payload(first, data, length):  # else a bandwidth probe of padding alone
            position = self.positions.get(payload)
            if position is None:
                self._step("picture", stamp, PICTURE_STEP)
            elif position >= 0:
                self._forwarded(position)
            self._video.note(received_at)
        return False

    def _step(self, kind: str, stamp: int, step: int) -> None:
        before = self._stamps.get(kind)
        ahead = 0 if before is None else (stamp - before) & 0xFFFFFFFF
        if before is None or 0 < ahead < 0x80000000:
            self._stamps[kind] = stamp
            self._follows(kind, round(ahead / step))

    def _forwarded(self, position: int) -> None:
        before, size = self._position, self._size
        ahead = 1 if before is None else (position - before) % size
        if ahead > size // 2:  # a packet that was sent again
            return
        self._position = position
        if position not in self.keys:
            self._follows("forwarded", ahead)

    def _follows(self, kind: str, steps: int) -> None:
        """Count the loss before a packet that is so many steps after the last one; 1 is the next."""
        if 1 < steps <= SEAM:
            self.lost[kind] += steps - 1

    def reset(self) -> None:
        """Reset the counters."""
        self.lost = dict.fromkeys(self.lost, 0)
        self._sound, self._video = Arrivals(), Arrivals()

    @property
    def sound_gap_s(self) -> float:
        """Return the longest time without sound."""
        return self._sound.longest(self.now())

    @property
    def pause_s(self) -> float:
        """Return for how long no sound, or no picture, has come by now; infinite where none has since the reset."""
        lasts = (self._sound.last, self._video.last)
        return max(inf if last is None else self.now() - last for last in lasts)

    @property
    def gap_s(self) -> float:
        """Return the longest time without sound, or without a picture."""
        now = self.now()
        return max(self._sound.longest(now), self._video.longest(now))


def _payload(first: int, data: memoryview, length: int) -> bytes:
    """Return the payload of an RTP packet (RFC 3550 §5.1)."""
    start, end = 12 + 4 * (first & 0x0F), length
    if first & _EXTENSION:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & _PADDING and end > start:
        end -= data[end - 1]
    return bytes(data[start:end])
