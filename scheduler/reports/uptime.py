"""Computes when the system ran and its outages (Điều 17.2.d; R-112). Pure.

A server notes once a minute that it runs. A gap longer than `LONGEST_SILENCE` is an outage, from the last note of one
stretch until the next stretch begins.
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
    """The uptime in a period: `seconds` the system ran out of `of`, and its outages in order.

    `of` counts from the first note there ever was, until now; 0: nothing is known of the period.
    """

    seconds: int
    of: int
    outages: tuple[Interval, ...]

    @property
    def permille(self) -> int | None:
        """The share of the time for which it ran, in thousandths."""
        return permille(self.seconds, self.of)


def uptime(ran: Sequence[Interval], period: Interval, now: datetime) -> Uptime:
    """Return the uptime in a period from all stretches, which are in order."""
    if not ran:
        return Uptime(0, 0, ())
    start, end = max(period.start, ran[0].start), min(period.end, now)
    returns = [*(each.start for each in ran[1:]), now if now - ran[-1].end > LONGEST_SILENCE else ran[-1].end]
    gaps = [Interval(max(each.end, start), min(back, end)) for each, back in zip(ran, returns, strict=True)]
    outages = tuple(gap for gap in gaps if gap.start < gap.end)
    of = max(end - start, timedelta()) // SECOND
    return Uptime(of - sum((gap.end - gap.start) // SECOND for gap in outages), of, outages)
