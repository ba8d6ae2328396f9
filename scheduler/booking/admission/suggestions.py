"""Suggests free times near a refused request; each one would be accepted at this moment (I20). Pure."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from scheduler.booking.admission.load import busy, meets
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Interval, Slot, Suggestion
from scheduler.policy.policy import Policy

_MAX_DAYS = 14
"""So many days before and after are tried; the window ends the search earlier where the profile says so."""

_MAX_HOURS = 12
"""So many hours before and after are tried for a request that fits."""


def search_window(slots: Sequence[Slot], policy: Policy, now: datetime) -> Interval:
    """Return the interval to search for free times; `suggest` needs all slots held in it."""
    reach = timedelta(days=policy.session.search_days)
    farthest = now + timedelta(days=policy.session.max_days_ahead)
    return Interval(max(now, slots[0].start - reach), min(farthest, slots[-1].end + reach))


def suggest(
    slots: Sequence[Slot],
    held: Iterable[Slot],
    usable: CapacityLimit,
    window: Interval,
    number: int,
    in_time: Callable[[datetime], bool],
    in_office: Callable[[datetime, datetime], bool] | None = None,
) -> tuple[Suggestion, ...]:
    """Return at most `number` free times, nearest first. Slots that fit stay; slots that do not fit move together.

    If all fit, all move, also by whole hours, to other free times. A meeting is moved only to a start for which the
    registration comes `in_time` (Điều 13.2.a).

    A nearest free time begins where a busy interval ends, or ends where one begins, so only those shifts are tried.
    Among equally near ones the later comes first. With `in_office`, which says whether a meeting from one instant to
    another is in office hours, those that are come before all others, and the same hour of other days is tried, too.
    """
    blocked = busy(held, usable, window, slots[0].legs)
    moving = [slot for slot in slots if meets(blocked, slot.start, slot.end)]
    shifts: set[timedelta] = set()
    if not moving:
        moving = list(slots)
        shifts = {timedelta(hours=hours) for hours in range(-_MAX_HOURS, _MAX_HOURS + 1)}
    shifts |= {edge.end - slot.start for slot in moving for edge in blocked}
    shifts |= {edge.start - slot.end for slot in moving for edge in blocked}
    if in_office is not None:
        shifts |= {timedelta(days=days) for days in range(-_MAX_DAYS, _MAX_DAYS + 1)}

    def place(shift: timedelta) -> tuple[bool, timedelta, timedelta]:
        outside = in_office is not None and not in_office(slots[-1].start + shift, slots[-1].end + shift)
        return outside, abs(shift), -shift

    free: list[Suggestion] = []
    for shift in sorted(shifts - {timedelta()}, key=place):
        if len(free) == number:
            break
        moved = [_shifted(slot, shift) if slot in moving else slot for slot in slots]
        start = moved[-1].start
        if _fits(moved, blocked, window) and (start == slots[-1].start or in_time(start)):
            free.append(_suggestion(moved))
    return tuple(free)


def fit(slots: Sequence[Slot], held: Iterable[Slot], usable: CapacityLimit, window: Interval) -> bool:
    """Return whether all slots fit beside those held in the window."""
    return _fits(slots, busy(held, usable, window, slots[0].legs), window)


def _shifted(slot: Slot, shift: timedelta) -> Slot:
    return replace(slot, start=slot.start + shift, end=slot.end + shift)


def _fits(moved: Sequence[Slot], blocked: Sequence[Interval], window: Interval) -> bool:
    inside = all(window.start <= slot.start and slot.end <= window.end for slot in moved)
    in_order = all(first.end <= second.start for first, second in pairwise(moved))
    return inside and in_order and not any(meets(blocked, slot.start, slot.end) for slot in moved)


def _suggestion(moved: Sequence[Slot]) -> Suggestion:
    *rehearsal, official = (Interval(slot.start, slot.end) for slot in moved)
    return Suggestion(rehearsal[0] if rehearsal else None, official)
