"""Sends a flash and a beep at the same moment, and notes the times at which they are received."""

import asyncio
import statistics
import time
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import pairwise
from typing import BinaryIO

import av
import numpy as np

from loadtest.endpoint.decoder import Decoder, Samples, mono
from loadtest.media.clip import FPS, Clip, Codec, Material, make_clip
from loadtest.media.picture import RENDITIONS, Plane, encode
from loadtest.media.tone import AMPLITUDE, PACKET_SAMPLES, RATE_HZ, encode_sound

EVERY_S = 2
"""Seconds of the loops of picture and sound; each has one flash or beep."""
_SIZE = 1
_FLASH_FRAMES, _BEEP_PACKETS = FPS // 2, 15
_BLACK, _WHITE, _GREY = 16, 235, 128
_BEEP_HZ = 1000
_LOUD = 0.05 * 32767
_QUIET_S = 0.1

Moments = list[float]
"""Ascending times in seconds."""


@cache
def material() -> Material:
    """Return loops that begin with half a second of white and 0.3 s of 1 kHz; the rest is black and silent."""
    moments = np.arange(EVERY_S * RATE_HZ) / RATE_HZ
    beep = np.sin(2 * np.pi * _BEEP_HZ * moments) * AMPLITUDE * 32767 * (moments < _BEEP_PACKETS * 0.02)
    return Material(encode_sound(beep.astype(np.int16)), _cameras)


@cache
def _cameras(codec: Codec, _layers: int) -> tuple[Clip, ...]:
    """Return a loop of key frames only, so that a request for one does not restart it."""
    width, height, _ = RENDITIONS[_SIZE]
    lit = (_WHITE if at < _FLASH_FRAMES else _BLACK for at in range(EVERY_S * FPS))
    pictures = encode(codec, _SIZE, (_plain(width, height, luma) for luma in lit), key_every=1)
    return (make_clip(codec, width, height, pictures),)


def _plain(width: int, height: int, luma: int) -> Plane:
    picture: Plane = np.full((height * 3 // 2, width), _GREY, np.uint8)
    picture[:height] = luma
    return picture


class AvSyncProbe:
    """Notes the times at which flashes and beeps are sent, and the spans of time that are measured."""

    def __init__(self) -> None:
        self.flashes: Moments = []
        self.beeps: Moments = []
        self._spans: list[tuple[float, float]] = []
        self._flashed = asyncio.Event()

    def loop_started(self, kind: str) -> None:
        """Note that a loop begins now; the `on_loop_start` of :class:`~loadtest.endpoint.endpoint.Sending`."""
        (self.flashes if kind == "picture" else self.beeps).append(time.monotonic())
        if kind == "picture":
            self._flashed.set()

    async def flashed(self) -> None:
        """Wait for the next flash."""
        self._flashed.clear()
        await self._flashed.wait()

    async def measure(self, count: int, longest_s: float) -> None:
        """Wait until so many pairs were sent, and for as long as the last may take to be received."""
        started_at = time.monotonic()
        await asyncio.sleep(EVERY_S * count)
        self._spans.append((started_at, time.monotonic()))
        await asyncio.sleep(longest_s)

    def measured(self, moments: Moments) -> Moments:
        """Return the moments that lie in a measured span."""
        return [at for at in moments if any(started_at <= at < ended for started_at, ended in self._spans)]

    @property
    def beep_delay_s(self) -> float:
        """Median of the seconds from the sending of a flash to that of its beep."""
        return statistics.median(after(self.flashes, self.beeps, -EVERY_S / 2, EVERY_S / 2).values())


class AvSyncListener:
    """Decodes the media of one endpoint; notes the brightness of pictures, and each start of sound after silence."""

    def __init__(self) -> None:
        self._decode = Decoder()
        self._lights: list[tuple[float, float]] = []
        self._onsets = SoundOnsets()

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        """Take one plain RTP packet; return whether a key frame is needed."""
        pictures = self._decode.pictures
        needed = self._decode.packet(codec, data, length, received_at)
        if codec == "opus":
            self._onsets.add(self._decode.sound()[-PACKET_SAMPLES:], received_at)
        elif self._decode.pictures > pictures and (picture := self._decode.picture) is not None:
            self._lights.append((received_at, float(picture.mean())))
        return needed

    def reset(self) -> None:
        """Forget pictures: those of a meeting that is still filling have another brightness."""
        self._lights.clear()

    @property
    def flashes(self) -> Moments:
        """Times at which the flashes were received."""
        return rises(self._lights)

    @property
    def beeps(self) -> Moments:
        """Times at which the first sample of each beep could be played."""
        return self._onsets.onsets


class SoundOnsets:
    """Finds each start of sound after at least a tenth of a second of silence."""

    def __init__(self) -> None:
        self.onsets: Moments = []
        self._last_loud = -np.inf

    def add(self, samples: Samples, at: float) -> None:
        """Take samples at 48 kHz, the first of which is played `at`."""
        loud = np.flatnonzero(np.abs(samples.astype(int)) > _LOUD)
        if not len(loud):
            return
        first = at + float(loud[0]) / RATE_HZ
        if first - self._last_loud > _QUIET_S:
            self.onsets.append(first)
        self._last_loud = at + float(loud[-1]) / RATE_HZ


def rises(lights: Sequence[tuple[float, float]]) -> Moments:
    """Return the moments of (moment, brightness) at which brightness rises through the middle of its range."""
    if not lights:
        return []
    values = [value for _, value in lights]
    middle = (min(values) + max(values)) / 2
    return [at for (_, before), (at, value) in pairwise(lights) if before <= middle < value]


def recorded(file: BinaryIO) -> tuple[Moments, Moments]:
    """Return the moments of a recording's flashes and beeps. Raises FFmpegError."""
    with av.open(file, "r") as container:
        pictures = [_bright(frame) for frame in container.decode(video=0)]
    file.seek(0)
    sound = SoundOnsets()
    with av.open(file, "r") as container:
        for frame in container.decode(audio=0):
            assert isinstance(frame, av.AudioFrame) and frame.time is not None
            sound.add(mono(frame), frame.time)
    return rises(pictures), sound.onsets


def _bright(frame: av.VideoFrame) -> tuple[float, float]:
    assert frame.time is not None
    return frame.time, float(frame.to_ndarray(format="gray").mean())


def after(ats: Iterable[float], others: Moments, low: float, high: float) -> dict[float, float]:
    """Map each moment to the seconds until the first of `others` that is `low` to `high` later; others are left out."""
    found = {at: next((o - at for o in others if low <= o - at < high), None) for at in ats}
    return {at: distance for at, distance in found.items() if distance is not None}
