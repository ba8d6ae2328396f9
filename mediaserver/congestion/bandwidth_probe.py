"""A probe of a line: padding is sent on top of the picture, more with every round trip, until a goal has been carried.

Each growth is measured by a question that leaves behind the padding and is answered at once (a STUN binding request):
what its answer takes above the least round trip is the queue the padding made. One late answer may be a busy machine's;
the next take growth back, and only some in a row are a full line. Queues grow before packets are lost, so a probe that
fails costs delay for a moment, not sound.
"""

from enum import Enum

from mediaserver.congestion.round_trips import Questions

GROWTH = 1.08
"""With every answer that shows no queue: a full line shows while its queue is short."""
RETREAT = GROWTH**-4
"""With every late answer that follows another."""
SHORT_S, LATE_S = 0.02, 0.06
"""What an answer may take above the least to be no queue, and to be in time."""
LATE_ANSWERS = 4
"""In a row, they are the line's doing."""
HOLD_S = 0.5
"""So long the goal is sent."""
REPORT_S = 3.0
"""So long a report on it is waited for; browsers send one a second."""


class Verdict(Enum):
    """What a probe has shown so far."""

    OPEN = "open"
    BORNE = "borne"
    REFUTED = "refuted"


class Probe:
    """`rate` and `goal` in bit/s of all that is sent, `now` in seconds, `least` the least round trip known."""

    def __init__(self, rate: float, goal: float, now: float) -> None:
        # given
        self._goal = goal
        # owned
        self.rate = min(goal, GROWTH * rate)
        self._questions = Questions(LATE_S)
        self._reached = now
        """When the rate became the goal."""
        self._reported = self._lossy = False

    def sends(self, now: float) -> float:
        """What to send in all now, in bit/s; 0 when the goal was held and only a report is waited for."""
        return 0.0 if self._held(now) else self.rate

    def asks(self, least: float, now: float) -> bool:
        """Whether a question leaves now, behind what is sent; says so once."""
        late = self._questions.late
        asks = self._questions.asks(least, now)
        self._retreat(late, now)
        return asks

    def answered(self, queue: float, now: float) -> None:
        """Take by how much the newest question's answer was above the least round trip."""
        late = self._questions.late
        self._questions.answered(queue)
        self._retreat(late, now)
        if queue <= SHORT_S and self.rate < self._goal:
            self.rate, self._reached = min(self._goal, GROWTH * self.rate), now

    def reported(self, lossy: bool, now: float) -> None:
        """Take what was reported of a second: whether more got lost than usual."""
        self._lossy = self._lossy or lossy
        self._reported = self._reported or self._held(now)

    def verdict(self, now: float) -> Verdict:
        """What is known now."""
        if self._lossy or self._questions.late >= LATE_ANSWERS or (self._held(now) and now - self._reached > REPORT_S):
            return Verdict.REFUTED
        return Verdict.BORNE if self._reported else Verdict.OPEN

    def _retreat(self, late: int, now: float) -> None:
        """Send less when there are more late answers in a row than `late`, and not just one."""
        if self._questions.late > max(1, late):
            self.rate, self._reached = RETREAT * self.rate, now

    def _held(self, now: float) -> bool:
        return self.rate >= self._goal and now - self._reached >= HOLD_S
