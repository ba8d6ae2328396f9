"""Whether every packet of a stream came: by what stands in it, whoever rewrote its header. No I/O, no clock of its own.

What is forwarded is known by its payload, which the sender takes from a loop in order; of a mix and of a composed
picture each step of the clock is due (20 and 40 ms), so that a worker that stalls is seen as well as one that drops.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from struct import Struct

_HEADER = Struct("!BBHII")
_EXTENSION, _PADDING = 0x10, 0x20
MIX_STEP = 960
"""20 ms of 48 kHz."""
PICTURE_STEP = 3600
"""40 ms of 90 kHz."""
SEAM = 50
"""A jump of more steps than this begins anew: another source, which the receiver asked for."""


@dataclass(slots=True)
class Count:
    """What came of one kind: `lost` are packets or steps that did not, `gap_s` the longest time between two."""

    packets: int = 0
    lost: int = 0
    gap_s: float = 0.0
    _last: float | None = None
    _where: int | None = None

    def arrived(self, now: float) -> None:
        """Something came."""
        self.packets += 1
        if self._last is not None:
            self.gap_s = max(self.gap_s, now - self._last)
        self._last = now

    def silent(self, now: float) -> float:
        """The longest time between two, the one that goes on now included."""
        return max(self.gap_s, 0.0 if self._last is None else now - self._last)

    def forget(self) -> None:
        """Count anew from here."""
        self.packets, self.lost, self.gap_s, self._last = 0, 0, 0.0, None

    def follows(self, steps: int) -> None:
        """What came is so many steps after what came before; 1 is the next one."""
        if 1 < steps <= SEAM:
            self.lost += steps - 1


@dataclass(slots=True)
class Continuity:
    """Looks at what one endpoint receives; `numbers` are the places of the payloads that are forwarded to it.

    `keys` are the places at which the sender may begin anew, as it does when somebody asks for a key frame.
    """

    now: Callable[[], float]
    numbers: Mapping[bytes, int] = field(default_factory=dict)
    keys: frozenset[int] = frozenset()
    mix: Count = field(default_factory=Count)
    picture: Count = field(default_factory=Count)
    forwarded: Count = field(default_factory=Count)
    _stamps: dict[str, int] = field(default_factory=dict)

    def packet(self, codec: str, data: memoryview, length: int) -> bool:
        """Take one plain RTP packet."""
        first, _, _, stamp, _ = _HEADER.unpack_from(data)
        if codec == "opus":
            self._step("mix", self.mix, stamp, MIX_STEP)
            return False
        payload = _payload(first, data, length)
        if not payload:  # padding alone, of a probe
            return False
        place = self.numbers.get(payload)
        if place is None:
            self._step("picture", self.picture, stamp, PICTURE_STEP)
        else:
            self._forwarded(place)
        return False

    def _step(self, kind: str, count: Count, stamp: int, step: int) -> None:
        before = self._stamps.get(kind)
        ahead = 0 if before is None else (stamp - before) & 0xFFFFFFFF
        if before is None or 0 < ahead < 0x80000000:
            self._stamps[kind] = stamp
            count.follows(round(ahead / step))
        count.arrived(self.now())

    def _forwarded(self, place: int) -> None:
        count, size = self.forwarded, max(self.numbers.values()) + 1
        if place < 0:
            return
        before, count._where = count._where, place
        ahead = 1 if before is None else (place - before) % size
        if ahead > size // 2:  # one that was sent again
            count._where = before
        elif place not in self.keys:
            count.follows(ahead)
        count.arrived(self.now())

    def forget(self) -> None:
        """Count anew from here."""
        for count in (self.mix, self.picture, self.forwarded):
            count.forget()

    @property
    def lost(self) -> dict[str, int]:
        """What did not come, by kind."""
        return {"forwarded": self.forwarded.lost, "mix": self.mix.lost, "picture": self.picture.lost}

    @property
    def gap_s(self) -> float:
        """The longest time without anything of a kind that comes."""
        now = self.now()
        return max(count.silent(now) for count in (self.mix, self.picture, self.forwarded))


def _payload(first: int, data: memoryview, length: int) -> bytes:
    """Return the payload of an RTP packet (RFC 3550 §5.1)."""
    start, end = 12 + 4 * (first & 0x0F), length
    if first & _EXTENSION:
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & _PADDING and end > start:
        end -= data[end - 1]
    return bytes(data[start:end])
