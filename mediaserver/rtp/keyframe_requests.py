"""Decides when to request a key frame: at once, not more often than a source can answer, and again until one comes."""

MIN_INTERVAL_S, MAX_INTERVAL_S = 0.5, 1.5
"""The least seconds between two requests; on a longer line the round trip and a tenth of it, up to the second."""
BURST, EVERY_S = 3, 2.0
"""A receiver may request three times in a row, for a key frame may get lost, too; then once in two seconds. Key frames
at the source's own limit cost everybody who shares the stream 6 dB."""


class KeyframeThrottle:
    """Turns many receivers' requests into few (one per `interval_s`); `now` in seconds."""

    def __init__(self) -> None:
        self._requested_at = -MAX_INTERVAL_S
        self._wanted = False
        self.interval_s = MIN_INTERVAL_S
        """Seconds between two requests."""

    def follow_line(self, round_trip: float) -> None:
        """Wait for a key frame for as long as one takes to come by a line of so many seconds, there and back."""
        self.interval_s = min(MAX_INTERVAL_S, max(MIN_INTERVAL_S, 1.1 * round_trip))

    def want(self, now: float) -> bool:
        """Take a request; return whether to send one to the source now."""
        self._wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Return whether a request should be sent (again) for a key frame that has not come."""
        if not self._wanted or now - self._requested_at < self.interval_s:
            return False
        self._requested_at = now
        return True

    def rests(self, now: float) -> bool:
        """Return whether no key frame is wanted and the next request will be sent at once."""
        return not self._wanted and now - self._requested_at >= self.interval_s

    def arrived(self) -> None:
        """Note that a key frame came."""
        self._wanted = False

    def forget(self) -> None:
        """Drop the request: no receiver needs it any more."""
        self._wanted = False


class KeyframeShare:
    """The key frame requests that one receiver may make of a shared stream; `now` in seconds.

    One that comes too soon waits, for some receivers request once and then for seconds no more; those that come
    meanwhile are the same request.
    """

    def __init__(self) -> None:
        self._left = float(BURST)
        self._filled = self._passed_on = -MIN_INTERVAL_S
        self.waits = False
        """Whether a request waits until it may be passed on."""

    def want(self, now: float) -> bool:
        """Take a request of the receiver; return whether to pass it on now."""
        self.waits = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Return whether to pass on the request that waits, if one does, and count it."""
        if not self.waits:
            return False
        self._left = min(BURST, self._left + (now - self._filled) / EVERY_S)
        self._filled = now
        if self._left < 1 or now - self._passed_on < MIN_INTERVAL_S:
            return False
        self._left -= 1
        self._passed_on, self.waits = now, False
        return True

    def forget(self) -> None:
        """Drop the request that waits: a key frame was sent after it, or the stream ended."""
        self.waits = False
