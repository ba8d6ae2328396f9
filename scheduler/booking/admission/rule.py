"""The admission rule of Điều 12.4: decides whether a request is issued, and which sessions lose their codes. Pure.

A request is admitted when, at every instant of each of its slots, it and all held slots stay within both usable limits
(Điều 12.4.a). Otherwise lower-ranking sessions may lose their codes for it, the latest registered first (Điều 12.4.b),
all or nothing (I8). :mod:`scheduler.booking.admission.commit` writes the decisions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from scheduler.booking.admission import revocation
from scheduler.booking.admission.load import Overload, overloads, sweep
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import OFFICIAL, REHEARSAL, Admit, Amount, Claim, Interval, Point, Refuse, Request, Slot
from scheduler.policy.policy import RevocationPolicy

NOTHING = Amount(0, 0)


def slots(request: Request, points: Mapping[str, Point], other_legs: int) -> tuple[Slot, ...]:
    """Return the slots of a request. Every device of a point is a leg; `other_legs` belong to no point (A7, A20)."""
    legs = other_legs + sum(points[point].devices for point in request.everyone)
    official = Slot(OFFICIAL, request.official.start, request.official.end, legs)
    if request.rehearsal is None:
        return (official,)
    return (Slot(REHEARSAL, request.rehearsal.start, request.rehearsal.end, legs), official)


def plan(requested: Claim, held: Sequence[Claim], usable: CapacityLimit, rules: RevocationPolicy) -> Admit | Refuse:
    """Decide on one request. `held` has at least every other claim that overlaps one of its slots."""
    impossible = _excesses(requested, (), usable)
    if impossible:
        return replace(_refusal(requested, (), usable, impossible), impossible=True)
    candidates = revocation.lower(held, requested, rules)
    chosen = revocation.choose(held, candidates, lambda left: _excesses(requested, left, usable), rules.reprieve)
    if chosen is None:
        return explain(requested, held, usable)
    return Admit(_ids(chosen.victims), _ids(chosen.spared))


def _ids(claims: Iterable[Claim]) -> tuple[str, ...]:
    return tuple(claim.id for claim in claims)


def explain(requested: Claim, held: Sequence[Claim], usable: CapacityLimit) -> Refuse:
    """Return the reason why a request that does not fit beside `held` cannot be issued now."""
    return _refusal(requested, held, usable, _excesses(requested, held, usable))


def obstacle(requested: Claim, held: Sequence[Claim], usable: CapacityLimit) -> Refuse | None:
    """Return the reason why a request does not fit beside `held`; None if it fits."""
    excesses = _excesses(requested, held, usable)
    return _refusal(requested, held, usable, excesses) if excesses else None


def reinstated(queued: Iterable[Claim], held: Sequence[Claim], usable: CapacityLimit) -> list[Claim]:
    """Return the queued claims that fit without displacing any, in order; smaller later ones may pass (R-068)."""
    fitting: list[Claim] = []
    for claim in sorted(queued, key=revocation.seniority):
        if not _excesses(claim, [*held, *fitting], usable):
            fitting.append(claim)
    return fitting


def first(queued: Iterable[Claim], requested: Claim) -> list[Claim]:
    """Return the queued claims that come before a claim and overlap its slots, in order (R-064)."""
    return sorted(
        (c for c in queued if revocation.seniority(c) < revocation.seniority(requested) and _meet(c, requested)),
        key=revocation.seniority,
    )


def _meet(one: Claim, other: Claim) -> bool:
    return any(a.start < b.end and b.start < a.end for a in one.slots for b in other.slots)


def shed(held: Sequence[Claim], bearable: CapacityLimit, window: Interval, reprieve: bool) -> tuple[str, ...]:
    """Return the ids of sessions whose codes must be revoked so that the rest stays `bearable` (docs/admission.md)."""
    chosen = revocation.choose(
        held, revocation.shed_order(held), lambda left: overloads(_slots(left), bearable, window, NOTHING), reprieve
    )
    return _ids(chosen.victims) if chosen else ()


def contained(new: Sequence[Slot], old: Sequence[Slot]) -> bool:
    """Return whether the old slots contain all the new ones: then an amendment keeps its place and its code (I14)."""
    return all(
        any(o.kind == n.kind and o.start <= n.start and n.end <= o.end and n.legs <= o.legs for o in old) for n in new
    )


def added(new: Sequence[Slot], old: Sequence[Slot], now: datetime) -> tuple[Slot, ...]:
    """Return the parts of the new slots, from now on, that need more legs than the old ones, each with all its legs.

    Capacity that is already held is not decided on again, even beyond a limit that fell since; nor is the past.
    """
    parts = [part for slot in new for part in _parts(slot, old) if part.end > now]
    return tuple(replace(part, start=max(part.start, now)) for part in parts)


def _parts(slot: Slot, old: Sequence[Slot]) -> list[Slot]:
    """Return a slot without the times at which an old slot holds at least as many legs."""
    left = [slot]
    for held in old:
        if held.legs >= slot.legs:
            left = [
                replace(part, start=start, end=end)
                for part in left
                for start, end in ((part.start, min(part.end, held.start)), (max(part.start, held.end), part.end))
                if start < end
            ]
    return left


def _slots(claims: Iterable[Claim]) -> list[Slot]:
    return [slot for claim in claims for slot in claim.slots]


def _excesses(requested: Claim, held: Sequence[Claim], usable: CapacityLimit) -> list[Overload]:
    beside = _slots(held)
    return [
        excess
        for slot in requested.slots
        for excess in overloads(beside, usable, Interval(slot.start, slot.end), Amount(1, slot.legs))
    ]


def _refusal(requested: Claim, held: Sequence[Claim], usable: CapacityLimit, excesses: Sequence[Overload]) -> Refuse:
    first = _longest(excesses)
    where = first.interval
    holders = [c for c in held if any(s.start < where.end and where.start < s.end for s in c.slots)]
    return Refuse(
        first.limit,
        where,
        first.usable,
        first.needed,
        largest=_largest(requested, held, usable),
        holders=tuple(claim.id for claim in sorted(holders, key=revocation.seniority)),
    )


def _longest(excesses: Sequence[Overload]) -> Overload:
    """Return the first excess, extended over the following ones that differ only in their time."""
    first = excesses[0]
    for excess in excesses[1:]:
        if excess.interval.start == first.interval.end and replace(excess, interval=first.interval) == first:
            first = replace(first, interval=Interval(first.interval.start, excess.interval.end))
    return first


def _largest(requested: Claim, held: Sequence[Claim], usable: CapacityLimit) -> int:
    """Return how many legs would fit at the times asked for."""
    beside, free = _slots(held), []
    for slot in requested.slots:
        for step in sweep(beside, Interval(slot.start, slot.end), (since for since, _ in usable.steps)):
            limit = usable.at(step.start)
            free.append(limit.points - step.points if step.sessions < limit.sessions else 0)
    return max(0, min(free))
