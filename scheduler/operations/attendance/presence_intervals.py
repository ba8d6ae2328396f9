"""When points were in their meetings, and when they were not (R-087, R-099). Pure; times are whole seconds.

A *stay* is one stretch a point was connected, by whichever of its devices. A slot that is over was held
until its host left for the last time: meetings end early. Between two stays lies an interruption, if it is longer than
the profile's `interruption_s`; a point that does not come back is interrupted until the slot is over. Who comes late is
late, not interrupted.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from scheduler.core.model import Interval

SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PresenceInterval:
    """A point was connected; `left` None: it still is."""

    point: str
    joined: datetime
    left: datetime | None


ReconnectKind = Literal["lost", "tried", "back"]
"""The connection was lost; a try to come back failed; the try that brought it back."""


@dataclass(frozen=True, slots=True)
class ReconnectAttempt:
    """What happened to the connection of a device of a point."""

    point: str
    name: str
    kind: ReconnectKind
    at: datetime


@dataclass(frozen=True, slots=True)
class Interruption:
    """A point was not connected from `start` to `end`; None: it has not come back. `cause` is its own explanation."""

    start: datetime
    end: datetime | None
    seconds: int
    cause: str = ""
    by: str = ""


@dataclass(frozen=True, slots=True)
class PointAttendance:
    """How a point took part in a slot: `late` seconds after its start, present for `seconds` out of `of`."""

    present: bool
    late: int
    seconds: int
    of: int
    interruptions: tuple[Interruption, ...]

    @property
    def permille(self) -> int:
        """The availability, rounded half up."""
        return (2000 * self.seconds + self.of) // (2 * self.of) if self.of else 0


def held_interval(host: Iterable[PresenceInterval], slot: Interval, now: datetime) -> Interval:
    """Return how long a slot was held so far: until now; once it is over, until its host left, if it was there."""
    if now < slot.end:
        return Interval(slot.start, max(slot.start, now))
    ends = [min(stay.left or slot.end, slot.end) for stay in host if stay.joined < slot.end]
    return Interval(slot.start, max((end for end in ends if end > slot.start), default=slot.end))


def point_attendance(
    stays: Iterable[PresenceInterval], slot: Interval, now: datetime, longer: timedelta
) -> PointAttendance:
    """Judge the stays of one point in a slot that was held."""
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
    """Return the union of intervals as few as possible, in order; empty ones are left out."""
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
