"""Judges by colours and tones whether two sides of a call saw and heard each other. Pure but for files it reads."""

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from loadtest.media.tone import RATE_HZ

Rgb = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]
"""Red, green and blue, 0 to 255."""

NEAR = 70
"""Greatest difference in each of red, green and blue from a colour that counts as that colour."""
EVERY = 4
"""Of so many rows and columns one is looked at, which is done many times a second."""
SEEN_SHARE = 0.01
"""Least share of a picture that must have a colour: a tile of a composed picture of 64 covers more."""
HEARD_SHARE = 0.2
"""Least amplitude of a tone beside the loudest one of a sound."""
WINDOW_S = 0.5
LOUD = 300
"""Least amplitude of a sample that is no silence."""
LOOK_S = 0.1
"""Most seconds for which one look counts: of a longer time in which nobody looked nothing is known."""
WAV_HEADER = 44
"""Least bytes before the samples of a WAV file."""


def sees(picture: Rgb | None, colour: Colour, share: float = SEEN_SHARE) -> bool:
    """Return whether so large a share of a picture (height x width x 3) has a colour."""
    if picture is None:
        return False
    some = picture[::EVERY, ::EVERY]
    near = (np.abs(some.astype(np.int16) - np.array(colour, np.int16)) <= NEAR).all(axis=2)
    return bool(near.mean() >= share)


def hears(samples: npt.NDArray[np.int16], rate_hz: int, tone_hz: int) -> bool:
    """Return whether a tone is in a sound of `rate_hz` samples a second."""
    if len(samples) < rate_hz * WINDOW_S or np.abs(samples).max() < LOUD:
        return False
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    width = 4  # bins on either side: a Hann window spreads a tone over that many
    at = round(tone_hz * len(samples) / rate_hz)
    return bool(spectrum[max(0, at - width) : at + width + 1].max() >= HEARD_SHARE * spectrum.max())


class Lasting:
    """Counts the seconds for which something is there at every look."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._looked_at: float | None = None

    def look(self, there: bool, now: float) -> float:
        """Take a look; return for how long it has been there."""
        since = LOOK_S if self._looked_at is None else min(now - self._looked_at, LOOK_S)
        self._seconds = self._seconds + since if there else 0.0
        self._looked_at = now
        return self._seconds


def picture_of(path: Path) -> Rgb:
    """Read a PNG file. Raises OSError."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def heard_in(paths: Iterable[Path], tone_hz: int) -> bool:
    """Return whether a tone is in half a second of a recording (16-bit WAV), which may still be written."""
    return any(_in_some_window(path, tone_hz) for path in paths)


def loud_in(paths: Iterable[Path]) -> bool:
    """Return whether any sound is in a recording (16-bit WAV), which may still be written."""
    return any(bool((np.abs(recorded(path)[1].astype(np.int32)) >= LOUD).any()) for path in paths)


def recorded(path: Path) -> tuple[int, npt.NDArray[np.int16]]:
    """Return samples a second and samples (one channel) of a recording (16-bit WAV), which may still be written."""
    data = path.read_bytes()
    begin = data.find(b"data") + 8  # behind its length, which is written at the end
    if begin < WAV_HEADER:
        return RATE_HZ, np.zeros(0, np.int16)
    channels, rate = struct.unpack_from("<HI", data, 22)
    frames = (len(data) - begin) // (2 * channels)
    return rate, np.frombuffer(data, np.int16, frames * channels, begin)[::channels]


def _in_some_window(path: Path, tone_hz: int) -> bool:
    rate, samples = recorded(path)
    step = int(rate * WINDOW_S)
    return any(hears(samples[at : at + step], rate, tone_hz) for at in range(0, len(samples) - step + 1, step))
