"""Finds packets that were only forwarded: they have the same payload at two places of one process, which times them.

Headers say nothing, since every system numbers its packets anew.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field

from loadtest.endpoint.endpoint import Watcher
from mediaserver.rtp.packet import parse

NEAR_S = 0.5
"""A payload that arrived at two places within this time is the same packet; loops last longer."""
Arrivals = list[tuple[float, int]]
"""Times with hashes of payloads, ascending."""


class PayloadTimes:
    """Notes when which payload arrived; another watcher may see the packets, too."""

    def __init__(self, other: Watcher | None = None) -> None:
        self._other = other
        self.sound: Arrivals = []
        """Time and hash of each payload of sound since the last reset."""
        self.picture: Arrivals = []

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet; return whether the other watcher needs a key frame."""
        payload = parse(data, length)[0].payload
        if payload:  # else a bandwidth probe of padding alone
            (self.sound if codec == "opus" else self.picture).append((received_at, hash(payload)))
        return self._other is not None and self._other.packet(codec, data, length, received_at)

    def reset(self) -> None:
        """Forget what arrived."""
        self.sound.clear()
        self.picture.clear()


@dataclass(slots=True)
class Hop:
    """The way of payloads between two places: their delays in seconds."""

    delays: list[float] = field(default_factory=list)
    unknown: int = 0
    """Those that came and never were at the first place."""
    missing: int = 0
    """Those of the first place that never came."""

    def add(self, first: Arrivals, last: Arrivals) -> None:
        """Add the payloads that came to the last place. Those that came twice to either within a moment say nothing;
        the first ones and the last ones may have been under way as the measurement began and ended."""
        if not first:
            self.unknown += len(last)
            return
        known, others = _by_payload(first), _by_payload(last)
        begin, end = first[0][0] + NEAR_S, first[-1][0] - NEAR_S
        for at, payload in last:
            if begin <= at <= end and len(_near(others[payload], at)) == 1:
                self._came(known.get(payload, []), at)
        for at, payload in first:
            self.missing += begin <= at <= end and not _near(others.get(payload, []), at)

    def _came(self, before: Sequence[float], at: float) -> None:
        near = _near(before, at)
        if len(near) == 1:
            self.delays.append(at - near[0])
        elif not near:
            self.unknown += 1

    @property
    def untouched(self) -> float:
        """Return the share of what came that was at the first place, byte by byte."""
        came = len(self.delays) + self.unknown
        return len(self.delays) / came if came else 0.0

    @property
    def lost(self) -> float:
        """Return the share of the first place's that never came."""
        sent = len(self.delays) + self.missing
        return self.missing / sent if sent else 1.0


def _by_payload(arrivals: Arrivals) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for at, payload in arrivals:
        found.setdefault(payload, []).append(at)
    return found


def _near(times: Sequence[float], at: float) -> Sequence[float]:
    """Return the times, which ascend, that are near another one."""
    return times[bisect_left(times, at - NEAR_S) : bisect_left(times, at + NEAR_S)]
