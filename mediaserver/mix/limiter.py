"""Keeps a mix within 16 bits without a clipped peak: unity for ordinary levels, softly less when many are loud."""

import numpy as np
from numpy.typing import NDArray

from mediaserver.mix.minus import FRAME_SAMPLES, Samples, Sums

CEILING = 29_205
"""−1 dBFS: what the gain is steered to."""
PARTS = 8
"""The gain may change every 2.5 ms."""
RELEASE = 1.03
"""How much louder a 20 ms frame may begin than the last one: 6 dB come back in half a second."""
_PART = FRAME_SAMPLES // PARTS
_STEPS = np.arange(FRAME_SAMPLES, dtype=np.float32) / _PART
_EDGES = np.arange(PARTS + 1, dtype=np.float32)
_ROOM = 32_767.0 - CEILING


class Limiter:
    """One mix; frame after frame."""

    def __init__(self) -> None:
        self.gain = 1.0
        """The last frame's gain at its end, 1.0: untouched."""

    def apply(self, total: Sums) -> Samples:
        """`FRAME_SAMPLES` summed samples as 16 bits."""
        if self.gain == 1.0 and max(int(total.max()), -int(total.min())) <= CEILING:
            return total.astype(np.int16)
        peaks = np.abs(total).reshape(PARTS, _PART).max(axis=1)
        allowed = np.minimum(CEILING / np.maximum(peaks, 1), 1.0)
        # A part's peak must fit under the gain at both its edges; only the edge to the last frame is given.
        edges = np.minimum(np.append(allowed[0], allowed), np.append(allowed, 1.0))
        edges[0] = self.gain
        rise = RELEASE ** (1 / PARTS)
        for at in range(1, PARTS + 1):
            edges[at] = min(edges[at], edges[at - 1] * rise)
        self.gain = float(edges[-1])
        return _soft(total * np.interp(_STEPS, _EDGES, edges).astype(np.float32))


def _soft(samples: NDArray[np.float64]) -> Samples:
    """Bend what an attack of 2.5 ms let through over the ceiling, so that no edge is cut."""
    size = np.abs(samples)
    if size.max() > CEILING:
        bent = CEILING + _ROOM * np.tanh((size - CEILING) / _ROOM)
        samples = np.where(size > CEILING, np.sign(samples) * bent, samples)
    return samples.astype(np.int16)
