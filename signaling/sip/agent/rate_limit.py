"""How much each address may ask of us: a token bucket for each, and a bound on the buckets."""

from collections import OrderedDict

BURST = 100.0
PER_SECOND = 20.0
MOST_ADDRESSES = 4096
"""The one longest unheard of is forgotten, which only gives it a full bucket again."""


class RateLimit:
    """Counts what each address asked lately."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def admit(self, host: str, cost: float, now: float) -> bool:
        """Take `cost` from the address's bucket; False if it holds less."""
        left, since = self._left.pop(host, (BURST, now))
        left = min(BURST, left + (now - since) * PER_SECOND)
        admitted = left >= cost
        self._left[host] = left - cost if admitted else left, now
        if len(self._left) > MOST_ADDRESSES:
            self._left.popitem(last=False)
        return admitted
