"""Encodes tones: each point sends its own note, by which a listener or a test recognises the speaker."""

import math

import numpy as np

from mediaserver.audio.mix_minus import Samples
from mediaserver.audio.opus import OpusEncoder

RATE_HZ = 48000
PACKET_SAMPLES = 960
LOOP_PACKETS = 100
"""2 s: every multiple of 0.5 Hz ends where it began."""
AMPLITUDE = 0.25
LEVEL = 15
"""Loudness of the tone in −dBov."""
BITRATE = 32_000
_FIRST_HZ = 220
_NOTES = 36
"""Three octaves, then the notes repeat."""


def tone_hz(index: int) -> int:
    """Return the note of a point in Hz: semitones from A3 upwards, at whole hertz so that the loop closes."""
    return round(_FIRST_HZ * math.pow(2, (index * 7 % _NOTES) / 12))


def encode_tone(hertz: int) -> tuple[bytes, ...]:
    """Return two seconds of a sine as Opus packets of 20 ms, with FEC."""
    moments = np.arange((LOOP_PACKETS + 1) * PACKET_SAMPLES) / RATE_HZ
    packets = encode_sound((np.sin(2 * math.pi * hertz * moments) * AMPLITUDE * 32767).astype(np.int16))
    return packets[1:]  # the first packet holds the encoder's look-ahead


def encode_sound(samples: Samples) -> tuple[bytes, ...]:
    """Return mono sound at 48 kHz as Opus packets of 20 ms, with FEC."""
    encoder = OpusEncoder(BITRATE)
    return tuple(encoder.encode(frame) for frame in samples.reshape(-1, PACKET_SAMPLES))
