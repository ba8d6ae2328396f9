"""Distribution of simulated endpoints over accounts."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.scenario.single_session import TargetServer

LOGINS = tuple((f"a{index}", "p") for index in range(169))


def test_one_device_each_as_long_as_there_are_points() -> None:
    assert TargetServer("", LOGINS).devices_and_accounts(40) == (1, LOGINS[:40])
    assert TargetServer("", LOGINS).devices_and_accounts(169) == (1, LOGINS)


def test_with_more_endpoints_than_points_each_point_has_more_devices() -> None:
    assert TargetServer("", LOGINS).devices_and_accounts(175) == (2, LOGINS[:88])


@given(st.integers(1, 1000), st.integers(1, 169))
def test_there_are_devices_for_all_endpoints_and_hardly_any_to_spare(points: int, accounts: int) -> None:
    devices, logins = TargetServer("", LOGINS[:accounts]).devices_and_accounts(points)
    assert points <= devices * len(logins) < points + devices
