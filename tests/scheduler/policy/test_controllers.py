"""Units control sessions by the profile's rules of control (Điều 5.5, 10.1, 14.3.a)."""

import pytest

from scheduler.policy.controllers import Control, control
from scheduler.policy.profile_files import load
from tests.scheduler.policy.units import BY_ID, TWO_TIERS, UNITS

POLICY = load().policies[-1]
ALL = frozenset(BY_ID)


@pytest.mark.parametrize(
    ("host", "units", "article"),
    [
        ("56", ("56",), "khoản 3 Điều 16"),  # the centre, and the province's own room
        ("so.yt", ("so.yt",), "khoản 1 Điều 10"),
        ("bv", ("so.yt",), "khoản 1 Điều 10"),  # a subordinate unit's is its department's
        ("574", ("574",), "khoản 1 Điều 10"),
        ("da", ("574",), "điểm a khoản 3 Điều 14"),
        ("cv", (), "khoản 1 Điều 10"),  # level đ controls nothing: the centre does
    ],
)
def test_control_belongs_to_the_units_of_the_profiles_rules(host: str, units: tuple[str, ...], article: str) -> None:
    assert control(BY_ID[host], UNITS, POLICY, ALL) == Control(units, (), article)


def test_a_level_the_profile_does_not_know_is_controlled_by_the_centre_alone() -> None:
    assert control(BY_ID["574"], UNITS, TWO_TIERS, ALL) == Control((), (), "")


def test_r049_a_room_that_is_not_in_operation_holds_no_control() -> None:
    assert control(BY_ID["da"], UNITS, POLICY, ALL - {"574"}) == Control((), ("574",), "điểm a khoản 3 Điều 14")
