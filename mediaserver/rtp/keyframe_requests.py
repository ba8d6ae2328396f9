"""When to ask a source for a key frame: at once, not more often than it can answer, and again until one comes."""

MIN_INTERVAL_S = 0.5
BURST, EVERY_S = 3, 2.0
"""A receiver may ask three times in a row, for a key frame may get lost, too; then once in two seconds. Key frames at
the source's own limit cost everybody who shares the stream 6 dB."""


class KeyframeThrottle:
    """Turns many receivers' requests into few (one per `MIN_INTERVAL_S`); `now` in seconds."""

    def __init__(self) -> None:
        self._asked = -MIN_INTERVAL_S
        self._wanted = False

    def want(self, now: float) -> bool:
        """Somebody needs a key frame; whether to ask for it now."""
        self._wanted = True
        return self.due(now)

    def due(self, now: float) -> bool:
        """Whether a wanted key frame should be asked for (again)."""
        if not self._wanted or now - self._asked < MIN_INTERVAL_S:
            return False
        self._asked = now
        return True

    def rests(self, now: float) -> bool:
        """Whether none is wanted, and the next one that is will be asked for at once."""
        return not self._wanted and now - self._asked >= MIN_INTERVAL_S

    def arrived(self) -> None:
        """A key frame came."""
        self._wanted = False

    def forget(self) -> None:
        """Nobody is left who needs one."""
        self._wanted = False


class KeyframeShare:
    """What one receiver may ask of a stream that it shares; `now` in seconds."""

    def __init__(self) -> None:
        self._left = float(BURST)
        self._filled = self._taken = -MIN_INTERVAL_S

    def take(self, now: float) -> bool:
        """Whether it may ask now, and if so count it; what it repeats meanwhile has been heard."""
        self._left = min(BURST, self._left + (now - self._filled) / EVERY_S)
        self._filled = now
        if self._left < 1 or now - self._taken < MIN_INTERVAL_S:
            return False
        self._left -= 1
        self._taken = now
        return True
