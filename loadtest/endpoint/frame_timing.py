"""When sound and pictures came at one endpoint: how even they were, how long nothing came, and how large it was."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from loadtest.endpoint.frame_height import picture_lines
from loadtest.endpoint.receive_counters import HEADER
from mediaserver.rtp.packet import parse

SOUND_GAP_S = 0.1
"""A pause between two packets of the mix that is longer than any jitter buffer here bridges."""
PICTURE_GAP_S = 0.5
"""A pause between two pictures that anybody sees."""


@dataclass(slots=True)
class Pulse:
    """Something that should come evenly; `gap_s` is the pause that counts as a gap. Times are in seconds."""

    gap_s: float
    first: float | None = None
    """When the first one of all came."""
    last: float | None = None
    beats: int = 0
    gaps: int = 0
    longest_s: float = 0.0
    resumed: float = 0.0
    """When the longest pause ended."""

    def beat(self, now: float) -> None:
        """One came."""
        if self.first is None:
            self.first = now
        self._paused(now)
        self.beats += 1

    def restart(self, now: float) -> None:
        """Count from here."""
        self.last, self.beats, self.gaps, self.longest_s, self.resumed = now, 0, 0, 0.0, now

    def stop(self, now: float) -> None:
        """Count to here: a pause that goes on is one."""
        self._paused(now)

    def _paused(self, now: float) -> None:
        pause = 0.0 if self.last is None else now - self.last
        self.last = now
        if pause > self.gap_s:
            self.gaps += 1
        if pause > self.longest_s:
            self.longest_s, self.resumed = pause, now


class Listener:
    """Watches all callers an endpoint has, one after the other."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        # given
        self._clock = clock
        # owned
        self.sound = Pulse(SOUND_GAP_S)
        self.picture = Pulse(PICTURE_GAP_S)
        self.fewest_lines = 0
        """Of the pictures since counting began; 0 while no key frame told."""
        self._lines = 0
        self._streams: dict[int, int] = {}

    def packet(self, codec: str, data: memoryview, length: int) -> bool:
        """Take one plain RTP packet; a picture begins with a newer timestamp. It needs no key frame."""
        if codec == "opus":
            self.sound.beat(self._clock())
            return False
        _, _, _, timestamp, ssrc = HEADER.unpack_from(data)
        known = self._streams.get(ssrc)
        newer = known is None or 0 < (timestamp - known) & 0xFFFFFFFF < 1 << 31
        if newer:
            self._streams[ssrc] = timestamp
            self.picture.beat(self._clock())
        if newer or not self._lines:
            self._look(codec, parse(data, length)[0].payload)
        return False

    def _look(self, codec: str, payload: bytes) -> None:
        if lines := picture_lines(codec, payload):
            self._lines, self.fewest_lines = lines, min(lines, self.fewest_lines or lines)

    def restart(self, now: float) -> None:
        """Count from here."""
        self.sound.restart(now)
        self.picture.restart(now)
        self.fewest_lines = self._lines

    def stop(self, now: float) -> None:
        """Count to here."""
        self.sound.stop(now)
        self.picture.stop(now)

    def back(self, since: float) -> float | None:
        """How long after `since` the longest pause of both was over, in seconds; None while either still lasts."""
        if not self.sound.beats or not self.picture.beats:
            return None
        return max(self.sound.resumed, self.picture.resumed) - since
