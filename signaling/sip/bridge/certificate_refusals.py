"""Decides which refused certificates are told: each address once an hour, and no more than so many. Pure."""

from collections import OrderedDict
from datetime import datetime, timedelta

AGAIN = timedelta(hours=1)
"""When an address that still shows no good certificate is told of again."""
MOST = 64
"""Addresses that are told of within that time: who tries from many fills no log."""


class CertificateRefusals:
    """The addresses that were told of."""

    def __init__(self) -> None:
        self._told: OrderedDict[str, datetime] = OrderedDict()
        """When, the oldest first."""

    def due(self, host: str, now: datetime) -> bool:
        """Return whether an address whose certificate is refused is to be told of, and note that it is."""
        while self._told and now - next(iter(self._told.values())) >= AGAIN:
            self._told.popitem(last=False)
        if host in self._told or len(self._told) >= MOST:
            return False
        self._told[host] = now
        return True
