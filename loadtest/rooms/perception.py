"""Judges by colours and tones whether two sides of a call saw and heard each other. Pure but for files it reads."""

import wave
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

Rgb = npt.NDArray[np.uint8]

NEAR = 70
"""Greatest difference in each of red, green and blue from a colour that counts as that colour."""
SEEN_SHARE = 0.02
"""Least share of a picture that must have a colour: a tile of a composed picture covers more."""
HEARD_SHARE = 0.2
"""Least amplitude of a tone beside the loudest one of a sound."""
WINDOW_S = 0.5


def sees(picture: Rgb | None, colour: tuple[int, int, int]) -> bool:
    """Return whether a picture (height x width x 3) has a colour in it."""
    if picture is None:
        return False
    near = (np.abs(picture.astype(np.int16) - np.array(colour, np.int16)) <= NEAR).all(axis=2)
    return bool(near.mean() >= SEEN_SHARE)


def hears(samples: npt.NDArray[np.int16], rate_hz: int, tone_hz: int) -> bool:
    """Return whether a tone is in a sound of `rate_hz` samples a second."""
    if len(samples) < rate_hz * WINDOW_S or np.abs(samples).max() < 300:
        return False
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    width = 4  # bins on either side: a Hann window spreads a tone over that many
    at = round(tone_hz * len(samples) / rate_hz)
    return bool(spectrum[max(0, at - width) : at + width + 1].max() >= HEARD_SHARE * spectrum.max())


def picture_of(path: Path) -> Rgb:
    """Read a PNG file. Raises OSError."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def heard_in(paths: Iterable[Path], tone_hz: int) -> bool:
    """Return whether a tone is in half a second of a recording (16-bit WAV), of which an unfinished file has none."""
    return any(_in_some_window(path, tone_hz) for path in paths)


def _in_some_window(path: Path, tone_hz: int) -> bool:
    with wave.open(str(path)) as file:
        rate, channels = file.getframerate(), file.getnchannels()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)[::channels]
    step = int(rate * WINDOW_S)
    return any(hears(samples[at : at + step], rate, tone_hz) for at in range(0, len(samples) - step + 1, step))
