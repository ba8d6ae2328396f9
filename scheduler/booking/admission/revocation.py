"""Chooses the sessions that lose their codes when capacity is short (Điều 12.4.b; A23, A24).

One pass in a fixed order takes claims until no limit is exceeded; it skips claims that do not overlap an excess. Then
claims that turn out unnecessary are spared (reprieve), the most senior first, so that no code is lost for nothing (I6).
The order is total, so the same input always has the same victims.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scheduler.booking.admission.load import Overload
from scheduler.core.model import Claim
from scheduler.policy.policy import EMERGENCIES_ONLY, RevocationPolicy

Over = Callable[[Sequence[Claim]], list[Overload]]
"""Returns the intervals where the load of these claims exceeds a limit."""


def seniority(claim: Claim) -> tuple[int, int]:
    """Return the sort key of the queue: higher bodies first, then the order of registration (A21)."""
    return -claim.rank, claim.seq


def lower(held: Iterable[Claim], requested: Claim, rules: RevocationPolicy) -> list[Claim]:
    """Return the claims that a request may displace, in the order of loss: only strictly lower ranks (A22, A25)."""
    live_too = requested.urgent and rules.live_sessions == EMERGENCIES_ONLY
    displaced = [
        claim
        for claim in held
        if claim.rank < requested.rank and (live_too or not claim.live) and (requested.urgent or not claim.near)
    ]
    if rules.order == "lowest_level_then_latest":
        return sorted(displaced, key=lambda claim: (claim.rank, -claim.seq))
    return sorted(displaced, key=lambda claim: -claim.seq)


def shed_order(held: Iterable[Claim]) -> list[Claim]:
    """Return claims in the order of loss when the maximum falls: lowest rank first, live sessions last."""
    return sorted(held, key=lambda claim: (claim.live, claim.rank, -claim.seq))


@dataclass(frozen=True, slots=True)
class RevocationPlan:
    """The claims that lose their codes, and those spared although an earlier registration loses its code (A24)."""

    victims: tuple[Claim, ...]
    spared: tuple[Claim, ...] = ()


def choose(held: Sequence[Claim], candidates: Iterable[Claim], over: Over, reprieve: bool) -> RevocationPlan | None:
    """Return the victims among the candidates, or None when even all of them would not be enough (I8)."""
    left, taken, spared = list(held), [], []
    excesses = over(left)
    for claim in candidates:
        if excesses and _meets(claim, excesses):
            left.remove(claim)
            taken.append(claim)
            excesses = over(left)
    if excesses:
        return None
    for claim in sorted(taken, key=seniority) if reprieve else ():
        if not over([*left, claim]):
            left.append(claim)
            taken.remove(claim)
            spared.append(claim)
    earliest = min((claim.seq for claim in taken), default=0)
    return RevocationPlan(tuple(taken), tuple(claim for claim in spared if taken and claim.seq > earliest))


def _meets(claim: Claim, excesses: Iterable[Overload]) -> bool:
    return any(
        slot.start < excess.interval.end and excess.interval.start < slot.end
        for slot in claim.slots
        for excess in excesses
    )
