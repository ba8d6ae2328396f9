"""Measures the bitrate of an incoming stream over some seconds. Pure."""

AVERAGED_S = 5.0
"""Seconds over which it is averaged: a key frame, which takes the room of ten other pictures, hardly changes it."""
KNOWN_S = 2.0
"""Seconds after which it is known."""


class Bitrate:
    """The payload of one stream in bit/s; `now` in seconds."""

    def __init__(self) -> None:
        self._octets = 0
        """Bytes since the last update."""
        self._updated: float | None = None
        self._seconds = 0.0
        """Seconds averaged."""
        self._mean = 0.0

    def add(self, octets: int) -> None:
        """Take so many bytes of payload."""
        self._octets += octets

    def update(self, now: float) -> None:
        """Take what came since the last call; call about once a second. A stream in which nothing came begins anew."""
        octets, self._octets = self._octets, 0
        before, self._updated = self._updated, now
        if not octets:
            self._seconds = self._mean = 0.0
        elif before is not None and now > before:
            passed = now - before
            self._seconds = min(AVERAGED_S, self._seconds + passed)
            self._mean += min(1.0, passed / self._seconds) * (8 * octets / passed - self._mean)

    @property
    def value(self) -> int | None:
        """Return the bit/s; None as long as it is unknown."""
        return round(self._mean) if self._seconds >= KNOWN_S else None
