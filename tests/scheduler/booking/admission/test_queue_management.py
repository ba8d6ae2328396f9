"""The operator's use cases beside plans: order and overrides, release, extension, changes of the maximum.

Also tests `queue_snapshot.py`.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core.capacity_limit import CapacityLimit
from scheduler.core.errors import CapacityExceeded, Ended, InvalidRequest, NotLive, NotMissed, OutOfOrder
from scheduler.core.model import Act, Amount, HeldPlan, LoadStep, State
from tests.scheduler.booking.admission.worked_examples import (
    CAM_LAM,
    HEALTH,
    MORNING,
    NHA_TRANG,
    NINH_HOA,
    PROVINCE,
    ask,
    r066,
)
from tests.scheduler.world import NOW, REQUEST, asking, at, on

OPERATOR = Act("truc.ban", "Điện thoại của Văn phòng UBND tỉnh lúc 7 giờ 45")
START = datetime(2023, 4, 5, tzinfo=UTC)


async def test_r064_the_first_registered_is_served_first_unless_a_reason_is_recorded(scheduler: Scheduler) -> None:
    full = await ask(scheduler, PROVINCE, 180)
    ninh_hoa, cam_lam = await ask(scheduler, NINH_HOA, 28), await ask(scheduler, CAM_LAM, 185)
    late = at("05/04/2023 07:30")
    await scheduler.cancel(full.id, late)  # too late for the queue to be served by itself
    assert [(q.session.id, q.servable, q.ahead) for q in await scheduler.operator.queue(late)] == [
        (ninh_hoa.id, True, ()),
        (cam_lam.id, True, (ninh_hoa.id,)),
    ]
    held = await scheduler.operator.hold(cam_lam.id, late)
    with pytest.raises(OutOfOrder) as refused:
        await scheduler.operator.confirm(cam_lam.id, held.version, late, OPERATOR)
    assert refused.value.ahead == (ninh_hoa.id,)
    assert (await scheduler.session(cam_lam.id)).state == State.WAITING
    await scheduler.operator.confirm(cam_lam.id, held.version, late, OPERATOR, override=True)
    issued = (await scheduler.history(cam_lam.id))[-1]
    assert (issued.kind, issued.by, issued.reason) == ("issued", OPERATOR.by, OPERATOR.reason)
    assert [q.servable for q in await scheduler.operator.queue(late)] == [False]


async def test_i01_every_change_has_actor_time_and_reason(scheduler: Scheduler) -> None:
    lower = await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    held = (await scheduler.operator.queue(NOW))[0].held
    assert held is not None
    assert held.victims == tuple(lower[i].id for i in (5, 4, 2))
    later = NOW + timedelta(minutes=5)
    await scheduler.operator.confirm(province.id, held.version, later, OPERATOR)
    health = lower[4]
    changes = [(h.kind, h.at, h.cause, h.by, h.reason) for h in await scheduler.history(health.id)]
    assert changes == [
        ("issued", NOW, None, REQUEST.submitted_by, ""),
        ("revoked", later, province.id, OPERATOR.by, OPERATOR.reason),
    ]
    await scheduler.cancel(province.id, later, Act("vp", "Hoãn"))
    back = (await scheduler.history(health.id))[-1]
    assert (back.kind, back.by, back.reason) == ("reinstated", "", "")
    cancelled = (await scheduler.history(province.id))[-1]
    assert (cancelled.kind, cancelled.by, cancelled.reason) == ("cancelled", "vp", "Hoãn")


async def test_i03_a_session_nobody_opened_is_released_after_half_an_hour(scheduler: Scheduler) -> None:
    missed = await ask(scheduler, NHA_TRANG, 150)
    waiting = await ask(scheduler, HEALTH, 60, on("05/04/2023", "09:45", "11:00"))
    start = MORNING.start
    with pytest.raises(NotMissed):
        await scheduler.release(missed.id, start + timedelta(minutes=30, seconds=-1), OPERATOR)
    await scheduler.opened(missed.id, start - timedelta(days=1))  # another day: for a rehearsal
    given_up = await scheduler.release(missed.id, start + timedelta(minutes=30), OPERATOR)
    assert (given_up.state, given_up.code) == (State.CANCELLED, None)
    assert (await scheduler.history(missed.id))[-1].kind == "released"
    assert (await scheduler.session(waiting.id)).state == State.ISSUED
    with pytest.raises(Ended):
        await scheduler.release(missed.id, start + timedelta(minutes=31), OPERATOR)


async def test_i03_a_session_opened_in_its_lobby_is_not_released(scheduler: Scheduler) -> None:
    held = await ask(scheduler, NHA_TRANG, 15)
    await scheduler.opened(held.id, MORNING.start - timedelta(minutes=20))
    with pytest.raises(NotMissed):
        await scheduler.release(held.id, MORNING.start + timedelta(hours=1), OPERATOR)
    assert (await scheduler.session(held.id)).state == State.ISSUED


async def test_r080_a_meeting_goes_on_only_while_it_stays_below_the_limit(scheduler: Scheduler) -> None:
    meeting = await ask(scheduler, NHA_TRANG, 150)  # until 10:00
    follower = await ask(scheduler, HEALTH, 60, on("05/04/2023", "10:30", "11:30"))
    for early in (MORNING.start - timedelta(minutes=1), MORNING.end + timedelta(minutes=15)):
        with pytest.raises((NotLive, Ended)):
            await scheduler.extend(meeting.id, 1, early)
    now = at("05/04/2023 09:45")
    assert await scheduler.extensible(meeting.id, now) == 2
    longer = await scheduler.extend(meeting.id, 2, now, Act("nt", "Còn ba ý kiến"))
    assert (longer.official.end, longer.code) == (follower.official.start, meeting.code)
    assert (await scheduler.history(meeting.id))[-1].kind == "extended"
    assert await scheduler.extensible(meeting.id, now) == 0
    with pytest.raises(CapacityExceeded) as refused:
        await scheduler.extend(meeting.id, 1, now)
    assert (refused.value.limit, refused.value.refusal.holders) == ("points", (follower.id,))
    assert (await scheduler.session(meeting.id)).official == longer.official
    with pytest.raises(InvalidRequest):
        await scheduler.extend(meeting.id, -4, now)  # which would end it at half past nine
    again = await scheduler.extend(meeting.id, -2, now)
    assert (again.official, again.code, again.seq) == (meeting.official, meeting.code, longer.seq)
    assert (await scheduler.history(meeting.id))[-1].kind == "amended"
    assert await scheduler.extensible(meeting.id, now) == 2


async def test_extensions_are_bounded(scheduler: Scheduler) -> None:
    meeting = await ask(scheduler, NHA_TRANG, 2)
    now = at("05/04/2023 09:45")
    with pytest.raises(InvalidRequest):
        await scheduler.extend(meeting.id, 24 * 4, now)
    assert await scheduler.extensible(meeting.id, now) == 4


async def test_i06_meetings_that_cannot_be_extended_are_listed_half_an_hour_before(scheduler: Scheduler) -> None:
    meeting = await ask(scheduler, NHA_TRANG, 150)  # until 10:00
    await ask(scheduler, HEALTH, 60, on("05/04/2023", "10:00", "11:00"))
    quiet = await ask(scheduler, CAM_LAM, 2)
    assert await scheduler.operator.overruns(at("05/04/2023 09:29")) == []
    found = await scheduler.operator.overruns(at("05/04/2023 09:30"))
    assert [(each.session.id, each.reason.limit, each.reason.needed) for each in found] == [(meeting.id, "points", 210)]
    assert quiet.id not in {each.session.id for each in found}


async def test_a_maintenance_is_planned_with_what_it_costs(scheduler: Scheduler) -> None:
    meeting = await scheduler.submit(await asking(scheduler, 150, MORNING), NOW)
    night = on("06/04/2023", "00:00", "05:00")
    assert await scheduler.operator.set_capacity(night.start, Amount(2, 30), NOW, night.end) == ()
    assert (await scheduler.capacity_limit()).steps == ((night.start, Amount(2, 30)), (night.end, Amount(20, 255)))
    small = Amount(20, 100)
    assert await scheduler.operator.impact(MORNING.start, small, NOW, MORNING.end) == (meeting.id,)
    assert (await scheduler.capacity_limit()).steps[0] == (night.start, Amount(2, 30))
    assert await scheduler.operator.set_capacity(MORNING.start, small, NOW, MORNING.end) == (meeting.id,)
    assert await scheduler.load(MORNING.start, MORNING.end) == [LoadStep(MORNING.start, MORNING.end, 1, 150)]
    assert await scheduler.operator.shed((meeting.id,), NOW, OPERATOR) is None
    assert (await scheduler.history(meeting.id))[-1].by == OPERATOR.by
    too_many = replace(await asking(scheduler, 30, MORNING), official=on("06/04/2023", "04:00", "06:00"))
    with pytest.raises(CapacityExceeded):
        await scheduler.submit(too_many, NOW)


async def test_a_stale_plan_comes_back_anew(scheduler: Scheduler) -> None:
    lower = await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    old = await scheduler.operator.hold(province.id, NOW)
    await scheduler.cancel(lower[5].id, NOW)
    fresh = await scheduler.operator.confirm(province.id, old.version, NOW, OPERATOR)
    assert isinstance(fresh, HeldPlan)
    assert (fresh.version, set(fresh.victims) < set(old.victims)) == (old.version + 1, True)
    assert (await scheduler.session(province.id)).state == State.WAITING


amounts = st.builds(Amount, st.integers(1, 9), st.integers(1, 99))
hours = st.integers(0, 40)


@given(amounts, st.dictionaries(hours, amounts), hours, st.integers(1, 10), amounts)
def test_a_maximum_between_two_instants_changes_nothing_else(
    first: Amount, steps: dict[int, Amount], since: int, length: int, amount: Amount
) -> None:
    def instant(hour: int) -> datetime:
        return START + timedelta(hours=hour)

    before = CapacityLimit(first, tuple((instant(hour), steps[hour]) for hour in sorted(steps)))
    after = before.between(instant(since), instant(since + length), amount)
    for hour in range(-1, 60):
        expected = amount if since <= hour < since + length else before.at(instant(hour))
        assert after.at(instant(hour)) == expected
