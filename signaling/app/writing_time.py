"""Counts the time for which the holder of a lease may write. Pure.

The database sets the end of a lease by its own clock when it carries out a renewal, and lets another server take the
lease from then on. The holder counts the same seconds by its own monotonic clock from before it asked for the renewal.
So its time ends first, however late the answer comes, and whatever either clock says; only a clock that runs slower
than the database's, by more than the renewal took, would make it end later, and then the row of the lease refuses what
is written (:mod:`signaling.app.lease`).
"""

from math import inf


class WritingTime:
    """The time for which a server may write; times are in seconds of one monotonic clock."""

    def __init__(self) -> None:
        self._end = -inf

    def grant(self, asked: float, seconds: float) -> None:
        """Note that the database has granted so many seconds to a server that asked at a time."""
        self._end = asked + seconds

    def end(self) -> None:
        """Note that the server may not write any more."""
        self._end = -inf

    def lasts(self, now: float) -> bool:
        """Return whether the server may write."""
        return now < self._end
