"""Estimates the queueing delay of a path in seconds: the latest delay samples minus the smallest of the last ones.
Pure."""

from collections import deque

KEPT_SAMPLES = 30


class QueueDelay:
    """Samples in seconds, of round trips or one way; the least of the last `KEPT_SAMPLES` is the delay of an empty
    link."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=KEPT_SAMPLES)

    def __bool__(self) -> bool:
        return bool(self._samples)

    def add(self, sample: float) -> None:
        """Take one sample."""
        self._samples.append(sample)

    @property
    def newest(self) -> float:
        """Return the last sample. Raises IndexError before there is any."""
        return self._samples[-1]

    @property
    def least(self) -> float:
        """Return the delay of an empty link. Raises ValueError before there is any sample."""
        return min(self._samples)

    @property
    def queue(self) -> float:
        """Return the excess of the last two samples over the least: a single one may be late because of a busy
        machine."""
        return min(list(self._samples)[-2:]) - self.least if self._samples else 0.0
