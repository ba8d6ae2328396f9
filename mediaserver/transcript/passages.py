"""Reads the sound of a recording in passages: stretches of one point's sound, short enough for a recognizer.

An isolated track has no data where its point was silent, so that its passages are what the point said. The mix goes on
without a gap; its passages change with the speaker, as far as that is known.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

import av
import numpy as np
from av.container import InputContainer

from mediaserver.audio.mix_minus import SAMPLE_RATE
from mediaserver.recording.turns import Turn
from mediaserver.transcript.recognizer import RATE_HZ, Sound

GAP_S = 1.0
"""A point that is silent for longer begins a new passage."""
LONGEST_S = 60.0
"""A passage is cut off here at the latest: what is lost when the process is ended, and the distance between two notes
of progress."""
CUT_S = 20.0
"""It is cut where it is quietest within so many last seconds."""
QUIET_S = 0.2
SHORTEST_S = 0.1
"""A shorter one has no word: the packet of silence with which every track begins."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of a point's sound, from `start` to `end` seconds of the recording."""

    start: float
    end: float
    point: str
    sound: Sound


class _Collector:
    """Collects blocks of 48 kHz to one passage."""

    def __init__(self) -> None:
        self._blocks: list[Sound] = []
        self._samples = 0
        self.start = 0.0
        self.point = ""

    @property
    def end(self) -> float:
        return self.start + self._samples / SAMPLE_RATE

    def add(self, seconds: float, block: Sound) -> None:
        """Add a block that begins at `seconds`; silence fills a gap before it."""
        if not self._blocks:
            self.start = seconds
        gap = round((seconds - self.end) * SAMPLE_RATE)
        if gap > 0:
            self._append(np.zeros(gap, np.float32))
        self._append(block)

    def _append(self, block: Sound) -> None:
        self._blocks.append(block)
        self._samples += len(block)

    def take(self, at_quietest: bool = False) -> Passage | None:
        """Return what was collected, or, cut where it is quietest, the first part of it; None if that is no word."""
        sound = np.concatenate(self._blocks) if self._blocks else np.zeros(0, np.float32)
        cut = _quietest(sound) if at_quietest else len(sound)
        start, end = self.start, self.start + cut / SAMPLE_RATE
        self._blocks, self._samples = [], 0
        if cut < len(sound):
            self.add(end, sound[cut:])
        return Passage(start, end, self.point, _downsampled(sound[:cut])) if end - start >= SHORTEST_S else None


def passages(container: InputContainer, turns: Sequence[Turn], start: float = 0.0) -> Iterator[Passage]:
    """Yield the passages of the sound in a file from `start` seconds on. `turns` are in order, the first at 0.

    A file that is cut off is read up to there.
    """
    collected, number = _Collector(), 0
    for seconds, block in _blocks(container, start):
        begun = number
        while number + 1 < len(turns) and turns[number + 1].seconds <= seconds:
            number += 1
        changed = turns[number].point != turns[begun].point
        if (changed or seconds - collected.end > GAP_S) and (passage := collected.take()) is not None:
            yield passage
        collected.point = turns[number].point
        collected.add(seconds, block)
        if collected.end - collected.start >= LONGEST_S and (passage := collected.take(at_quietest=True)) is not None:
            yield passage
    if (passage := collected.take()) is not None:
        yield passage


def _blocks(container: InputContainer, start: float) -> Iterator[tuple[float, Sound]]:
    """Yield the decoded sound of a file at 48 kHz, each block with its time in seconds."""
    stream = container.streams.audio[0]
    with suppress(av.FFmpegError):
        for packet in container.demux(stream):
            if packet.pts is None or packet.time_base is None or packet.pts * packet.time_base < start:
                continue
            seconds = float(packet.pts * packet.time_base)
            for frame in packet.decode():
                assert isinstance(frame, av.AudioFrame)
                yield seconds, frame.to_ndarray().mean(axis=0, dtype=np.float32)


def _quietest(sound: Sound) -> int:
    """Return where a sound is quietest towards its end, as a number of samples."""
    window = round(QUIET_S * SAMPLE_RATE)
    begin = len(sound) - round(CUT_S * SAMPLE_RATE)
    tail = sound[begin : begin + (len(sound) - begin) // window * window].reshape(-1, window)
    return int(begin + window * np.argmin(np.square(tail).sum(axis=1)) + window // 2)


def _downsampled(sound: Sound) -> Sound:
    """Return a sound of 48 kHz at 16 kHz, without what would fold over."""
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
    frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound[np.newaxis]), format="flt", layout="mono")
    frame.sample_rate = SAMPLE_RATE
    parts = [each.to_ndarray()[0] for each in (*resampler.resample(frame), *resampler.resample(None))]
    return np.concatenate(parts).astype(np.float32)
