"""Limits the requests of each address, or within each call: one token bucket each, for a bounded number of them."""

from collections import OrderedDict

BURST = 100.0
PER_SECOND = 20.0
MAX_ADDRESSES = 4096
"""Beyond this number the one that was silent longest is forgotten, which only refills its bucket."""


class RateLimit:
    """Token buckets by address, or by call, so many times as large as those of an address."""

    def __init__(self, times: float = 1.0) -> None:
        self._times = times
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, key: str, cost: float, now: float) -> bool:
        """Take `cost` tokens from the bucket of an address or a call; return False if it holds less."""
        burst = BURST * self._times
        left, since = self._left.pop(key, (burst, now))
        left = min(burst, left + (now - since) * PER_SECOND * self._times)
        admitted = left >= cost
        self._left[key] = left - cost if admitted else left, now
        if len(self._left) > MAX_ADDRESSES:
            self._left.popitem(last=False)
        return admitted
