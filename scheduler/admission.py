"""The admission rule: `plan` decides, without side effects; committing what it decided is the service's part.

A request is admitted when, at every instant of each of its slots, it and all that is held stay within both usable
limits (Điều 12.4.a). Otherwise it is refused whole (I8) with the first interval that does not fit and with free times
near the one asked for. Ranks and victims will join `plan` when sessions may be displaced (Điều 12.4.b).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

from scheduler.capacity import Ceiling, Excess, busy, meets, over
from scheduler.model import Admit, Interval, Point, Refuse, Request, Slot, Suggestion
from scheduler.policy import Policy


def slots(request: Request, points: Mapping[str, Point], recorder_legs: int) -> tuple[Slot, ...]:
    """Return the capacity a request needs: every device of every point is a leg, the recorder too (A7, A20)."""
    devices = sum(points[point].devices for point in (request.host_point, *request.points))
    legs = devices + (recorder_legs if request.recording else 0)
    official = Slot("chinh_thuc", request.official.start, request.official.end, legs)
    if request.rehearsal is None:
        return (official,)
    return (Slot("tong_duyet", request.rehearsal.start, request.rehearsal.end, legs), official)


def search_window(asked: Sequence[Slot], policy: Policy, now: datetime) -> Interval:
    """Return the time that `plan` looks at; the slots held in it must be given to it whole."""
    reach = timedelta(days=policy.session.search_days)
    farthest = now + timedelta(days=policy.session.max_days_ahead)
    return Interval(max(now, asked[0].start - reach), min(farthest, asked[-1].end + reach))


def plan(
    asked: Sequence[Slot], held: Sequence[Slot], usable: Ceiling, window: Interval, suggestions: int
) -> Admit | Refuse:
    """Decide on the slots of one request, rehearsal first; `held` is everything held inside `window`."""
    excesses = [excess for slot in asked for excess in over(held, usable, Interval(slot.start, slot.end), slot.legs)]
    if not excesses:
        return Admit(tuple(asked))
    first = _longest(excesses)
    near = _suggest(asked, held, usable, window)[:suggestions]
    return Refuse(first.limit, first.interval, first.usable, first.needed, tuple(near))


def _longest(excesses: Sequence[Excess]) -> Excess:
    """Return the first excess, stretched over its neighbours that say the same."""
    first = excesses[0]
    for excess in excesses[1:]:
        if excess.interval.start == first.interval.end and replace(excess, interval=first.interval) == first:
            first = replace(first, interval=Interval(first.interval.start, excess.interval.end))
    return first


def _suggest(asked: Sequence[Slot], held: Sequence[Slot], usable: Ceiling, window: Interval) -> list[Suggestion]:
    """Return admissible times, nearest first: slots that fit stay, those that do not move together.

    A nearest free place begins where something busy ends or ends where something busy begins, so only those shifts
    need trying; among equally near ones the later comes first.
    """
    blocked = busy(held, usable, window, asked[0].legs)
    moving = [slot for slot in asked if meets(blocked, slot.start, slot.end)]
    shifts = {edge.end - slot.start for slot in moving for edge in blocked}
    shifts |= {edge.start - slot.end for slot in moving for edge in blocked}
    free = []
    for shift in sorted(shifts, key=lambda shift: (abs(shift), -shift)):
        moved = [_shifted(slot, shift) if slot in moving else slot for slot in asked]
        if _fits(moved, blocked, window):
            free.append(_suggestion(moved))
    return free


def _shifted(slot: Slot, shift: timedelta) -> Slot:
    return replace(slot, start=slot.start + shift, end=slot.end + shift)


def _fits(moved: Sequence[Slot], blocked: Sequence[Interval], window: Interval) -> bool:
    inside = all(window.start <= slot.start and slot.end <= window.end for slot in moved)
    in_order = all(first.end <= second.start for first, second in pairwise(moved))
    return inside and in_order and not any(meets(blocked, slot.start, slot.end) for slot in moved)


def _suggestion(moved: Sequence[Slot]) -> Suggestion:
    *rehearsal, official = (Interval(slot.start, slot.end) for slot in moved)
    return Suggestion(rehearsal[0] if rehearsal else None, official)
