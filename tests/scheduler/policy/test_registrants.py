"""Units register for hosts of every level, under both profiles, as of the day of the session (Điều 12)."""

from datetime import date

import pytest

from scheduler.core.model import ClassId, Point
from scheduler.notifications.alerts import recipients
from scheduler.policy.registrants import Registrants, registrants, wards
from tests.scheduler.policy.units import BY_ID, KH_2023, TWO_TIERS, UNITS

DAY = date(2023, 4, 5)
OFFICE = Registrants(("56",), "khoản 1 Điều 12", office=True)


@pytest.mark.parametrize(
    ("host", "purpose", "klass", "expected"),
    [
        ("56", "tinh_den_xa", "thuong", OFFICE),
        ("hn", "khac", "thuong", OFFICE),
        ("574", "chinh_phu_den_xa", "thuong", OFFICE),
        ("so.yt", "noi_bo_don_vi", "thuong", Registrants(("so.yt",), "điểm a khoản 2 Điều 12")),
        ("bv", "noi_bo_don_vi", "thuong", Registrants(("bv", "so.yt"), "điểm a khoản 2 Điều 12")),  # A10
        ("574", "noi_bo_don_vi", "thuong", Registrants(("574",), "điểm b khoản 2 Điều 12")),
        ("da", "noi_bo_don_vi", "thuong", Registrants(("574",), "điểm b khoản 2 Điều 12")),
        ("da", "noi_bo_don_vi", "dot_xuat", Registrants(("574",), "điểm b khoản 2 Điều 12")),
        ("da", "noi_bo_don_vi", "khan_cap", Registrants(("da", "574"), "khoản 3 Điều 12")),
        ("so.yt", "noi_bo_don_vi", "khan_cap", Registrants(("so.yt",), "điểm a khoản 2 Điều 12")),
        ("574", "chinh_phu_den_xa", "khan_cap", Registrants(("574", "56"), "khoản 3 Điều 12")),  # A17
    ],
)
def test_registrants_follow_from_host_purpose_and_class(
    host: str, purpose: str, klass: ClassId, expected: Registrants
) -> None:
    assert registrants(BY_ID[host], UNITS, purpose, klass, KH_2023, DAY) == expected


def test_units_are_those_of_the_day_of_the_session() -> None:
    later = date(2025, 7, 1)
    assert registrants(BY_ID["da"], UNITS, "khac", "thuong", KH_2023, later).units == ()
    without_districts = registrants(BY_ID["da"], UNITS, "khac", "thuong", TWO_TIERS, later)
    assert without_districts == Registrants(("da",), "điểm a khoản 2 Điều 12")


@pytest.mark.parametrize("klass", ["thuong", "khan_cap"])
@pytest.mark.parametrize("purpose", ["noi_bo_don_vi", "chinh_phu_den_xa"])
def test_a_level_the_profile_does_not_know_is_for_the_centre_alone(klass: ClassId, purpose: str) -> None:
    assert registrants(BY_ID["574"], UNITS, purpose, klass, TWO_TIERS, DAY) == Registrants((), "")


def test_units_of_a_level_the_profile_does_not_know_are_nobodys_wards() -> None:
    assert {unit: wards(unit, UNITS, TWO_TIERS) for unit in ("56", "574")} == {"56": set(), "574": set()}


def test_an_alert_of_a_level_the_profile_does_not_know_goes_to_its_unit() -> None:
    units = {unit.id: unit for unit in UNITS}
    point = Point("p", "UBND.Dien Khanh", "UBND huyện Diên Khánh", "574", "huyen", 1)
    assert recipients(point, units, TWO_TIERS, ("56", "574")) == ["574"]


def test_whom_a_unit_registers_for_by_level() -> None:
    wards_by_unit = {unit: wards(unit, UNITS, KH_2023) for unit in ("56", "so.yt", "574", "da", "")}
    assert wards_by_unit == {"56": set(), "so.yt": {"bv"}, "574": {"da"}, "da": set(), "": set()}
