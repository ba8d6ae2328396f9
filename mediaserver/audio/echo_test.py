"""Echo test: a person who tries their devices hears their own voice, a little later, and nobody else."""

from collections import deque
from collections.abc import Mapping

import numpy as np

from mediaserver.audio.mix_minus import PTIME_MS, Samples, Sums


class Echo:
    """Keeps the voices of each tick for a number of seconds."""

    def __init__(self, seconds: float) -> None:
        self._delayed: deque[Mapping[str, Samples]] = deque([{}] * round(seconds * 1000 / PTIME_MS))

    def turn(self, sounds: Mapping[str, Samples]) -> dict[str, Sums]:
        """Take the voices of a tick; return those that are played back in it."""
        self._delayed.append(sounds)
        return {seat: sound.astype(np.int32) for seat, sound in self._delayed.popleft().items()}
