"""Computes when points were in their meetings and when they were interrupted (R-087, R-099). Pure; whole seconds.

A *stay* is one stretch for which a point was connected, by any of its devices. A slot that is over was held until its
host left for the last time, because meetings end early. A gap between two stays is an interruption if it is longer than
the profile's `interruption_s`. A point that does not come back is interrupted until the slot is over. A point that
comes late is late, not interrupted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.core.model import Interval

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PresenceInterval:
    """One stay of a point; `left` is None while it is still connected."""

    point: str
    joined: datetime
    left: datetime | None


ReconnectKind = Literal["lost", "tried", "back"]
"""The connection was lost; an attempt to reconnect failed; the attempt that succeeded."""


@dataclass(frozen=True, slots=True)
class ReconnectAttempt:
    """One event of the connection of a point's device: lost, tried to reconnect, or reconnected."""

    point: str
    name: str
    kind: ReconnectKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Interruption:
    """A point was not connected from `start` to `end`; `end` is None if it has not come back.

    `cause` is the point's own explanation, `by` the account that gave it.
    """

    start: datetime
    end: datetime | None
    seconds: int
    cause: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class PointAttendance:
    """The attendance of a point in a slot: `late` seconds after its start, present for `seconds` out of `of`."""

    present: bool
    late: int
    seconds: int
    of: int
    interruptions: tuple[Interruption, ...]

    @property
    def permille(self) -> int:
        """The availability in thousandths, rounded half up."""
        return (2000 * self.seconds + self.of) // (2 * self.of) if self.of else 0


def held_interval(host: Iterable[PresenceInterval], slot: Interval, now: datetime) -> Interval:
    """Return for how long a slot was held so far.

    It lasts until now; once the slot is over, until its host left, if the host was connected at all.
    """
    if now < slot.end:
        return Interval(slot.start, max(slot.start, now))
    ends = [min(stay.left or slot.end, slot.end) for stay in host if stay.joined < slot.end]
    return Interval(slot.start, max((end for end in ends if end > slot.start), default=slot.end))


def point_attendance(
    stays: Iterable[PresenceInterval], slot: Interval, now: datetime, longer: timedelta
) -> PointAttendance:
    """Compute how one point took part in a slot that was held, from its stays.

    Gaps between stays that last longer than `longer` are interruptions.
    """
    spans = merged(Interval(stay.joined, stay.left or now) for stay in stays)
    within = [clipped for span in spans if (clipped := _clip(span, slot.start, slot.end))]
    return PointAttendance(
        present=bool(within),
        late=_seconds(slot.start, within[0].start) if within else 0,
        seconds=sum(_seconds(span.start, span.end) for span in within),
        of=_seconds(slot.start, slot.end),
        interruptions=_interruptions(within, slot.end, longer),
    )


def merged(spans: Iterable[Interval]) -> list[Interval]:
    """Return the union of intervals as the fewest intervals, in order; empty ones are left out."""
    found: list[Interval] = []
    for span in sorted(spans, key=lambda span: span.start):
        if span.start >= span.end:
            continue
        if found and span.start <= found[-1].end:
            found[-1] = Interval(found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def _interruptions(within: Sequence[Interval], until: datetime, longer: timedelta) -> tuple[Interruption, ...]:
    returns: list[datetime | None] = [*(span.start for span in within[1:]), None]
    gaps = [(span.end, back, (back or until) - span.end) for span, back in zip(within, returns, strict=False)]
    return tuple(Interruption(left, back, gap // SECOND) for left, back, gap in gaps if gap > longer)


def _clip(span: Interval, start: datetime, end: datetime) -> Interval | None:
    first, last = max(span.start, start), min(span.end, end)
    return Interval(first, last) if first < last else None


def _seconds(start: datetime, end: datetime) -> int:
    return (end - start) // SECOND
