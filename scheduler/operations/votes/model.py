"""Values of votes: the question, the points entitled to vote, what was counted."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

Majority = Literal["half", "two-thirds"]
"""More than half (quá nửa), or at least two thirds (hai phần ba)."""
Quorum = Literal["none", "half", "two-thirds"]
"""The part of the entitled points that must have voted."""
Base = Literal["entitled", "cast"]
"""The whole of a majority: the entitled points, or the votes that were cast."""

DEFAULT_CHOICES = ("Tán thành", "Không tán thành", "Ý kiến khác")
MIN_CHOICES, MAX_CHOICES = 2, 6
MIN_SECRET = 3
"""Ballots of a secret vote that are counted at least: of fewer ones, the count would tell who cast which."""


@dataclass(frozen=True, slots=True)
class Question:
    """The question of a vote, and the rule by which a choice is adopted; `secret` ballots are stored apart."""

    text: str
    choices: tuple[str, ...] = DEFAULT_CHOICES
    secret: bool = False
    quorum: Quorum = "half"
    majority: Majority = "half"
    base: Base = "entitled"

    def choice(self, index: int) -> str:
        """Return a choice; once its words were erased, its number."""
        return self.choices[index] if index < len(self.choices) else f"Phương án {index + 1}"


@dataclass(frozen=True, slots=True)
class Voter:
    """A point that is entitled to vote. `choice` is an index, None in a secret vote and before the point has voted.

    `aloud`: the chair recorded what the point said, since it has no browser.
    """

    point: str
    name: str
    label: str
    voted: bool = False
    choice: int | None = None
    aloud: bool = False


@dataclass(frozen=True, slots=True)
class Vote:
    """A vote. `counts` has the ballots for each choice once it is closed; None before, and where too few are secret.

    `item` is the item of the script that carried it. It closes by itself at `deadline`. `by` are the accounts that
    opened and closed it. A `cancelled` vote is closed without being counted, since its question was a mistake.
    """

    id: str
    session: str
    number: int
    question: Question
    voters: tuple[Voter, ...]
    opened: datetime
    by: str
    item: str | None = None
    deadline: datetime | None = None
    closed: datetime | None = None
    closed_by: str = ""
    announced: datetime | None = None
    counts: tuple[int, ...] | None = None
    cancelled: bool = False

    @property
    def cast(self) -> int:
        """The number of points that have voted."""
        return sum(voter.voted for voter in self.voters)

    def voter(self, point: str | None) -> Voter | None:
        """Return a point as a voter, None if it is not entitled."""
        return next((voter for voter in self.voters if voter.point == point), None)


def deadline_of(opened: datetime, seconds: int | None) -> datetime | None:
    """Return when a vote closes by itself."""
    return None if seconds is None else opened + timedelta(seconds=seconds)
