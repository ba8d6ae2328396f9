"""Decides when to request a key frame: at once, not more often than a source can answer, and again until one comes."""

MIN_INTERVAL_S = 0.5
BURST, EVERY_S = 3, 2.0
"""A receiver may request three times in a row, for a key frame may get lost, too; then once in two seconds. Key frames
at the source's own limit cost everybody who shares the stream 6 dB."""


class KeyframeThrottle:
    """Turns many receivers' requests into few (one per `MIN_INTERVAL_S`); `now` in seconds."""

    def __init__(self) -> None:
        self._requested_at = -MIN_INTERVAL_S
        self._wanted = False

    def want(self, now: float) -> bool:
        """Take a request; return whether to send one to the source now."""
        self._wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Return whether a request should be sent (again) for a key frame that has not come."""
        if not self._wanted or now - self._requested_at < MIN_INTERVAL_S:
            return False
        self._requested_at = now
        return True

    def rests(self, now: float) -> bool:
        """Return whether no key frame is wanted and the next request will be sent at once."""
        return not self._wanted and now - self._requested_at >= MIN_INTERVAL_S

    def arrived(self) -> None:
        """Note that a key frame came."""
        self._wanted = False

    def forget(self) -> None:
        """Drop the request: no receiver needs it any more."""
        self._wanted = False


class KeyframeShare:
    """The key frame requests that one receiver may make of a shared stream; `now` in seconds."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._filled = self._taken = -MIN_INTERVAL_S

    def take(self, now: float) -> bool:
        """Return whether it may request now, and if so count it; repetitions meanwhile are ignored."""
        self._left = min(BURST, self._left + (now - self._filled) / EVERY_S)
        self._filled = now
        if self._left < 1 or now - self._taken < MIN_INTERVAL_S:
            return False
        self._left -= 1
        self._taken = now
        return True
