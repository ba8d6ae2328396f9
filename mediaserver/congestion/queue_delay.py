"""How long what comes now has waited in a queue, seen from how long it took. Pure."""

from collections import deque

REMEMBERED = 30


class QueueDelay:
    """Samples in seconds, of round trips or one way; the least of the last `REMEMBERED` is what an empty line takes."""

    def __init__(self) -> None:
        self._samples: deque[float] = deque(maxlen=REMEMBERED)

    def __bool__(self) -> bool:
        return bool(self._samples)

    def add(self, sample: float) -> None:
        """Take one."""
        self._samples.append(sample)

    @property
    def newest(self) -> float:
        """The last one. Raises IndexError before there is any."""
        return self._samples[-1]

    @property
    def least(self) -> float:
        """What an empty line takes. Raises ValueError before there is any."""
        return min(self._samples)

    @property
    def queue(self) -> float:
        """What the last two show above the least: one alone may be a busy machine's late word."""
        return min(list(self._samples)[-2:]) - self.least if self._samples else 0.0
