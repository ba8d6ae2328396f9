"""Bandwidth probe: sends padding on top of the picture, more with every round trip, until the link has carried a goal.

Each growth is measured by a STUN binding request that leaves behind the padding and is answered at once: the response
time above the least round trip is the queue that the padding made. One late response may come from a busy machine; the
next ones take growth back, and only some in a row mean a full link. Queues grow before packets are lost, so a probe
that fails costs delay for a moment, not audio.
"""

from enum import Enum

from mediaserver.congestion.round_trips import RoundTripRequests

GROWTH = 1.08
"""Factor of the rate with every response that shows no queue: a full link shows while its queue is short."""
RETREAT = GROWTH**-4
"""Factor of the rate with every late response that follows another."""
SHORT_S, LATE_S = 0.02, 0.06
"""Seconds above the least round trip that a response may take to show no queue, and to be in time."""
LATE_RESPONSES = 4
"""Late responses in a row that mean a full link."""
HOLD_S = 0.5
"""Seconds for which the goal is sent."""
REPORT_S = 3.0
"""Seconds to wait for a report on the goal; browsers send one a second."""


class Verdict(Enum):
    """The result of a probe so far."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"


class Probe:
    """One probe: `rate` and `goal` in bit/s of everything sent, `now` in seconds, `least` the least round trip
    known."""

    def __init__(self, rate: float, goal: float, now: float) -> None:
        self._goal = goal
        self.rate = min(goal, GROWTH * rate)
        self._requests = RoundTripRequests(LATE_S)
        self._reached = now
        """Time at which the rate became the goal."""
        self._reported = self._lossy = False

    def sends(self, now: float) -> float:
        """Return the bit/s to send in all now; 0 when the goal was held and only a report is awaited."""
        return 0.0 if self._held(now) else self.rate

    def should_request(self, least: float, now: float) -> bool:
        """Return whether to send a request now, behind the padding; returns True once."""
        late = self._requests.late
        due = self._requests.should_request(least, now)
        self._retreat(late, now)
        return due

    def responded(self, queue: float, now: float) -> None:
        """Take the seconds by which the newest response exceeded the least round trip."""
        late = self._requests.late
        self._requests.responded(queue)
        self._retreat(late, now)
        if queue <= SHORT_S and self.rate < self._goal:
            self.rate, self._reached = min(self._goal, GROWTH * self.rate), now

    def reported(self, lossy: bool, now: float) -> None:
        """Take the report on a second: whether more was lost than usual."""
        self._lossy = self._lossy or lossy
        self._reported = self._reported or self._held(now)

    def verdict(self, now: float) -> Verdict:
        """Return the result so far."""
        if self._lossy or self._requests.late >= LATE_RESPONSES or (self._held(now) and now - self._reached > REPORT_S):
            return Verdict.FAILED
        return Verdict.PASSED if self._reported else Verdict.OPEN

    def _retreat(self, late: int, now: float) -> None:
        """Send less when there are more late responses in a row than `late`, and not just one."""
        if self._requests.late > max(1, late):
            self.rate, self._reached = RETREAT * self.rate, now

    def _held(self, now: float) -> bool:
        return self.rate >= self._goal and now - self._reached >= HOLD_S
