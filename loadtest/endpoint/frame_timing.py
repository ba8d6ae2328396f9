"""Measures the arrivals of sound and pictures at one endpoint: their number, their pauses, and the pictures' height."""

from dataclasses import dataclass

from loadtest.endpoint.frame_height import picture_height
from loadtest.endpoint.receive_counters import HEADER
from mediaserver.rtp.packet import parse

SOUND_GAP_S = 0.1
"""A longer pause between two packets of the mix is heard: no jitter buffer bridges it."""
PICTURE_GAP_S = 0.5
"""A longer pause between two pictures is visible."""


@dataclass(slots=True)
class ArrivalTimes:
    """Counts arrivals of one kind of packet, and their pauses in seconds; one above `gap_s` is a gap."""

    gap_s: float
    first: float | None = None
    """Time of the first packet."""
    last: float | None = None
    arrivals: int = 0
    gaps: int = 0
    longest_s: float = 0.0
    resumed: float = 0.0
    """Time at which the longest pause ended."""

    def arrive(self, now: float) -> None:
        """Count an arrival."""
        if self.first is None:
            self.first = now
        self._paused(now)
        self.arrivals += 1

    def restart(self, now: float) -> None:
        """Reset the counters."""
        self.last, self.arrivals, self.gaps, self.longest_s, self.resumed = now, 0, 0, 0.0, now

    def stop(self, now: float) -> None:
        """End the measurement: a pause that lasts until now counts."""
        self._paused(now)

    def _paused(self, now: float) -> None:
        pause = 0.0 if self.last is None else now - self.last
        self.last = now
        if pause > self.gap_s:
            self.gaps += 1
        if pause > self.longest_s:
            self.longest_s, self.resumed = pause, now


class ArrivalWatcher:
    """Counts the arrivals of sound and pictures at an endpoint, over all connections that it makes."""

    def __init__(self) -> None:
        self.sound = ArrivalTimes(SOUND_GAP_S)
        self.picture = ArrivalTimes(PICTURE_GAP_S)
        self._streams: dict[int, ArrivalTimes] = {}
        """Pictures of each video stream, by SSRC."""
        self.lowest_height = 0
        """Lowest picture height since the last reset; 0 before the first key frame."""
        self._height = 0
        self._last_timestamps: dict[int, int] = {}

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one RTP packet, encrypted if `codec` is ""; a newer timestamp begins a picture. Needs no key frame."""
        if codec == "opus":
            self.sound.arrive(received_at)
            return False
        _, _, _, timestamp, ssrc = HEADER.unpack_from(data)
        last = self._last_timestamps.get(ssrc)
        newer = last is None or 0 < (timestamp - last) & 0xFFFFFFFF < 1 << 31
        if newer:
            self._last_timestamps[ssrc] = timestamp
            self.picture.arrive(received_at)
            self.stream(ssrc).arrive(received_at)
        if codec and (newer or not self._height):
            self._note_height(codec, parse(data, length)[0].payload)
        return False

    def stream(self, ssrc: int) -> ArrivalTimes:
        """Return the arrivals of pictures in one video stream."""
        if ssrc not in self._streams:
            self._streams[ssrc] = ArrivalTimes(PICTURE_GAP_S)
        return self._streams[ssrc]

    def _note_height(self, codec: str, payload: bytes) -> None:
        if height := picture_height(codec, payload):
            self._height, self.lowest_height = height, min(height, self.lowest_height or height)

    def restart(self, now: float) -> None:
        """Reset the counters."""
        self.sound.restart(now)
        for stream in (self.picture, *self._streams.values()):
            stream.restart(now)
        self.lowest_height = self._height

    def stop(self, now: float) -> None:
        """End the measurement."""
        self.sound.stop(now)
        for stream in (self.picture, *self._streams.values()):
            stream.stop(now)

    def back_after(self, since: float) -> float | None:
        """Return the seconds from `since` to the end of the longest pause of both; None while either lasts."""
        if not self.sound.arrivals or not self.picture.arrivals:
            return None
        return max(self.sound.resumed, self.picture.resumed) - since
