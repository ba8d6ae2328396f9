"""Makes a voice that sounds as of somebody speaking behind a door: syllables of vowels, without words."""

import functools
import math

import numpy as np
import numpy.typing as npt

from loadtest.media.tone import LOOP_PACKETS, PACKET_SAMPLES, RATE_HZ, encode_sound

Moments = npt.NDArray[np.float64]

LOOP_S = LOOP_PACKETS * PACKET_SAMPLES / RATE_HZ
SYLLABLES = ((0.0, 0.22), (0.26, 0.46), (0.5, 0.8), (0.94, 1.14), (1.18, 1.36), (1.42, 1.74))
"""Begin and end of each syllable in seconds; the loop ends with a pause."""
VOWELS = ((730, 1090), (570, 840), (270, 2290), (530, 1840), (300, 870), (730, 1090))
"""First and second formant of each syllable's vowel in Hz (Peterson and Barney, 1952)."""
AMPLITUDE = 0.3
_LOWEST_HZ, _PITCHES = 105, 8
_HIGHEST_HZ = 3200
_BANDWIDTH_HZ = 130
_LOOK_AHEAD_PACKETS = 1


def loudness(moments: Moments) -> Moments:
    """Return how loud the voice is at these moments in seconds, 0 to 1."""
    within = moments % LOOP_S
    parts = (
        np.where((within >= begin) & (within < end), np.sin(np.pi * (within - begin) / (end - begin)) ** 2, 0.0)
        for begin, end in SYLLABLES
    )
    return functools.reduce(np.add, parts)


@functools.cache
def encode_voice(number: int) -> tuple[bytes, ...]:
    """Return the loop as Opus packets of 20 ms, in the pitch of a person's number."""
    packets = encode_sound((voice(number) * 32767).astype(np.int16))
    return packets[_LOOK_AHEAD_PACKETS:]


def voice(number: int) -> Moments:
    """Return the samples of the loop, and of one packet more, from -1 to 1."""
    moments = np.arange((LOOP_PACKETS + _LOOK_AHEAD_PACKETS) * PACKET_SAMPLES) / RATE_HZ
    pitch = round(_LOWEST_HZ * math.pow(2, number * 5 % _PITCHES / _PITCHES))
    sound = np.zeros_like(moments)
    for (begin, end), formants in zip(SYLLABLES, VOWELS, strict=True):
        spoken = (moments % LOOP_S >= begin) & (moments % LOOP_S < end)
        sound[spoken] = _vowel(moments[spoken], pitch, formants)
    sound *= loudness(moments)
    louder: Moments = sound * (AMPLITUDE / np.abs(sound).max())
    return louder


def _vowel(moments: Moments, pitch: int, formants: tuple[int, int]) -> Moments:
    """Return the harmonics of a pitch, of which those near the formants are loud."""
    sound = np.zeros_like(moments)
    for harmonic in range(pitch, _HIGHEST_HZ, pitch):
        gain = sum(1 / (1 + ((harmonic - formant) / _BANDWIDTH_HZ) ** 2) for formant in formants)
        sound += gain * np.sin(2 * np.pi * harmonic * moments)
    return sound
