"""Pre-encoded tones: each point hums its own note, so that a listener (or a test) knows who is heard."""

import math
from fractions import Fraction

import av
import numpy as np

RATE_HZ = 48000
PACKET_SAMPLES = 960
LOOP_PACKETS = 100
"""2 s: every multiple of 0.5 Hz ends where it began."""
AMPLITUDE = 0.25
BITRATE = 32_000
_FIRST_HZ = 220
_NOTES = 36
"""Three octaves, then the notes repeat."""


def tone_hz(index: int) -> int:
    """The note of a point: semitones from A3 upwards, at whole hertz so that the loop closes."""
    return round(_FIRST_HZ * math.pow(2, (index * 7 % _NOTES) / 12))


def encode_tone(hertz: int) -> tuple[bytes, ...]:
    """Two seconds of a sine as Opus packets of 20 ms."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = RATE_HZ, "mono", "s16"
    encoder.bit_rate = BITRATE
    encoder.options = {"application": "voip", "frame_duration": "20", "packet_loss": "10", "fec": "1"}
    packets: list[bytes] = []
    for at in range(LOOP_PACKETS + 1):
        packets += [bytes(p) for p in encoder.encode(_sine(hertz, at * PACKET_SAMPLES))]
    return tuple(packets[1 : LOOP_PACKETS + 1])  # the first packet holds the encoder's look-ahead


def _sine(hertz: int, start: int) -> av.AudioFrame:
    moments = np.arange(start, start + PACKET_SAMPLES) / RATE_HZ
    samples = (np.sin(2 * math.pi * hertz * moments) * AMPLITUDE * 32767).astype(np.int16)
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE_HZ, start, Fraction(1, RATE_HZ)
    return frame
