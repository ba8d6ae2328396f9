"""Limiter: keeps a mix within 16 bits without clipped peaks. Unity gain for ordinary levels, softly less when many are
loud."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, Sums

CEILING = 29_205
"""−1 dBFS: the peak that the gain is steered to."""
PARTS = 8
"""Parts of a frame: the gain may change every 2.5 ms."""
RELEASE = 1.03
"""Factor by which a 20 ms frame may begin louder than the last one ended: 6 dB come back in half a second."""
RISE = RELEASE ** (1 / PARTS)
_PART = FRAME_SAMPLES // PARTS
_STEPS = np.arange(FRAME_SAMPLES, dtype=np.float32) / _PART
_EDGES = np.arange(PARTS + 1, dtype=np.float32)
_ROOM = 32_767.0 - CEILING


class Limiter:
    """Limits one mix, frame after frame."""

    def __init__(self) -> None:
        self.gain = 1.0
        """The gain at the end of the last frame; 1.0: unchanged."""

    def apply(self, total: Sums) -> Samples:
        """Return `FRAME_SAMPLES` summed samples as 16 bits."""
        limited = np.empty(FRAME_SAMPLES, np.int16)
        self.gain = limit(total, limited, self.gain, RISE)
        return limited


def plain_limit(total: Sums, into: Samples, gain: float, rise: float) -> float:
    """Write a summed frame within 16 bits, beginning with `gain`; return the gain it ended with.

    From one edge to the next the gain grows at most `rise`-fold. `native/mix.c` does the same several times faster.
    """
    if gain == 1.0 and max(int(total.max()), -int(total.min())) <= CEILING:
        into[:] = total
        return gain
    peaks = np.abs(total).reshape(PARTS, _PART).max(axis=1)
    allowed = np.minimum(CEILING / np.maximum(peaks, 1), 1.0)
    # A part's peak must fit under the gain at both its edges; only the edge to the last frame is given.
    edges = np.minimum(np.append(allowed[0], allowed), np.append(allowed, 1.0))
    edges[0] = gain
    for at in range(1, PARTS + 1):
        edges[at] = min(edges[at], edges[at - 1] * rise)
    into[:] = _soft(total * np.interp(_STEPS, _EDGES, edges).astype(np.float32))
    return float(edges[-1])


def _soft(samples: NDArray[np.float64]) -> Samples:
    """Bend peaks that an attack of 2.5 ms let through over the ceiling, so that no edge is cut."""
    size = np.abs(samples)
    if size.max() > CEILING:
        bent = CEILING + _ROOM * np.tanh((size - CEILING) / _ROOM)
        samples = np.where(size > CEILING, np.sign(samples) * bent, samples)
    return samples.astype(np.int16)


def _load() -> Any:
    try:
        from mediaserver import _mix  # noqa: PLC0415 - optional: compiled at installation where that is possible
    except ImportError:
        return plain_limit
    return _mix.limit


if TYPE_CHECKING:
    limit = plain_limit
else:
    limit = _load()
