"""Units, hosts, bookings and operators that end on a coming day are listed before it (R-001, R-002)."""

from dataclasses import replace
from datetime import date

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.directory import endings
from scheduler.directory.points.service import Directory
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import SHIPPED, TWO_TIER, canonical, load
from scheduler.units.seed import KHANH_HOA_2024
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import REQUEST, at, on, shipped

TIERS = load((*SHIPPED, TWO_TIER))
NEW_COMMUNES = date(2024, 11, 1)


async def test_communes_that_merge_and_the_bookings_beyond_their_last_day(scheduler: Scheduler) -> None:
    registered, now = at("20/09/2024 08:00"), at("01/10/2024 08:00")
    beyond = replace(REQUEST, official=on("05/11/2024", "08:00", "09:00"))
    booked = await scheduler.submit(beyond, registered)
    on_the_last_day = replace(REQUEST, official=on("31/10/2024", "08:00", "09:00"))
    other = replace(beyond, points=("ubnd.nha-trang",))
    for request in (on_the_last_day, other):
        await scheduler.submit(request, registered)
    await scheduler.cancel((await scheduler.submit(beyond, registered)).id, now)
    await scheduler.import_units(KHANH_HOA_2024.read_text())
    directory = Directory(scheduler._engine, PROFILES)
    [found] = await directory.endings(now)
    units = {unit.name: unit for unit in await scheduler.units() if unit.valid_to == date(2024, 10, 31)}
    assert (found.day, found.profile, found.operators) == (NEW_COMMUNES, None, None)
    assert {(each.unit.name, each.reason) for each in found.units} == {(name, "last-day") for name in units}
    assert "Phường Xương Huân" in units
    assert {point.unit for point in found.hosts} == found.unit_ids == {unit.id for unit in units.values()}
    assert [(each.session.id, each.host) for each in found.sessions] == [(booked.id, "so.tttt")]
    assert endings.host_summaries(found) == {"so.tttt": f"từ 01/11/2024: phiên {booked.number}"}
    assert endings.summary(found, 2) == (
        f"từ 01/11/2024: {len(units)} đơn vị, {len(units)} điểm cầu đang hoạt động, 1 phiên họp đã đăng ký, 2 tài khoản"
    )
    assert await directory.endings(at("01/11/2024 00:00")) == []


async def test_levels_that_the_next_profile_does_not_know(scheduler: Scheduler) -> None:
    now = at("16/06/2025 08:00")
    beyond = replace(REQUEST, points=("ubnd.nha-trang",), official=on("02/07/2025", "08:00", "09:00"))
    booked = await scheduler.submit(beyond, now)
    await scheduler.submit(replace(beyond, points=("nt.xuonghuan",)), now)
    [found] = await Directory(scheduler._engine, TIERS).endings(now)
    districts = [unit.id for unit in await scheduler.units() if unit.level == "huyen"]
    assert (found.day, found.profile, found.operators) == (date(2025, 7, 1), "KH-2025-2T", ("so.tttt", "so.khcn"))
    assert [(each.unit.id, each.reason) for each in found.units] == [(unit, "level") for unit in districts]
    assert [point.unit for point in found.hosts] == districts
    assert [each.session.id for each in found.sessions] == [booked.id]
    assert await Directory(scheduler._engine, TIERS).endings(at("01/07/2025 00:00")) == []


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2024, 10, 1), None),
        (date(2024, 10, 2), 30),
        (date(2024, 10, 24), 30),
        (date(2024, 10, 25), 7),
        (date(2024, 10, 31), 7),
    ],
)
def test_notices_are_due_so_many_days_before(today: date, days: int | None) -> None:
    assert endings.notice_due(NEW_COMMUNES, shipped().policies[-1].directory.ending_notice_days, today) == days


def test_a_rule_that_is_as_by_default_leaves_the_contents_of_a_version_as_they_were() -> None:
    """A server whose record knows the version from before still starts (decision 23)."""
    policy = shipped().policies[-1]
    other = policy.model_copy(update={"directory": policy.directory.model_copy(update={"ending_notice_days": (60,)})})
    assert "ending_notice_days" not in canonical(policy)
    assert Policy.model_validate_json(canonical(policy)) == policy
    assert Policy.model_validate_json(canonical(other)) == other
