"""The worked examples of Điều 12.4 from registration to reinstatement, on both databases."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import CapacityExceeded, IllegalMove, Revoked
from scheduler.core.model import Amount, HeldPlan, Interval, LoadStep, Session, State
from scheduler.policy.policy import RankException
from scheduler.policy.profile_files import Profiles
from tests.scheduler.booking.admission.worked_examples import (
    CAM_LAM,
    COMMUNE,
    HEALTH,
    MORNING,
    NHA_TRANG,
    NINH_HOA,
    PROVINCE,
    VAN_NINH,
    ask,
    r066,
    states,
)
from tests.scheduler.world import CIPHER, NOW, REQUEST, at, hours, on, profiles_with

LAST_WEEK = at("30/03/2023 08:00")


@pytest.fixture
async def automatic(seeded_url: str) -> AsyncIterator[Scheduler]:
    """Return a scheduler whose profile revokes without asking."""
    engine = database.connect(seeded_url, CIPHER)
    yield Scheduler(engine, profiles_with(mode="automatic"), Amount(20, 250))
    await engine.dispose()


async def notice_kinds(scheduler: Scheduler, session: Session) -> list[str]:
    return [h.kind for h in await scheduler.happenings(0) if h.session == session.id]


async def test_example_1_r066_the_latest_lose_their_codes_and_104_is_spared(automatic: Scheduler) -> None:
    lower = await r066(automatic)
    province = await ask(automatic, PROVINCE, 145)
    assert province.state == State.ISSUED
    assert await states(automatic, lower) == [
        State.ISSUED, State.ISSUED, State.REVOKED, State.ISSUED, State.REVOKED, State.REVOKED,
    ]  # fmt: skip
    assert await automatic.load(MORNING.start, MORNING.end) == [LoadStep(MORNING.start, MORNING.end, 4, 194)]
    revoked = [h for h in await automatic.happenings(0) if h.kind == "revoked"]
    assert [(h.session, h.cause) for h in revoked] == [(lower[i].id, province.id) for i in (5, 4, 2)]
    used = await automatic.usage(at("15/12/2022 00:00"), at("15/12/2023 00:00"))
    assert (used.points, used.points_at, used.revoked) == (194, MORNING.start, 3)


async def test_a24_a_plan_says_who_keeps_the_code_though_registered_later(scheduler: Scheduler) -> None:
    """104 came after 103, which loses its code, and keeps its own by reprieve: shown before anybody confirms."""
    await scheduler.operator.set_capacity(LAST_WEEK, Amount(20, 255), LAST_WEEK)
    lower = await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    held = await scheduler.operator.hold(province.id, NOW)
    assert (held.victims, held.spared) == (tuple(lower[i].id for i in (5, 4, 2)), (lower[3].id,))
    standing = await scheduler.operator.queued_session(province.id, NOW)
    assert standing is not None
    assert standing.held == held
    assert await scheduler.operator.hold(province.id, NOW) == held
    await scheduler.cancel(lower[1].id, NOW)
    again = await scheduler.operator.confirm(province.id, held.version, NOW)
    assert isinstance(again, HeldPlan)
    assert again.spared == ()


async def test_r066_without_reprieve_104_goes_too(seeded_url: str) -> None:
    engine = database.connect(seeded_url, CIPHER)
    scheduler = Scheduler(engine, profiles_with(mode="automatic", reprieve=False), Amount(20, 250))
    lower = await r066(scheduler)
    await ask(scheduler, PROVINCE, 145)
    revoked = [h.session for h in await scheduler.happenings(0) if h.kind == "revoked"]
    assert revoked == [lower[i].id for i in (5, 4, 3, 2)]
    assert await notice_kinds(scheduler, lower[3]) == ["issued", "revoked", "reinstated"]  # 6 legs still fit
    await engine.dispose()


async def test_example_2_r068_what_is_cancelled_goes_to_the_queue_with_a_new_code(automatic: Scheduler) -> None:
    lower = await r066(automatic)
    await ask(automatic, PROVINCE, 145)
    old = lower[2].code
    await automatic.cancel(lower[1].id, NOW)
    assert await states(automatic, lower) == [
        State.ISSUED, State.CANCELLED, State.ISSUED, State.ISSUED, State.REVOKED, State.REVOKED,
    ]  # fmt: skip
    again = await automatic.session(lower[2].id)
    assert again.seq == lower[2].seq
    assert old is not None
    assert again.code not in {None, old}
    assert again.code is not None
    assert await automatic.enter(again.code, VAN_NINH, MORNING.start) == again
    with pytest.raises(Revoked):
        await automatic.enter(old, VAN_NINH, MORNING.start)


async def test_example_3_14_wait_and_8_are_issued(scheduler: Scheduler) -> None:
    for host, legs in ((PROVINCE, 145), (CAM_LAM, 19), (NINH_HOA, 28)):
        await ask(scheduler, host, legs)
    waiting = await ask(scheduler, VAN_NINH, 14)
    assert (waiting.state, waiting.code) == (State.WAITING, None)
    standing = await scheduler.operator.queued_session(waiting.id, NOW)
    assert standing is not None
    assert standing.reason is not None
    assert (standing.servable, standing.reason.limit, standing.reason.needed) == (False, "points", 206)
    assert standing.reason.largest == 8
    assert (await ask(scheduler, NHA_TRANG, 8)).state == State.ISSUED


async def test_example_4_the_17th_session_waits(scheduler: Scheduler) -> None:
    for _ in range(16):
        await ask(scheduler, HEALTH, 5)
    assert (await ask(scheduler, HEALTH, 5)).state == State.WAITING


async def test_example_6_what_never_fits_is_not_queued(scheduler: Scheduler) -> None:
    with pytest.raises(CapacityExceeded) as refused:
        await ask(scheduler, HEALTH, 169 + 32)
    assert (refused.value.refusal.impossible, refused.value.refusal.largest) == (True, 200)
    assert await scheduler.operator.queue(NOW) == []


async def test_example_7_an_emergency_outranks_its_own_level_only(automatic: Scheduler) -> None:
    commune = await ask(automatic, "dk.dienan", 190)
    district = await ask(automatic, NHA_TRANG, 10)
    flood = await ask(automatic, "dk.dienphu", 12, klass="khan_cap")
    assert await states(automatic, [commune, district, flood]) == [State.REVOKED, State.ISSUED, State.ISSUED]


async def test_example_8_a_rehearsal_waits_like_any_slot(scheduler: Scheduler) -> None:
    await ask(scheduler, PROVINCE, 145, on("06/04/2023", "08:00", "09:00"), on("04/04/2023", "14:00", "16:00"))
    at_15, at_16 = on("04/04/2023", "15:00", "16:00"), on("04/04/2023", "16:00", "17:00")
    assert (await ask(scheduler, NINH_HOA, 60, at_15, klass="dot_xuat")).state == State.WAITING
    assert (await ask(scheduler, NINH_HOA, 60, at_16, klass="dot_xuat")).state == State.ISSUED


async def test_example_9_a_lower_maximum_takes_only_what_cannot_be_borne(scheduler: Scheduler) -> None:
    sessions = [await ask(scheduler, host, legs) for host, legs in ((PROVINCE, 145), (CAM_LAM, 19), (NINH_HOA, 28))]
    since = at("05/04/2023 07:00")
    assert await scheduler.operator.impact(since, Amount(20, 192), NOW) == ()
    assert await scheduler.operator.impact(since, Amount(20, 170), NOW) == (sessions[2].id,)
    due = await scheduler.operator.set_capacity(since, Amount(20, 170), NOW)
    assert due == (sessions[2].id,)
    assert await scheduler.operator.shed([sessions[1].id], NOW) == due  # not what must go: nothing is done
    assert await states(scheduler, sessions) == [State.ISSUED] * 3
    assert await scheduler.operator.shed(due, NOW) is None
    assert await states(scheduler, sessions) == [State.ISSUED, State.ISSUED, State.REVOKED]
    assert await scheduler.operator.set_capacity(since, Amount(20, 250), NOW) == ()
    again = await scheduler.session(sessions[2].id)
    assert again.state == State.ISSUED
    assert again.code != sessions[2].code


async def test_r067_equal_levels_do_not_displace_each_other(automatic: Scheduler) -> None:
    full = await ask(automatic, NHA_TRANG, 200)
    assert (await ask(automatic, CAM_LAM, 2)).state == State.WAITING
    assert await states(automatic, [full]) == [State.ISSUED]


async def test_a22_a_unit_that_stands_higher_takes_codes_of_its_own_level(seeded_url: str) -> None:
    """A provincial department is given the rank of the province from 06/04/2023 on."""
    engine = database.connect(seeded_url, CIPHER)
    standing = RankException(unit="so.yt", rank=40, document="12/UBND-NC", valid_from=date(2023, 4, 6))
    policies = tuple(
        each.model_copy(update={"standings": (standing,)}) for each in profiles_with(mode="automatic").policies
    )
    scheduler = Scheduler(engine, Profiles(policies), Amount(20, 250))
    day = on("06/04/2023", "08:00", "10:00")
    before, held = await ask(scheduler, "so.tttt", 190), await ask(scheduler, "so.tttt", 190, day)
    assert (await ask(scheduler, HEALTH, 20)).state == State.WAITING
    assert (await ask(scheduler, HEALTH, 20, day)).state == State.ISSUED
    assert await states(scheduler, [before, held]) == [State.ISSUED, State.REVOKED]
    await engine.dispose()


async def test_r065_the_queue_is_served_by_rank_then_by_order(scheduler: Scheduler) -> None:
    blocker = await ask(scheduler, PROVINCE, 200)
    district, health, province = [await ask(scheduler, host, 120) for host in (NHA_TRANG, HEALTH, PROVINCE)]
    assert [q.session.id for q in await scheduler.operator.queue(NOW)] == [province.id, health.id, district.id]
    await scheduler.cancel(blocker.id, NOW)
    assert await states(scheduler, [district, health, province]) == [State.WAITING, State.WAITING, State.ISSUED]


async def test_i13_nobody_passes_the_order_by_taking_codes_at_once(automatic: Scheduler) -> None:
    equal, commune = await ask(automatic, CAM_LAM, 150), await ask(automatic, COMMUNE, 50)
    first = await ask(automatic, NHA_TRANG, 160)
    await automatic.cancel(equal.id, NOW)  # now the first could have its code for that of the commune
    later = await ask(automatic, NINH_HOA, 160)
    assert await states(automatic, [commune, first, later]) == [State.ISSUED, State.WAITING, State.WAITING]
    with pytest.raises(CapacityExceeded):
        await ask(automatic, NINH_HOA, 160, wait=False)


async def test_live_and_imminent_sessions_keep_their_codes(automatic: Scheduler) -> None:
    running = await ask(automatic, COMMUNE, 100, Interval(NOW, NOW + hours(6)), now=LAST_WEEK)
    half_past = Interval(NOW + timedelta(minutes=30), NOW + hours(6))
    soon = await ask(automatic, COMMUNE, 100, half_past, now=LAST_WEEK)
    wanted = Interval(NOW + hours(4), NOW + hours(5))
    assert (await ask(automatic, PROVINCE, 2, wanted, klass="dot_xuat")).state == State.WAITING
    assert (await ask(automatic, PROVINCE, 100, wanted, klass="khan_cap")).state == State.ISSUED
    assert await states(automatic, [running, soon]) == [State.ISSUED, State.REVOKED]


# The operator confirms.


async def test_a_plan_is_held_and_confirmed(scheduler: Scheduler) -> None:
    lower = await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    victims = tuple(lower[i].id for i in (5, 4, 2))
    [waiting] = await scheduler.operator.queue(NOW)
    held = HeldPlan(province.id, 1, victims, NOW + timedelta(minutes=15), spared=(lower[3].id,))
    assert (waiting.session, waiting.servable, waiting.victims, waiting.held) == (province, True, victims, held)
    assert await states(scheduler, lower) == [State.ISSUED] * 6  # nobody lost anything yet
    done = await scheduler.operator.confirm(province.id, 1, NOW + timedelta(minutes=14, seconds=59))
    assert isinstance(done, Session)
    assert done.state == State.ISSUED
    assert [s.id for s in lower if (await scheduler.session(s.id)).state == State.REVOKED] == sorted(
        victims, key=[s.id for s in lower].index
    )
    with pytest.raises(IllegalMove):
        await scheduler.operator.confirm(province.id, 1, NOW)


async def test_an_expired_plan_is_shown_again(scheduler: Scheduler) -> None:
    await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    late = NOW + timedelta(minutes=15)
    again = await scheduler.operator.confirm(province.id, 1, late)
    assert isinstance(again, HeldPlan)
    assert (again.version, again.until) == (2, late + timedelta(minutes=15))
    assert isinstance(await scheduler.operator.confirm(province.id, 2, late), Session)


async def test_a_stale_plan_is_made_anew(scheduler: Scheduler) -> None:
    lower = await r066(scheduler)
    province = await ask(scheduler, PROVINCE, 145)
    await scheduler.cancel(lower[5].id, NOW)  # somebody was quicker: 106 need not be revoked any more
    again = await scheduler.operator.confirm(province.id, 1, NOW)
    assert isinstance(again, HeldPlan)
    assert (again.version, again.victims) == (2, (lower[4].id, lower[2].id))
    assert await scheduler.operator.hold(province.id, NOW) == again
    assert (await states(scheduler, lower)).count(State.ISSUED) == 5
    assert isinstance(await scheduler.operator.confirm(province.id, 2, NOW), Session)


async def test_a_plan_that_no_longer_helps_is_refused(scheduler: Scheduler) -> None:
    await ask(scheduler, HEALTH, 150)
    province = await ask(scheduler, PROVINCE, 100)
    await scheduler.operator.set_capacity(MORNING.start, Amount(20, 100), NOW)
    for attempt in (scheduler.operator.confirm(province.id, 1, NOW), scheduler.operator.hold(province.id, NOW)):
        with pytest.raises(CapacityExceeded) as refused:
            await attempt
        assert (refused.value.refusal.impossible, refused.value.usable) == (True, 76)


async def test_a_request_that_will_not_wait_is_refused_with_a_true_reason(scheduler: Scheduler) -> None:
    await r066(scheduler)
    with pytest.raises(CapacityExceeded) as refused:
        await ask(scheduler, PROVINCE, 145, wait=False)
    assert (refused.value.limit, refused.value.needed, refused.value.refusal.largest) == ("points", 276, 69)
    assert await scheduler.operator.queue(NOW) == []


# Amendments.


async def test_less_keeps_its_place_and_its_code_and_serves_the_queue(scheduler: Scheduler) -> None:  # I14
    big = await ask(scheduler, NHA_TRANG, 100)
    await ask(scheduler, NINH_HOA, 100)
    waiting = await ask(scheduler, CAM_LAM, 50)
    smaller = replace(REQUEST, host_point=NHA_TRANG, points=big.points[:40], official=MORNING)
    amended = await scheduler.amend(big.id, smaller, NOW)
    assert (amended.seq, amended.code, amended.legs) == (big.seq, big.code, 41)
    assert await states(scheduler, [waiting]) == [State.ISSUED]


async def test_more_gets_a_new_place_or_changes_nothing(scheduler: Scheduler) -> None:  # I14
    first = await ask(scheduler, NHA_TRANG, 50)
    other = await ask(scheduler, NINH_HOA, 100)
    longer = replace(REQUEST, host_point=NHA_TRANG, points=first.points, official=on("05/04/2023", "08:00", "11:00"))
    amended = await scheduler.amend(first.id, longer, NOW)
    assert (amended.seq, amended.code, amended.official) == (other.seq + 1, first.code, longer.official)
    points = tuple(point.id for point in await scheduler.points() if point.id != NHA_TRANG)
    with pytest.raises(CapacityExceeded):
        await scheduler.amend(first.id, replace(longer, points=points[:100]), NOW)
    assert await scheduler.session(first.id) == amended


async def test_a_longer_end_costs_nobody_the_time_that_is_held_already(automatic: Scheduler) -> None:
    """A maximum that fell left both their codes (A20); asking for an hour that is free does not weigh them again."""
    higher, lower = await ask(automatic, HEALTH, 100), await ask(automatic, COMMUNE, 100)
    assert await automatic.operator.set_capacity(MORNING.start, Amount(20, 200), NOW) == ()
    longer = replace(REQUEST, host_point=HEALTH, points=higher.points, official=on("05/04/2023", "08:00", "11:00"))
    amended = await automatic.amend(higher.id, longer, NOW)
    assert (amended.official, amended.code) == (longer.official, higher.code)
    assert await states(automatic, [lower]) == [State.ISSUED]
    during = at("05/04/2023 10:50")
    assert await automatic.extensible(higher.id, during) == 4
    assert (await automatic.extend(higher.id, 4, during)).official.end == at("05/04/2023 12:00")
    late = replace(longer, official=on("05/04/2023", "07:00", "11:00"))
    blocker = await ask(automatic, PROVINCE, 101, on("05/04/2023", "07:00", "08:00"))
    with pytest.raises(CapacityExceeded) as refused:
        await automatic.amend(higher.id, late, NOW)
    assert (refused.value.interval, refused.value.refusal.holders) == (blocker.official, (blocker.id,))


async def test_minutes_that_are_past_are_not_weighed(automatic: Scheduler) -> None:
    """Over time, a meeting is prolonged from now on, whatever was held in the minutes since its end."""
    meeting = await ask(automatic, HEALTH, 100)
    await ask(automatic, PROVINCE, 150, Interval(MORNING.end, MORNING.end + timedelta(minutes=5)))
    assert await automatic.extensible(meeting.id, MORNING.end + timedelta(minutes=4)) == 0
    now = MORNING.end + timedelta(minutes=5)
    assert await automatic.extensible(meeting.id, now) == 4
    assert (await automatic.extend(meeting.id, 1, now)).official.end == MORNING.end + timedelta(minutes=15)


async def test_more_points_are_weighed_with_all_they_would_hold(automatic: Scheduler) -> None:
    meeting = await ask(automatic, HEALTH, 100)
    await ask(automatic, PROVINCE, 98, Interval(MORNING.start, MORNING.start + timedelta(hours=1)))
    points = [p.id for p in await automatic.points() if p.id not in {HEALTH, PROVINCE, *meeting.points}]
    two, three = (
        replace(REQUEST, host_point=HEALTH, points=(*meeting.points, *points[:n]), official=MORNING) for n in (2, 3)
    )
    with pytest.raises(CapacityExceeded) as refused:
        await automatic.amend(meeting.id, three, NOW)
    assert (refused.value.needed, refused.value.usable) == (201, 200)
    assert (await automatic.amend(meeting.id, two, NOW)).legs == 102


async def test_a_waiting_registration_takes_a_free_time(scheduler: Scheduler) -> None:
    await ask(scheduler, PROVINCE, 200)
    waiting = await ask(scheduler, NHA_TRANG, 50)
    standing = await scheduler.operator.queued_session(waiting.id, NOW)
    assert standing is not None
    assert standing.reason is not None
    free = standing.reason.suggestions[0].official
    moved = await scheduler.amend(
        waiting.id, replace(REQUEST, host_point=NHA_TRANG, points=waiting.points, official=free), NOW
    )
    assert (moved.state, moved.official, moved.code is None) == (State.ISSUED, free, False)


async def test_r080_a_meeting_is_prolonged_only_into_free_capacity(scheduler: Scheduler) -> None:
    meeting = await ask(scheduler, NHA_TRANG, 100)
    await ask(scheduler, NINH_HOA, 150, on("05/04/2023", "11:00", "12:00"))
    during = at("05/04/2023 09:45")
    longer = await scheduler.extend(meeting.id, 4, during)
    assert (longer.official.end, longer.code) == (at("05/04/2023 11:00"), meeting.code)
    with pytest.raises(CapacityExceeded):
        await scheduler.extend(meeting.id, 2, during)
    assert await scheduler.session(meeting.id) == longer


async def test_nobody_is_given_a_code_shortly_before_the_start_but_an_emergency(scheduler: Scheduler) -> None:
    blocker = await ask(scheduler, PROVINCE, 200)
    ordinary, urgent = await ask(scheduler, NHA_TRANG, 20), await ask(scheduler, CAM_LAM, 20, klass="khan_cap")
    await scheduler.cancel(blocker.id, MORNING.start - timedelta(minutes=59))
    assert await states(scheduler, [ordinary, urgent]) == [State.WAITING, State.ISSUED]
