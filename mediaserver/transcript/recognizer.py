"""The interface of speech recognizers: sound goes in, words with their times come out."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
"""Samples in a second, as all recognizers take them."""
Language = Literal["vi", "en"]

Sound = NDArray[np.float32]
"""Mono samples between -1 and 1."""


@dataclass(frozen=True, slots=True)
class Recognized:
    """A stretch of speech: its start and end in seconds of the sound, and its words."""

    start: float
    end: float
    text: str


class NoModel(Exception):
    """Raised when a model cannot be loaded: it is missing, of another kind, or nothing is installed that runs it."""


class Recognizer(Protocol):
    """Recognizes speech."""

    def recognize(self, sound: Sound) -> Iterator[Recognized]:
        """Yield the speech in a sound of a few minutes at most, in order."""
