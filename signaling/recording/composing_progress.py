"""Estimates when recordings that are composed afterwards will be ready, and says why they wait. Pure; `now` is an
argument."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Literal

from signaling.recording.model import Recording

MAX_PERCENT = 99
"""What was composed is joined and read back before it is ready."""
BUSY_SHARE = 0.5
"""A process that gets less of a core waits for others more than it computes."""
BUSY_AFTER = timedelta(seconds=30)
"""A machine that is busy for so long is told of."""


@dataclass(frozen=True, slots=True)
class Wait:
    """The reason for which the file of a recording is not made now, and since when.

    The disk is full, with so many `free` bytes of those that recordings may take; or the machine is busy.
    """

    reason: Literal["disk-full", "busy"]
    since: datetime
    free: int | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Progress of the recording that is composed now, as its process told it `at` a time.

    So many `seconds` of all are composed; `left` are the seconds that the rest will take by the clock, None while
    unknown. `slow_since` is when the process began to get less than `BUSY_SHARE` of a core, None if it gets more.
    """

    recording: str
    seconds: float
    of: float
    left: float | None
    at: datetime
    slow_since: datetime | None = None

    def wait(self, now: datetime) -> Wait | None:
        """Return since when the machine is too busy for it; None if it is not, or not for long.

        A process that gets nothing at all tells nothing.
        """
        since = self.slow_since or self.at
        return Wait("busy", since) if now - since >= BUSY_AFTER else None

    @property
    def pace(self) -> float | None:
        """Seconds by the clock that a second of the recording takes; None while unknown."""
        rest = self.of - self.seconds
        return None if self.left is None or rest <= 0 else self.left / rest


@dataclass(frozen=True, slots=True)
class Composing:
    """The part of a recording that is composed by now, and when it will be ready, if that is known."""

    percent: int
    ready: datetime | None


def expected(
    waiting: Sequence[Recording],
    progress: Progress | None,
    pace: float | None,
    now: datetime,
    composed: Mapping[str, float] = MappingProxyType({}),
    no_room: Collection[str] = (),
) -> Mapping[str, Composing]:
    """Return what each waiting recording shows, by id; they are composed in this order.

    `pace` is the seconds by the clock that a second of a recording took lately; None while unknown. So many seconds of
    some are `composed` already. Nobody knows when there will be room for those that have `no_room`.
    """
    found: dict[str, Composing] = {}
    ready: datetime | None = now
    for recording in waiting:
        done, of = composed.get(recording.id, 0.0), recording.seconds or 0.0
        left = None if pace is None else pace * max(0.0, of - done)
        if progress is not None and progress.recording == recording.id:
            done, of = progress.seconds, progress.of
            if progress.left is not None:
                left = max(0.0, progress.left - (now - progress.at).total_seconds())
        percent = min(MAX_PERCENT, int(100 * done / of)) if of else 0
        if recording.id in no_room:
            found[recording.id] = Composing(percent, None)
            continue
        ready = None if ready is None or left is None else ready + timedelta(seconds=left)
        found[recording.id] = Composing(percent, ready)
    return found


def expected_whole(parts: Sequence[Recording], composing: Mapping[str, Composing]) -> Composing | None:
    """Return what the file that joins several parts shows; None when none of them is to be composed."""
    waiting = [composing[part.id] for part in parts if part.id in composing]
    if not waiting:
        return None
    lengths = {part.id: part.seconds or 0.0 for part in parts}
    done = sum(lengths[part.id] * (composing[part.id].percent if part.id in composing else 100) for part in parts)
    ready = [each.ready for each in waiting if each.ready is not None]
    whole = max(ready) if len(ready) == len(waiting) else None
    return Composing(min(MAX_PERCENT, int(done / (sum(lengths.values()) or 1.0))), whole)
