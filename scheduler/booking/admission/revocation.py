"""Whose codes are revoked when capacity is short: one pass in a fixed order, then reprieve (Điều 12.4.b; A23, A24).

The pass stops as soon as nothing is over a limit, and leaves out whoever would not help. Those it took who turn out
unnecessary are spared, the most senior first, so that nobody loses a code for nothing (I6). The order is total, so the
same input always has the same victims.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scheduler.booking.admission.load import Overload
from scheduler.core.model import Claim
from scheduler.policy.policy import RevocationPolicy

Over = Callable[[Sequence[Claim]], list[Overload]]
"""What is over a limit when these claims are held."""


def seniority(claim: Claim) -> tuple[int, int]:
    """Return the sort key of the queue: higher bodies first, then the order of registration (A21)."""
    return -claim.rank, claim.seq


def lower(held: Iterable[Claim], asked: Claim, rules: RevocationPolicy) -> list[Claim]:
    """Return whom a request may displace, in the order they lose their codes: strictly lower ranks (A22, A25)."""
    live_too = asked.urgent and rules.live_sessions == "khan_cap_only"
    found = [
        claim
        for claim in held
        if claim.rank < asked.rank and (live_too or not claim.live) and (asked.urgent or not claim.near)
    ]
    if rules.order == "lowest_level_then_latest":
        return sorted(found, key=lambda claim: (claim.rank, -claim.seq))
    return sorted(found, key=lambda claim: -claim.seq)


def shed_order(held: Iterable[Claim]) -> list[Claim]:
    """Return claims in the order they lose their codes when the maximum falls: lowest first, who is live last."""
    return sorted(held, key=lambda claim: (claim.live, claim.rank, -claim.seq))


@dataclass(frozen=True, slots=True)
class Chosen:
    """Who loses the code, and who keeps it by reprieve although somebody loses it who registered earlier (A24)."""

    victims: tuple[Claim, ...]
    spared: tuple[Claim, ...] = ()


def choose(held: Sequence[Claim], candidates: Iterable[Claim], over: Over, reprieve: bool) -> Chosen | None:
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
    return Chosen(tuple(taken), tuple(claim for claim in spared if taken and claim.seq > earliest))


def _meets(claim: Claim, excesses: Iterable[Overload]) -> bool:
    return any(
        slot.start < excess.interval.end and excess.interval.start < slot.end
        for slot in claim.slots
        for excess in excesses
    )
