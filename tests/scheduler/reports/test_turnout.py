"""Turnout, uptime, handovers and reviews are counted in reports (R-075, R-102, R-112).

Also tests `turnout_store.py`, `uptime.py`, `uptime_store.py` and `emergency_reviews.py`.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import InvalidRequest, UnknownSession
from scheduler.core.model import Interval, Session
from scheduler.notifications.alerts import Alerts
from scheduler.notifications.wording import NOWHERE
from scheduler.operations.attendance.schema import STAYS
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.closing.errors import NotOver
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.incidents.service import IncidentService
from scheduler.reports.emergency_reviews import EmergencyReviews
from scheduler.reports.figures import Review, Turnout, permille, shares
from scheduler.reports.service import Reports
from scheduler.reports.uptime import LONGEST_SILENCE, Uptime, uptime
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, URGENT, at, hours, on

APRIL = Interval(at("01/04/2023 00:00"), at("01/05/2023 00:00"))
AFTER = at("01/05/2023 08:00")
MINUTE = timedelta(minutes=1)
HOST, COMPONENT, STRANGER = "so.tttt", "nt.xuonghuan", "nt.vinhhai"
STAYED: dict[str, list[tuple[str, str, str | None]]] = {
    "05/04/2023": [(HOST, "07:55", "08:40"), (COMPONENT, "08:10", "08:20"), (COMPONENT, "08:30", "09:10")],
    "06/04/2023": [(COMPONENT, "07:00", "07:50"), (STRANGER, "08:00", "09:00")],
    "07/04/2023": [(HOST, "08:00", None), (COMPONENT, "08:59", "09:30")],
    "10/04/2023": [(COMPONENT, "08:30", "08:30")],
}
"""Who stayed when in meetings from 08:00 to 09:00 of a host and one component."""


@pytest.fixture
async def engine(seeded_url: str) -> AsyncIterator[AsyncEngine]:
    opened = database.connect(seeded_url, CIPHER)
    yield opened
    await opened.dispose()


async def held(engine: AsyncEngine, scheduler: Scheduler) -> list[Session]:
    """Hold the meetings of `STAYED`."""
    sessions = []
    for day, stays in STAYED.items():
        session = await scheduler.submit(replace(REQUEST, official=on(day, "08:00", "09:00")), NOW)
        sessions.append(session)
        async with database.writing(engine) as db:
            for point, joined, left in stays:
                began, ended = at(f"{day} {joined}"), None if left is None else at(f"{day} {left}")
                row = {"session": session.id, "point": point, "joined": began, "seen": began, "left": ended}
                await db.execute(insert(STAYS).values(row))
    return sessions


async def test_r112_the_turnout_is_that_of_the_attendance_of_each_session(
    engine: AsyncEngine, scheduler: Scheduler
) -> None:
    sessions = await held(engine, scheduler)
    attendance = Attendance(Alerts(engine, PROFILES, NOWHERE))
    facts = await Reports(engine, PROFILES, scheduler).facts(APRIL, AFTER)
    assert [fact.id for fact in facts] == [session.id for session in sessions]
    for fact in facts:
        (slot,) = await attendance.slots(fact.id, AFTER)
        judged = [found for _, found in slot.points.values()]
        assert fact.turnout == Turnout(
            expected=len(judged),
            present=slot.present,
            due=sum(each.of for each in judged),
            there=sum(each.seconds for each in judged),
        )
    minutes = [(fact.turnout.present, fact.turnout.due // 60, fact.turnout.there // 60) for fact in facts]
    assert minutes == [(2, 80, 60), (0, 120, 0), (2, 120, 61), (0, 120, 0)]


async def test_r112_points_and_lines_add_up_to_the_sessions(engine: AsyncEngine, scheduler: Scheduler) -> None:
    first, *_ = await held(engine, scheduler)
    for bad in (True, False, False):
        await IncidentService(engine).count(first.id, {COMPONENT: bad})
    reports = Reports(engine, PROFILES, scheduler)
    report = await reports.report(APRIL, None, AFTER)
    rows = {row.point: row.turnout for row in await reports.points(APRIL, AFTER)}
    assert rows == {
        HOST: Turnout(4, 2, 220 * 60, 100 * 60),
        COMPONENT: Turnout(4, 2, 220 * 60, 21 * 60, 3, 1),
    }
    for point, row in rows.items():
        for figure, number in (
            ("expected", row.expected),
            ("present", row.present),
            ("absent", row.expected - row.present),
        ):
            assert len(await reports.behind_point(APRIL, point, figure, AFTER)) == number
    assert await reports.behind_point(APRIL, STRANGER, "expected", AFTER) == []
    total = report.total
    assert (total.expected, total.present, total.absent) == (8, 4, 4)
    assert (total.due_s, total.there_s, total.line_min, total.lossy_min) == (440 * 60, 121 * 60, 3, 1)
    assert shares(total) == (275, 667, None)
    before = await reports.report(APRIL, None, at("05/04/2023 08:59"))  # nothing is over
    assert (before.total.expected, before.total.due_s, await reports.points(APRIL, at("05/04/2023 08:59"))) == (
        0,
        0,
        [],
    )


async def test_r102_the_share_of_recordings_handed_over_in_time(engine: AsyncEngine, scheduler: Scheduler) -> None:
    handovers = HandoverService(engine, PROFILES, NOWHERE)
    sha = "ab" * 32
    for day, sent, received in (
        ("05/04/2023", "05/04/2023 10:00", "06/04/2023 10:00"),
        ("06/04/2023", "06/04/2023 10:00", "20/04/2023 10:00"),
        ("07/04/2023", "20/04/2023 10:00", None),
        ("27/04/2023", "27/04/2023 10:00", None),  # due on 04/05
    ):
        wanted = replace(REQUEST, official=on(day, "08:00", "09:00"), recording=True)
        session = await scheduler.submit(wanted, NOW)
        await handovers.open(session.id, sha, at(sent))
        if received is not None:
            await handovers.receive(session.id, sha, "so.tttt", at(received))
    reports = Reports(engine, PROFILES, scheduler)
    found = (await reports.report(APRIL, None, AFTER)).total
    assert (found.owed, found.sent, found.confirmed, shares(found).handed) == (3, 2, 1, 667)
    later = (await reports.report(APRIL, None, at("05/05/2023 08:00"))).total
    assert (later.owed, later.sent, later.confirmed, shares(later).handed) == (4, 3, 1, 750)


async def test_r075_an_emergency_is_reviewed_once_it_is_over(engine: AsyncEngine, scheduler: Scheduler) -> None:
    urgent = await scheduler.submit(
        replace(REQUEST, klass="khan_cap", official=on("03/04/2023", "09:00", "10:00"), **URGENT), NOW
    )
    plain = await scheduler.submit(REQUEST, NOW)
    reviews, reports = EmergencyReviews(engine), Reports(engine, PROFILES, scheduler)
    with pytest.raises(NotOver):
        await reviews.review(urgent.id, "Đúng", "truc.ban", NOW)
    with pytest.raises(UnknownSession):
        await reviews.review("nothing", "Đúng", "truc.ban", AFTER)
    for session, remark, wrong in ((plain, "Đúng", ["session: not-for-class"]), (urgent, " ", ["remark: required"])):
        with pytest.raises(InvalidRequest) as caught:
            await reviews.review(session.id, remark, "truc.ban", AFTER)
        assert list(map(str, caught.value.errors)) == wrong
    report = await reports.report(APRIL, None, AFTER)
    assert (report.total.emergencies, report.total.reviewed) == (1, 0)
    await reviews.review(urgent.id, "Chưa rõ", "truc.ban", AFTER)
    review = await reviews.review(urgent.id, "Đúng  căn cứ", "truong.phong", AFTER + hours(1))
    assert review == Review(AFTER + hours(1), "truong.phong", "Đúng căn cứ")
    report = await reports.report(APRIL, None, AFTER)
    assert (report.total.emergencies, report.total.reviewed) == (1, 1)
    (fact,) = report.emergencies
    assert (fact.id, fact.review, report.grounds[fact.ground]) == (urgent.id, review, "Thiên tai")


async def test_r112_the_system_ran_while_it_noted_so(engine: AsyncEngine, scheduler: Scheduler) -> None:
    reports = Reports(engine, PROFILES, scheduler)
    assert (await reports.report(APRIL, None, NOW)).uptime == Uptime(0, 0, ())
    for minute in (0, 1, 2, 5, 9, 10):  # up to three minutes may pass
        await reports.alive(NOW + minute * MINUTE)
    await reports.alive(NOW + 9 * MINUTE)  # another server's clock is behind
    found = (await reports.report(APRIL, None, NOW + 12 * MINUTE)).uptime
    assert found == Uptime(8 * 60, 12 * 60, (Interval(NOW + 5 * MINUTE, NOW + 9 * MINUTE),))
    assert found.permille == 667


TIMES = st.integers(0, 60).map(lambda minute: NOW + minute * MINUTE)


@given(st.sets(TIMES, max_size=20), TIMES, TIMES, TIMES)
def test_r112_time_is_either_run_or_an_outage(
    signs: set[datetime], start: datetime, end: datetime, now: datetime
) -> None:
    ran: list[Interval] = []
    for sign in sorted(sign for sign in signs if sign <= now):
        if ran and sign - ran[-1].end <= LONGEST_SILENCE:
            ran[-1] = Interval(ran[-1].start, sign)
        else:
            ran.append(Interval(sign, sign))
    found = uptime(ran, Interval(start, end), now)
    down = sum((each.end - each.start).total_seconds() for each in found.outages)
    assert found.seconds + down == found.of
    silent = [
        minute
        for minute in range(60)
        if ran
        and max(start, ran[0].start)
        <= NOW + minute * MINUTE
        < min(end, now if now - ran[-1].end > LONGEST_SILENCE else ran[-1].end)
        and not any(each.start <= NOW + minute * MINUTE < each.end for each in ran)
    ]
    assert down == 60 * len(silent)


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_shares_are_rounded_half_up(part: int, whole: int) -> None:
    found = permille(part, whole)
    assert found is not None
    assert 2 * whole * found - whole <= 2000 * part < 2 * whole * found + whole
    assert permille(part, 0) is None
