"""Mix-minus: the sum of all talkers, and for each talker the sum without their own voice."""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.int16]
Sums = NDArray[np.int32]

FULL_POWER = 32768.0**2
QUIETEST_DBOV = -127.0
"""The level of silence (RFC 6464)."""
SILENT_DBOV = -80.0
"""Quieter sound is not worth an encoder: a muted microphone's dither."""

SAMPLE_RATE = 48000
PTIME_MS = 20
FRAME_SAMPLES = SAMPLE_RATE * PTIME_MS // 1000


def mix(voices: Mapping[str, Samples]) -> tuple[Sums, dict[str, Sums]]:
    """Return the full mix and each voice's mix-minus, unlimited; every array has `FRAME_SAMPLES` mono samples."""
    total: Sums = np.zeros(FRAME_SAMPLES, np.int32)
    for voice in voices.values():
        total += voice
    return total, {seat: total - voice for seat, voice in voices.items()}


def plain_level(voice: Samples) -> float:
    """Return the level in dBov: 0 is the loudest."""
    samples = voice.astype(np.float64)
    power = float(np.dot(samples, samples)) / len(samples)
    return max(QUIETEST_DBOV, 10.0 * math.log10(power / FULL_POWER)) if power > 0 else QUIETEST_DBOV


def _load() -> Any:
    try:
        from mediaserver import _mix  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return plain_level
    return _mix.level


if TYPE_CHECKING:
    level = plain_level
else:
    level = _load()
