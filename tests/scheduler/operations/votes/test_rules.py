"""Quorum and majority: by example, and what must hold for any numbers. Also tests `model.py`."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.operations.votes import rules
from scheduler.operations.votes.model import Base, Majority, Question, Quorum, Vote, Voter
from scheduler.operations.votes.rules import Outcome

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
COUNTS = st.lists(st.integers(0, 60), min_size=2, max_size=6)
MAJORITIES = st.sampled_from(["half", "two-thirds"])
BASES = st.sampled_from(["entitled", "cast"])


def vote(counts: tuple[int, ...], entitled: int, question: Question) -> Vote:
    """Return a closed vote in which so many points chose each choice."""
    chosen = [choice for choice, count in enumerate(counts) for _ in range(count)]
    voters = [Voter(str(place), "", "", place < len(chosen)) for place in range(entitled)]
    return Vote("v", "s", 1, question, tuple(voters), NOW, "host", closed=NOW, counts=counts)


@pytest.mark.parametrize(
    ("counts", "entitled", "quorum", "majority", "base", "decided"),
    [
        ((7, 3, 2), 12, "half", "half", "entitled", Outcome(True, 0)),
        ((6, 4, 2), 12, "half", "half", "entitled", Outcome(True, None)),
        ((6, 3, 2), 12, "half", "half", "cast", Outcome(True, 0)),
        ((8, 2, 2), 12, "half", "two-thirds", "entitled", Outcome(True, 0)),
        ((7, 3, 2), 12, "half", "two-thirds", "entitled", Outcome(True, None)),
        ((2, 8, 2), 12, "half", "two-thirds", "cast", Outcome(True, 1)),
        ((6, 0, 0), 12, "half", "half", "cast", Outcome(False, None)),
        ((8, 0, 0), 12, "two-thirds", "half", "cast", Outcome(True, 0)),
        ((1, 0, 0), 12, "none", "half", "cast", Outcome(True, 0)),
        ((0, 0, 0), 12, "none", "two-thirds", "cast", Outcome(True, None)),
    ],
)
def test_what_a_vote_decides(
    counts: tuple[int, ...], entitled: int, quorum: Quorum, majority: Majority, base: Base, decided: Outcome
) -> None:
    question = Question("?", quorum=quorum, majority=majority, base=base)
    assert rules.outcome(vote(counts, entitled, question)) == decided


def test_what_was_not_counted_decides_nothing() -> None:
    assert rules.outcome(Vote("v", "s", 1, Question("?", secret=True), (), NOW, "host", closed=NOW)) is None


@given(counts=COUNTS, absent=st.integers(0, 60), majority=MAJORITIES, base=BASES)
def test_what_is_adopted_has_more_votes_than_all_others_together(
    counts: list[int], absent: int, majority: Majority, base: Base
) -> None:
    found = rules.adopted(counts, sum(counts) + absent, majority, base)
    if found is not None:
        assert 2 * counts[found] > sum(counts)


@given(counts=COUNTS, absent=st.integers(0, 60), majority=MAJORITIES)
def test_the_stricter_rule_adopts_nothing_that_the_milder_one_does_not(
    counts: list[int], absent: int, majority: Majority
) -> None:
    entitled = sum(counts) + absent
    mild = rules.adopted(counts, entitled, majority, "cast")
    assert rules.adopted(counts, entitled, majority, "entitled") in (None, mild)
    half = rules.adopted(counts, entitled, "half", "cast")
    assert rules.adopted(counts, entitled, "two-thirds", "cast") in (None, half)


@given(cast=st.integers(0, 200), more=st.integers(0, 200), entitled=st.integers(1, 200), majority=MAJORITIES)
def test_more_votes_never_lose_a_quorum(cast: int, more: int, entitled: int, majority: Majority) -> None:
    assert rules.has_quorum(cast, entitled, majority) <= rules.has_quorum(cast + more, entitled, majority)
    assert rules.has_quorum(entitled, entitled, majority)
