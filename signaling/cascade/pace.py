"""Limits how many requests of a system above are answered, before anything is looked up for one."""

import logging
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from signaling.core.account import digest

log = logging.getLogger(__name__)

BURST, RATE = 60.0, 20.0
"""Requests at once, and a second: as many as of forty meetings that are held together."""
MAX_KEYS = 10_000
"""Most keys that are remembered; a nation has some thousand systems."""


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled: float
    exceeded: bool = False


class Pace:
    """Keeps a bucket of tokens for each key that was taken once; `clock` gives seconds that only rise."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def know(self, key: str) -> None:
        """Limit requests with a key, which was found to be a neighbour's."""
        if (known := digest(key)) not in self._buckets:
            self._buckets[known] = _Bucket(BURST - 1, self._clock())
            if len(self._buckets) > MAX_KEYS:
                self._buckets.popitem(last=False)

    def allow(self, key: str) -> bool:
        """Count a request; return False for one that is too much. One with another key costs what a guess costs."""
        bucket = self._buckets.get(digest(key))
        if bucket is None:
            return True
        now = self._clock()
        bucket.tokens = min(BURST, bucket.tokens + (now - bucket.filled) * RATE)
        bucket.filled = now
        if bucket.tokens >= 1:
            bucket.tokens -= 1
            bucket.exceeded = bucket.exceeded and bucket.tokens < BURST / 2
            return True
        if not bucket.exceeded:
            bucket.exceeded = True
            log.warning("! system %s above asks more than %d times a second", key.rpartition(".")[0], RATE)
        return False
