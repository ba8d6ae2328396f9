"""The capacity proposed: what the fit finds, and that the budget is kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtest.report.capacity_proposal import Sample, fit, maximum, propose


@given(st.integers(1, 5000))
def test_the_maximum_is_the_largest_whose_usable_part_is_within_the_limit(usable: int) -> None:
    largest = maximum(usable)
    assert largest * 80 // 100 <= usable < (largest + 1) * 80 // 100


@given(st.floats(0, 60), st.floats(0.01, 2))
def test_the_fit_finds_the_costs_behind_the_cases(session: float, point: float) -> None:
    loads = [(1, 169), (4, 190), (16, 192)]
    samples = [Sample(n, p, session * n + point * p) for n, p in loads]
    assert fit(samples) == pytest.approx((session, point), abs=1e-6)


def test_one_case_alone_counts_for_its_points() -> None:
    assert fit([Sample(4, 190, 95)]) == (0.0, 0.5)


@given(
    st.lists(st.builds(Sample, st.integers(1, 20), st.integers(2, 250), st.floats(1, 400)), min_size=1),
    st.integers(1, 64),
    st.floats(0.1, 1),
)
def test_the_budget_is_kept_and_no_more_than_was_seen_is_promised(
    samples: list[Sample], cores: int, share: float
) -> None:
    found = propose(samples, cores, share)
    least = found.session_pct + found.point_pct
    assert found.expected_pct <= max(found.budget_pct, least) + 1e-6
    assert found.usable_sessions <= max(s.meetings for s in samples)
    assert found.usable_points <= max(s.points for s in samples)
    assert (found.max_sessions * 4 // 5, found.max_points * 4 // 5) == (found.usable_sessions, found.usable_points)


def test_the_cost_of_a_meeting_is_unknown_after_one_case() -> None:
    assert propose([Sample(1, 169, 47)], 2, 0.8).cores_for(16, 204, 0.8) is None


def test_points_come_before_meetings() -> None:
    found = propose([Sample(1, 169, 53.8), Sample(16, 192, 358.4)], cores=2, share=0.8)
    assert (found.session_pct, found.point_pct) == pytest.approx((20, 0.2))
    assert (found.usable_points, found.usable_sessions) == (192, 6)
    assert found.cores_for(16, 204, 0.8) == pytest.approx((16 * 20 + 204 * 0.2) / 80)


def test_nothing_measured_is_nothing_proposed() -> None:
    with pytest.raises(ValueError, match="no case"):
        propose([], 2, 0.8)
