"""Audio codecs of room systems: G.722 (7 kHz, the one they all have) and G.711 in both laws, over PyAV.

All three have an RTP clock of 8 kHz (RFC 3551 §4.5.2: G.722 too, by an old mistake) and one byte for each of its ticks,
so that a packet of n bytes plays 6n samples at 48 kHz, whichever it is.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import av
import numpy as np
from av import AudioFrame, Packet
from av.audio.codeccontext import AudioCodecContext

from mediaserver.audio.mix_minus import SAMPLE_RATE, Samples
from mediaserver.audio.resampler import Downsampler, Upsampler

RTP_CLOCK = 8000
SCALE = SAMPLE_RATE // RTP_CLOCK
MAX_BYTES = 960
"""120 ms, as with Opus; longer packets are refused."""
FADE_SAMPLES = 3 * SAMPLE_RATE // 50
"""A loss is concealed for 60 ms, softer and softer, then by silence."""
BLEND_SAMPLES = SAMPLE_RATE // 400
"""2.5 ms in which the guess blends into the received sound."""
REPEATED_SAMPLES = SAMPLE_RATE // 50
"""Samples that a guess repeats."""


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    """FFmpeg's name."""
    rate: int


_KINDS = {"G722": _Kind("g722", 16_000), "PCMA": _Kind("pcm_alaw", 8000), "PCMU": _Kind("pcm_mulaw", 8000)}


def payload_samples(payload: bytes) -> int:
    """Return the samples at 48 kHz that a packet plays; 0 when it is invalid."""
    return SCALE * len(payload) if len(payload) <= MAX_BYTES else 0


def _context(codec: str, mode: str) -> AudioCodecContext:
    kind = _KINDS[codec]
    context = cast("AudioCodecContext", av.CodecContext.create(kind.name, "w" if mode == "w" else "r"))
    context.sample_rate, context.layout, context.format = kind.rate, "mono", "s16"
    return context


class TelephonyDecoder:
    """Decodes one talker to mono at 48 kHz; a lost packet is concealed with the sound before it."""

    def __init__(self, codec: str) -> None:
        self._context = _context(codec, "r")
        self._up = Upsampler(SAMPLE_RATE // _KINDS[codec].rate)
        self._heard: Samples = np.zeros(REPEATED_SAMPLES, np.int16)
        self._hidden = 0
        """Samples guessed since the last real one."""

    def decode(self, payload: bytes) -> Samples:
        """Return the samples of one packet. Raises ValueError on undecodable bytes."""
        if not payload:  # to FFmpeg the end of the stream, for good
            return self._heard[:0].copy()
        try:
            frames = self._context.decode(Packet(payload))
        except av.FFmpegError as exc:
            raise ValueError(f"undecodable sound: {exc}") from exc
        samples = self._up.run(np.concatenate([frame.to_ndarray().ravel() for frame in frames]))
        if self._hidden:
            size = min(BLEND_SAMPLES, len(samples))
            samples[:size] = _blend(self._guess(size), samples[:size])
            self._hidden = 0
        self._heard = np.concatenate((self._heard, samples))[-REPEATED_SAMPLES:]
        return samples

    def mend(self, _following: bytes, samples: int) -> Samples:
        """Return a guess: these codecs carry nothing of the packet before."""
        return self.conceal(samples)

    def conceal(self, samples: int) -> Samples:
        """Return a guess of the next `samples`: the last sound, backwards and forwards, fading."""
        guess = self._guess(samples)
        self._hidden += samples
        return guess

    def _guess(self, samples: int) -> Samples:
        places = self._hidden + np.arange(samples)
        there_and_back = np.concatenate((self._heard[::-1], self._heard))
        softer = np.maximum(0.0, 1.0 - places / FADE_SAMPLES)
        guess: Samples = (there_and_back[places % len(there_and_back)] * softer).astype(np.int16)
        return guess


class TelephonyEncoder:
    """Encodes one mono mix, 20 ms a packet."""

    def __init__(self, codec: str) -> None:
        self._rate = _KINDS[codec].rate
        self._context = _context(codec, "w")
        self._context.time_base = Fraction(1, self._rate)
        self._down = Downsampler(SAMPLE_RATE // self._rate)

    def encode(self, samples: Samples) -> bytes:
        """Return one packet of 160 bytes from `FRAME_SAMPLES` samples."""
        frame = AudioFrame.from_ndarray(self._down.run(samples)[np.newaxis], "s16", "mono")
        frame.sample_rate = self._rate
        return b"".join([bytes(packet) for packet in self._context.encode(frame)])


def _blend(before: Samples, after: Samples) -> Samples:
    share = np.linspace(0, 1, len(after), dtype=np.float32)
    return (before * (1 - share) + after * share).astype(np.int16)
