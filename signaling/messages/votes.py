"""WebSocket messages about votes, in both directions; REST tells of points and outcomes in the same words. Pure."""

from dataclasses import asdict
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints

from scheduler.operations.votes import rules
from scheduler.operations.votes.model import (
    DEFAULT_CHOICES,
    MAX_CHOICES,
    MIN_CHOICES,
    Base,
    Majority,
    Quorum,
    Vote,
    Voter,
)
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, SeatId, printable

VoteId = Annotated[str, StringConstraints(min_length=1, max_length=32)]
Choice = Annotated[int, Field(ge=0, lt=MAX_CHOICES)]


class OpenVote(BaseClientMessage):
    """Ask all points (`points` null), or some, to vote; it closes by itself after `seconds` (host and controllers)."""

    type: Literal["vote-open"]
    question: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
    choices: Annotated[
        list[Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(printable)]],
        Field(min_length=MIN_CHOICES, max_length=MAX_CHOICES),
    ] = Field(default_factory=lambda: list(DEFAULT_CHOICES))
    secret: bool = False
    quorum: Quorum = "half"
    majority: Majority = "half"
    base: Base = "entitled"
    seconds: Annotated[int, Field(ge=10, le=7200)] | None = None
    points: Annotated[list[SeatId], Field(min_length=1, max_length=1000)] | None = None
    item: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None = None


class CastVote(BaseClientMessage):
    """Vote for one's own point."""

    type: Literal["vote"]
    vote: VoteId
    choice: Choice


class RecordVote(BaseClientMessage):
    """Record what a point said aloud in an open vote (host and controllers)."""

    type: Literal["vote-record"]
    vote: VoteId
    point: SeatId
    choice: Choice


class CloseVote(BaseClientMessage):
    """Count the votes, and announce the result if that is wanted (host and controllers)."""

    type: Literal["vote-close"]
    vote: VoteId
    announce: bool = True


class CancelVote(BaseClientMessage):
    """Cancel a vote in progress, whose question is a mistake (host and controllers)."""

    type: Literal["vote-cancel"]
    vote: VoteId


class ShowVote(BaseClientMessage):
    """Announce the result of a closed vote over the picture, or take it away (host and controllers)."""

    type: Literal["vote-show"]
    vote: VoteId
    on: bool


class VotingPoint(BaseMessage):
    """A point that is entitled to vote; `choice` is null in a secret vote, and before the point has voted."""

    point: str
    name: str
    label: str
    voted: bool
    choice: int | None
    aloud: bool

    @classmethod
    def of(cls, voter: Voter) -> Self:
        """Return a point as messages and REST tell of it."""
        return cls(**asdict(voter))


class VoteOutcome(BaseMessage):
    """The decision of a vote: `quorum`, since enough points voted, and the choice that has the majority, if one has."""

    quorum: bool
    adopted: int | None

    @classmethod
    def of(cls, vote: Vote) -> Self | None:
        """Return what a closed vote decided, None for one that was not counted."""
        decided = rules.outcome(vote)
        return None if decided is None else cls(**asdict(decided))


class BaseVote(BaseMessage):
    """The question of a vote and its rule, which messages and REST tell alike."""

    id: str
    number: int
    question: str
    choices: list[str]
    secret: bool
    quorum: Quorum
    majority: Majority
    base: Base

    @classmethod
    def of(cls, vote: Vote, **more: Any) -> Self:
        """Return a vote with what else is told of it."""
        question = vote.question
        return cls(
            id=vote.id,
            number=vote.number,
            question=question.text,
            choices=list(question.choices),
            secret=question.secret,
            quorum=question.quorum,
            majority=question.majority,
            base=question.base,
            **more,
        )


class VoteState(BaseVote):
    """A vote, as one seat may know it.

    `may`: the seat's point is entitled; `voted`: it has voted, in an open vote for `choice`. `counts` and `outcome`
    come with the announcement, to host and controllers once it is closed; where a secret vote had too few ballots they
    are null, as for a `cancelled` vote. Only host and controllers are told `voters`, and before the announcement how
    many votes were `cast`.
    """

    type: Literal["vote-state"] = "vote-state"
    item: str | None
    opened: Instant
    deadline: Instant | None
    closed: Instant | None
    cancelled: bool
    announced: bool
    shown: bool
    entitled: int
    cast: int | None
    counts: list[int] | None
    outcome: VoteOutcome | None
    may: bool
    voted: bool
    choice: int | None
    voters: list[VotingPoint] | None


class VoteTaken(BaseMessage):
    """The vote of the seat's point is stored; `choice` is null in a secret vote."""

    type: Literal["vote-taken"] = "vote-taken"
    vote: str
    choice: int | None


class VoteCast(BaseMessage):
    """A point has voted, in an open vote for `choice`; `cast` points have by now (host and controllers only)."""

    type: Literal["vote-cast"] = "vote-cast"
    vote: str
    point: str
    choice: int | None
    aloud: bool
    cast: int
