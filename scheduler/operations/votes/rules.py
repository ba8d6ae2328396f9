"""Decides what a vote adopts: quorum, majority, and what it is a majority of. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from scheduler.operations.votes.model import Base, Majority, Quorum, Vote


@dataclass(frozen=True, slots=True)
class Outcome:
    """The decision of a vote: whether the quorum was reached, and the index of the adopted choice, if there is one."""

    quorum: bool
    adopted: int | None


def reaches(count: int, whole: int, majority: Majority) -> bool:
    """Return whether `count` is more than half, or at least two thirds, of a whole; none is never enough."""
    if count <= 0:
        return False
    return 2 * count > whole if majority == "half" else 3 * count >= 2 * whole


def has_quorum(cast: int, entitled: int, quorum: Quorum) -> bool:
    """Return whether enough of the entitled points have voted."""
    return quorum == "none" or reaches(cast, entitled, quorum)


def adopted(counts: Sequence[int], entitled: int, majority: Majority, base: Base) -> int | None:
    """Return the choice that has the majority; at most one can have it."""
    whole = entitled if base == "entitled" else sum(counts)
    return next((choice for choice, count in enumerate(counts) if reaches(count, whole, majority)), None)


def outcome(vote: Vote) -> Outcome | None:
    """Return what a closed vote decided, None for one whose ballots were not counted."""
    if vote.counts is None:
        return None
    question, entitled = vote.question, len(vote.voters)
    quorum = has_quorum(vote.cast, entitled, question.quorum)
    return Outcome(quorum, adopted(vote.counts, entitled, question.majority, question.base) if quorum else None)


def count(vote: Vote) -> tuple[int, ...]:
    """Return the votes for each choice of an open (not secret) vote."""
    return tuple(sum(voter.choice == choice for voter in vote.voters) for choice in range(len(vote.question.choices)))
