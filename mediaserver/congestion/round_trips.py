"""Measures round trips one after the other by STUN binding requests, which browsers answer at once, and counts late
ones.

A response that does not come is late as soon as it is overdue: a full link drops requests, too.
"""

AGAIN_S = 0.2
"""Seconds beyond two least round trips after which a response is not waited for."""


class RoundTripRequests:
    """The requests of one sender; `now` in seconds, `least` the least round trip known, `late_s` the excess that counts
    as late, `every_s` the least seconds between two requests."""

    def __init__(self, late_s: float, every_s: float = 0.0) -> None:
        self._late_s = late_s
        self._every_s = every_s
        self._not_before = 0.0
        self.late = 0
        """Late responses in a row."""
        self._sent_at: float | None = None
        self._overdue = False
        """Whether the newest request has waited so long that its response is late already."""

    def should_request(self, least: float, now: float) -> bool:
        """Return whether to send a request now, behind the packets sent; returns True once."""
        if self._sent_at is not None:
            waited = now - self._sent_at - least
            if waited > self._late_s and not self._overdue:
                self._overdue = True
                self.late += 1
            if waited <= least + AGAIN_S:
                return False
        if now < self._not_before:
            return False
        self._not_before = now + self._every_s
        self._sent_at, self._overdue = now, False
        return True

    def responded(self, queue: float) -> None:
        """Take the seconds by which the newest response exceeded the least round trip."""
        self._sent_at = None
        if queue <= self._late_s:
            self.late = 0
        elif not self._overdue:
            self.late += 1
