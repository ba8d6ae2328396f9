"""Who registers for whom: every level, both profiles, units as of the day of the session (Điều 12)."""

from datetime import date

import pytest

from scheduler.model import ClassId, Unit
from scheduler.profiles import SHIPPED, TWO_TIER, load
from scheduler.registrants import Registrants, registrants, wards

PROFILES = load((*SHIPPED, TWO_TIER))
KH_2023, TWO_TIERS = PROFILES.shelf[1], PROFILES.shelf[2]
UNITS = (
    Unit("56", "UBND tỉnh", "ubt", None),
    Unit("so.yt", "Sở Y tế", "so", "56"),
    Unit("bv", "Bệnh viện Đa khoa tỉnh", "khac", "so.yt"),
    Unit("cv", "Cảng vụ Hàng hải Nha Trang", "khac", None),
    Unit("574", "Huyện Diên Khánh", "huyen", "56", valid_to=date(2025, 6, 30)),
    Unit("da", "Xã Diên An", "xa", "574"),
    Unit("hn", "Văn phòng Chính phủ", "tw", None),
)
BY_ID = {unit.id: unit for unit in UNITS}
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
def test_who_registers(host: str, purpose: str, klass: ClassId, expected: Registrants) -> None:
    assert registrants(BY_ID[host], UNITS, purpose, klass, KH_2023, DAY) == expected


def test_units_are_those_of_the_day_of_the_session() -> None:
    later = date(2025, 7, 1)
    assert registrants(BY_ID["da"], UNITS, "khac", "thuong", KH_2023, later).units == ()
    without_districts = registrants(BY_ID["da"], UNITS, "khac", "thuong", TWO_TIERS, later)
    assert without_districts == Registrants(("da",), "điểm a khoản 2 Điều 12")


def test_whom_a_unit_registers_for_by_level() -> None:
    answers = {unit: wards(unit, UNITS, KH_2023) for unit in ("56", "so.yt", "574", "da", "")}
    assert answers == {"56": set(), "so.yt": {"bv"}, "574": {"da"}, "da": set(), "": set()}
