"""Media that one room system gets in place of the mix for a while, one packet each 20 ms: prompts and digits."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from pathlib import Path
from typing import Protocol

import av
import numpy as np

from mediaserver.api import Prompt
from mediaserver.audio.mix_encoder import TELEPHONY_TICKS
from mediaserver.audio.mix_minus import FRAME_SAMPLES, PTIME_MS, SAMPLE_RATE, Samples
from mediaserver.audio.opus import OpusEncoder
from mediaserver.audio.telephony_codecs import TelephonyEncoder
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.source import FlushQueue, Source
from mediaserver.rtp.telephone_event import GAP_TICKS, written

EVENTS = "telephone-event"
"""The codec of digits, as SDP names it."""


PROMPTS = Path(__file__).parent / "prompts"
"""Spoken texts, one file each, which `speak.sh` there makes."""


TONE_HZ, TONE_S, TONE_LEVEL = 440, 2.0, 3277
"""The tone: its pitch, its seconds, its amplitude in samples (−20 dBFS)."""


class Playback(Protocol):
    """Something that is sent in place of the mix until its end."""

    @property
    def source(self) -> Source | None:
        """Return what the next tick comes from; None: the mix, for now."""

    def push(self, tick: int) -> bool:
        """Send the packets of a tick; return False once all has been sent."""

    def renegotiated(self) -> bool:
        """Follow the room system's sound, which was negotiated anew; return False where it cannot go on."""


class PromptPlayback:
    """Speaks a prompt in a codec of room systems."""

    def __init__(self, prompt: Prompt, codec: str, flush_queue: FlushQueue) -> None:
        self.source: Source | None = Source(f"prompt:{prompt}", codec, flush_queue)
        opus = codec == "opus"
        self._encoder = OpusEncoder() if opus else TelephonyEncoder(codec)
        self._tick_units = FRAME_SAMPLES if opus else TELEPHONY_TICKS
        self._left = spoken(prompt)
        self._sequence = 0

    def push(self, tick: int) -> bool:
        """Send 20 ms; return False at the end."""
        frame, self._left = self._left[:FRAME_SAMPLES], self._left[FRAME_SAMPLES:]
        if len(frame) < FRAME_SAMPLES:
            return False
        payload = self._encoder.encode(frame)
        assert self.source is not None
        self.source.push(Packet(0, self._sequence, tick * self._tick_units, 0, False, payload))
        self._sequence = (self._sequence + 1) & 0xFFFF
        return True

    def renegotiated(self) -> bool:
        """Return False: the codec may be another one now."""
        return False


@lru_cache
def spoken(prompt: Prompt) -> Samples:
    """Return the samples of a prompt, mono at 48 kHz."""
    if prompt == "tone":
        times = np.arange(int(TONE_S * SAMPLE_RATE)) / SAMPLE_RATE
        return (TONE_LEVEL * np.sin(2 * np.pi * TONE_HZ * times)).astype(np.int16)
    with av.open(PROMPTS / f"{prompt}.opus") as file:
        resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE)
        frames = [each for frame in file.decode(audio=0) for each in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray().ravel() for frame in frames])


@dataclass(frozen=True, slots=True)
class EventStream:
    """The stream in which digits go: its SSRC, its clock, and the one by which digits count, in Hz."""

    ssrc: int
    clock: int
    event_clock: int


class DigitPlayback:
    """Sends DTMF digits (RFC 4733), each in the stream that `stream` returns when it begins. While there is none, the
    room system hears no digits, and those that are left wait, in their order.

    All packets of an event have the timestamp of its first. Between digits the mix goes on: some systems, baresip among
    them, take of events that follow each other directly only the first.
    """

    def __init__(self, digits: str, stream: Callable[[], EventStream | None], flush_queue: FlushQueue) -> None:
        self._source = Source("digits", EVENTS, flush_queue)
        self._digit, self._left = "", digits
        """The one that began last, and those that have not begun; pauses, too."""
        self._find_stream = stream
        self._stream: EventStream | None = None
        """That of the digit that began last."""
        self._ticks: Iterator[list[bytes]] = iter(())
        """The payloads of its ticks that are left."""
        self._sequence = 0
        self._begun: int | None = None
        """The tick in which the event began that is being sent."""
        self._payloads = self._next()
        """Those of the next tick; None at the end."""

    def _next(self) -> list[bytes] | None:
        """Return the payloads of the next tick, in which a digit may begin; None at the end."""
        while (payloads := next(self._ticks, None)) is None:
            if not self._left:
                return None
            if (stream := self._find_stream()) is None:
                return []
            self._stream, self._digit, self._left = stream, self._left[0], self._left[1:]
            self._ticks = written(self._digit, stream.event_clock)
        return payloads

    @property
    def source(self) -> Source | None:
        """Return the digits while one is sent, None in pauses."""
        return self._source if self._payloads else None

    def push(self, tick: int) -> bool:
        """Send the packets of a tick; return False once all digits have been sent."""
        payloads = self._payloads
        if payloads is None:
            return False
        self._payloads = self._next()
        marker = bool(payloads) and self._begun is None
        self._begun = None if not payloads else tick if self._begun is None else self._begun
        for payload in payloads:
            assert self._stream is not None
            timestamp = (self._begun or 0) * self._stream.clock * PTIME_MS // 1000
            self._source.push(Packet(0, self._sequence, timestamp, 0, marker, payload))
            self._sequence = (self._sequence + 1) & 0xFFFF
        return True

    def renegotiated(self) -> bool:
        """End a digit that began in another stream, or let it wait if none of it was sent; return True."""
        if self._payloads and self._stream != self._find_stream():
            if self._begun is None:
                self._left = self._digit + self._left
            self._ticks, self._begun = repeat([], GAP_TICKS), None
            self._payloads = self._next()
        return True
