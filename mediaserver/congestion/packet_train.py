"""Packet trains: measure what a link carries by how long a burst of padding takes to pass it (RFC 5136 §2.3).

A train is padding with a STUN binding request behind it, which the receiver answers at once. The response time above
the least round trip is the time that the link needed for the train, provided that nothing waited before it: no pictures
are sent meanwhile. A train is smaller than what TCP sends at once to anyone (RFC 6928), so that a queue holds it and
the sound behind it. Other delays only make a link seem narrower: the better of two trains counts.
"""

from math import inf

TRAIN_BYTES = 6000
"""The first train: 12 ms of 4 Mbit/s, 240 ms of 0.2 Mbit/s."""
SECOND_S, LEAST_BYTES, MOST_BYTES = 0.08, 3000, 12_000
"""A second train takes about so long by what the first one found, within these sizes."""
LATE_S = 0.06
"""Seconds above the least round trip after which the response to a request alone shows a queue."""
AGAIN_S, TRAIN_AGAIN_S = 0.15, 0.6
"""Seconds above the least round trip after which a request alone, and one behind a train, is sent again."""
MAX_SENT = 8
"""Requests after which a link that answers too few of them counts as carrying nothing; unless it never answered any."""
LEAST_S = 1e-4
"""Seconds that a train takes at least, on whatever link."""
ASK_S, MAX_ASK_S = 0.5, 8.0
"""Least seconds between two signs upon which pictures pause; twice as many, up to the second, after each that meant
nothing."""
WATCH_S = 3.0
"""Seconds after a measurement in which round trips are measured again and again: it may have been wrong."""


class _Trains:
    """One measurement; `least` is the least round trip known, None before the first, `now` are seconds.

    A request alone goes first: once it is answered, nothing waits on the link. With `ask` the measurement ends if
    nothing waited before, and else as soon as the link is found to carry `enough` bit/s.
    """

    def __init__(self, least: float | None, enough: float, *, ask: bool) -> None:
        self._least = least
        self._enough = enough
        self._asks = ask
        self._octets = 0
        """Padding in front of the request that is sent or waited for."""
        self._sent_at: float | None = None
        self._sent = self._trains = 0
        """Requests sent, and trains answered."""
        self._overdue = False
        self.capacity: float | None = None
        """The bit/s that the link carries, as far as is known."""
        self.over = False

    def next(self, now: float) -> int | None:
        """Return the bytes of padding to send now with a request behind them; None if there is to be none now."""
        if self._sent_at is not None:
            waited = now - self._sent_at - (self._least or 0.0)
            self._overdue |= waited > LATE_S
            if waited <= (TRAIN_AGAIN_S if self._octets else AGAIN_S):
                return None
        if self.over:
            return None
        if self._sent == MAX_SENT:
            self.over = True
            self.capacity = self.capacity or (None if self._least is None else 0.0)
            return None
        self._sent_at, self._sent = now, self._sent + 1
        return self._octets

    def responded(self, round_trip: float) -> None:
        """Take the round trip of the newest request in seconds."""
        if self._sent_at is None:
            return
        least, self._sent_at = min(round_trip, self._least or round_trip), None
        self._least, waited = least, max(LEAST_S, round_trip - least)
        if not self._octets:
            self.over = self._asks and waited <= LATE_S and not self._overdue
            self._octets = TRAIN_BYTES
            return
        self._trains += 1
        self.capacity = max(self.capacity or 0.0, 8 * self._octets / waited)
        self.over = self.capacity >= self._enough or self._trains == 2
        self._octets = round(min(MOST_BYTES, max(LEAST_BYTES, SECOND_S * self.capacity / 8)))


class CapacityMeasurement:
    """Measures a link's capacity before the first pictures, and again upon signs that it is full; `now` are seconds."""

    def __init__(self) -> None:
        self._trains: _Trains | None = None
        self._ask_s = ASK_S
        self._ask_after = 0.0
        """Time in seconds from which pictures may pause upon the next sign."""
        self.watched_until = 0.0
        self.narrow = inf
        """The bit/s of a link that was found too narrow for what was sent; infinite while none was."""

    @property
    def running(self) -> bool:
        """Return whether it measures now: no pictures are to be sent."""
        return self._trains is not None

    @property
    def over(self) -> bool:
        """Return whether there is a result to take."""
        return self._trains is not None and self._trains.over

    def start(self, least: float | None, enough: float, now: float, *, ask: bool) -> None:
        """Begin, if none runs; with `ask` upon a sign, unless the last one was just now. See :class:`_Trains`."""
        if self._trains is None and (not ask or now >= self._ask_after):
            self._trains = _Trains(least, enough, ask=ask)

    def next(self, now: float) -> int | None:
        """Return the bytes of padding to send now with a request behind them; None if there is to be none now."""
        return self._trains.next(now) if self._trains is not None else None

    def responded(self, round_trip: float) -> None:
        """Take the round trip of the newest request in seconds."""
        if self._trains is not None:
            self._trains.responded(round_trip)

    def take(self, now: float) -> float | None:
        """End, and return the bit/s that the link carries; None if nothing waited on it."""
        assert self._trains is not None
        capacity, self._trains = self._trains.capacity, None
        self._ask_after = now + self._ask_s
        self._ask_s = min(MAX_ASK_S, 2 * self._ask_s) if capacity is None else ASK_S
        self.watched_until = now + WATCH_S
        return capacity
