"""When the system was there (Điều 17.2.d; R-112): stretches that a server ran, and what lies between them. Pure.

A server says once a minute that it runs. Silence for longer than `LONGEST_SILENCE` is an outage: from the last sign of
life of one stretch until the next begins.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.core.model import Interval
from scheduler.reports.figures import permille

LONGEST_SILENCE = timedelta(minutes=3)
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Uptime:
    """What is known of a period: `seconds` the system ran out of `of`, and when it did not, in order.

    `of` counts from the first sign of life there ever was, until now; 0: nothing is known of the period.
    """

    seconds: int
    of: int
    outages: tuple[Interval, ...]

    @property
    def permille(self) -> int | None:
        """The share of the time that it ran."""
        return permille(self.seconds, self.of)


def uptime(ran: Sequence[Interval], period: Interval, now: datetime) -> Uptime:
    """Judge a period by all stretches there were, in order."""
    if not ran:
        return Uptime(0, 0, ())
    start, end = max(period.start, ran[0].start), min(period.end, now)
    returns = [*(each.start for each in ran[1:]), now if now - ran[-1].end > LONGEST_SILENCE else ran[-1].end]
    gaps = [Interval(max(each.end, start), min(back, end)) for each, back in zip(ran, returns, strict=True)]
    outages = tuple(gap for gap in gaps if gap.start < gap.end)
    of = max(end - start, timedelta()) // SECOND
    return Uptime(of - sum((gap.end - gap.start) // SECOND for gap in outages), of, outages)
