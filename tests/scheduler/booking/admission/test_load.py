"""The load sweep is compared with a count by minutes; the capacity limit is a step function.

Also tests `scheduler/core/capacity_limit.py`.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.admission.load import busy, meets, merged, sweep
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.model import Amount, Interval, LoadStep, Slot
from scheduler.policy.policy import CapacityPolicy, Share

ORIGIN = datetime(2026, 4, 5, 1, tzinfo=UTC)


def minute(number: int) -> datetime:
    return ORIGIN + timedelta(minutes=number)


slots = st.builds(
    lambda start, length, legs: Slot("chinh_thuc", minute(start), minute(start + length), legs),
    st.integers(1, 10),
    st.integers(1, 5),
    st.integers(1, 9),
)


@given(st.lists(slots, max_size=8), st.integers(0, 15), st.integers(0, 15))
def test_sweep_equals_counting(held: list[Slot], first: int, last: int) -> None:  # I19
    steps = sweep(held, Interval(minute(first), minute(last)))
    counted = {
        m: (len(on := [s.legs for s in held if s.start <= minute(m) < s.end]), sum(on)) for m in range(first, last)
    }
    swept = {m: (s.sessions, s.points) for m in range(first, last) for s in steps if s.start <= minute(m) < s.end}
    assert swept == counted
    assert [step.start for step in steps[1:]] == [step.end for step in steps[:-1]]
    together = merged(steps)
    assert all((a.sessions, a.points) != (b.sessions, b.points) for a, b in pairwise(together))


@given(st.lists(slots, max_size=8), slots)
def test_busy_is_where_one_more_breaks_a_limit(held: list[Slot], one: Slot) -> None:
    usable = CapacityLimit(Amount(3, 12), ((minute(7), Amount(2, 15)),))
    blocked = busy(held, usable, Interval(minute(0), minute(20)), one.legs)
    for m in range(20):
        on = [s.legs for s in held if s.start <= minute(m) < s.end]
        limit = (2, 15) if m >= 7 else (3, 12)
        broken = len(on) + 1 > limit[0] or sum(on) + one.legs > limit[1]
        assert meets(blocked, minute(m), minute(m + 1)) == broken
    assert all(a.end < b.start for a, b in pairwise(blocked))


def test_touching_is_not_meeting() -> None:
    one = [Interval(minute(2), minute(4))]
    assert [meets(one, minute(a), minute(b)) for a, b in ((0, 2), (1, 3), (3, 5), (4, 5))] == [False, True, True, False]


def test_merged_joins_equal_neighbours() -> None:
    steps = [LoadStep(minute(a), minute(a + 1), 1, points) for a, points in enumerate((5, 5, 6))]
    assert merged(steps) == [LoadStep(minute(0), minute(2), 1, 5), LoadStep(minute(2), minute(3), 1, 6)]


def test_a_limit_steps_at_its_instants() -> None:
    limit = CapacityLimit(Amount(20, 250), ((minute(5), Amount(10, 100)), (minute(8), Amount(20, 250))))
    assert [limit.at(minute(m)).points for m in (4, 5, 7, 8)] == [250, 100, 100, 250]


def test_the_share_is_rounded_down_exactly() -> None:  # A20
    share = Share(num=4, den=5)
    assert [share.of(n) for n in (1, 4, 5, 6, 20, 212, 250, 256, 10**30)] == [
        0, 3, 4, 4, 16, 169, 200, 204, 8 * 10**29,
    ]  # fmt: skip
    rules = CapacityPolicy(share=share, shed_share=Share(num=1, den=1), recorder_legs=1, link_legs=1, test_legs=4)
    limit = CapacityLimit(
        Amount(20, 256), ((minute(5), Amount(2, 4)),)
    )  # the test room's legs, of the usable ones
    assert [limit.of(rules.usable).at(minute(m)) for m in (4, 5)] == [Amount(16, 200), Amount(1, 0)]
    assert [limit.of(rules.bearable).at(minute(m)) for m in (4, 5)] == [Amount(20, 256), Amount(2, 4)]
