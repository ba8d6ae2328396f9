"""Feedback is stored with its reply, and breaches are found in the records, on both databases (Điều 20, 21.2).

Also tests `breaches.py`, `breaches_store.py`, `monthly_summary.py` and `unit_summary.py`.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from scheduler.compliance import breaches
from scheduler.compliance.breaches import Breach
from scheduler.compliance.feedback import Feedback, FeedbackService
from scheduler.compliance.monthly_summary import MonthlySummary
from scheduler.core.database import writing
from scheduler.core.errors import TooLate
from scheduler.core.model import Interval, Point, State
from scheduler.core.schema import SESSIONS
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import AccessLine, ObservedDevice, PersonRole
from scheduler.directory.people.service import People, PersonEntry
from scheduler.notifications.alerts import Alerts
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import NOWHERE, Channels
from scheduler.operations.attendance.service import Attendance
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.errors import UnknownFeedback
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.closing.recording_handover import Handover
from scheduler.operations.readiness.service import ReadinessService
from scheduler.policy.profile_files import Profiles
from scheduler.reports.correction_requests import CorrectionRequests
from scheduler.reports.service import Reports
from tests.scheduler.conftest import PROFILES, Booked
from tests.scheduler.world import NOW, REQUEST, ZONE, at, on

SHA = "ab" * 32
END = at("05/04/2023 09:00")
DAY = timedelta(days=1)
MAIL = Channels(mail=True)


@pytest.fixture
def handovers(booked: Booked) -> HandoverService:
    return HandoverService(booked.engine, PROFILES, NOWHERE)


@pytest.fixture
def feedback(booked: Booked, handovers: HandoverService) -> FeedbackService:
    return FeedbackService(booked.engine, PROFILES, ClosingService(booked.engine, PROFILES, NOWHERE), handovers)


async def test_feedback_is_stored_with_its_reply(booked: Booked, feedback: FeedbackService) -> None:
    points = {point.id: point for point in await booked.scheduler.points()}
    unit, other = points["nt.xuonghuan"].unit, points["nt.vinhhai"].unit
    stored = await feedback.add(unit, "nt.xuonghuan", "Đường truyền yếu", NOW)
    assert stored == Feedback(stored.id, unit, "nt.xuonghuan", NOW, "Đường truyền yếu")
    assert (await feedback.feedback(), await feedback.feedback(unit), await feedback.feedback(other)) == (
        [stored],
        [stored],
        [],
    )
    answered = await feedback.reply(stored.id, "forwarded", "Đã báo cáo UBND tỉnh", "truc.ban", NOW + DAY)
    assert answered == replace(
        stored, status="forwarded", answer="Đã báo cáo UBND tỉnh", answered_by="truc.ban", answered=NOW + DAY
    )
    assert await feedback.feedback(unit) == [answered]
    with pytest.raises(UnknownFeedback):
        await feedback.reply("nothing", "handled", "", "truc.ban", NOW)


async def test_breaches_are_what_the_records_say(
    booked: Booked, feedback: FeedbackService, handovers: HandoverService
) -> None:
    points = {point.id: point for point in await booked.scheduler.points()}
    host, commune = points["so.tttt"].unit, points["nt.xuonghuan"].unit
    session = booked.session
    evening = replace(REQUEST, official=on("04/04/2023", "14:00", "15:00"))
    with pytest.raises(TooLate):
        await booked.scheduler.submit(evening, at("03/04/2023 15:00"))
    made = await handovers.open(session.id, SHA, END)
    found = await feedback.breaches(NOW - DAY, NOW + 30 * DAY, made.due + timedelta(seconds=1))
    rows = [(each.kind, each.unit, each.session, each.point) for each in found]
    assert rows == [
        ("receipt", host, session.id, None),
        ("closing", host, session.id, "so.tttt"),
        ("closing", commune, session.id, "nt.xuonghuan"),
        ("late", host, None, "so.tttt"),
    ]
    assert await feedback.breaches(NOW - DAY, NOW, END) == []


@given(st.integers(0, 5), st.none() | st.integers(0, 5), st.integers(0, 5))
def test_a_receipt_is_a_breach_when_it_came_after_its_day_or_never(due: int, received: int | None, now: int) -> None:
    def day(number: int) -> datetime:
        return NOW + number * DAY

    got = None if received is None or received > now else day(received)
    made = Handover("s", "u", NOW, day(due), NOW, SHA, got)
    expected = (now > due) if got is None else received is not None and received > due
    found = breaches.unreceived([made], day(now))
    assert found == ([Breach(day(due), "receipt", "u", "s")] if expected else [])


POINTS = {name: Point(name, name, name, f"unit of {name}", "xa", 1) for name in "hab"}
MEETING = SimpleNamespace(
    id="s",
    state=State.ISSUED,
    host_point="h",
    points=("a", "b"),
    everyone=("h", "a", "b"),
    official=Interval(END - DAY, END),
)


@given(st.sets(st.sampled_from("hab")), st.sampled_from(State), st.integers(-1, 1))
def test_r123_a_point_missing_from_a_held_meeting_is_absent(there: set[str], state: State, hours_: int) -> None:
    meeting: Any = SimpleNamespace(**{**vars(MEETING), "state": state})
    held = state == State.ISSUED and hours_ >= 0 and "h" in there
    expected = [Breach(END - DAY, "absent", f"unit of {p}", "s", p) for p in "ab" if held and p not in there]
    assert breaches.absent(meeting, there, POINTS, END + timedelta(hours=hours_)) == expected


@given(st.sets(st.sampled_from("hab")))
def test_r123_a_point_unchecked_where_others_were_checked_is_a_breach(checked: set[str]) -> None:
    meeting: Any = MEETING
    missing = [p for p in "hab" if checked and p not in checked]
    expected = [Breach(END - DAY, "unchecked", f"unit of {p}", "s", p) for p in missing]
    assert breaches.unchecked(meeting, checked, POINTS, END - DAY) == expected
    assert breaches.unchecked(meeting, checked, POINTS, END - DAY - timedelta(seconds=1)) == []


async def test_r123_absence_late_moves_checks_and_drift_are_found_with_their_records(
    booked: Booked, feedback: FeedbackService
) -> None:
    points = {point.id: point for point in await booked.scheduler.points()}
    host, commune = points["so.tttt"].unit, points["nt.xuonghuan"].unit
    late = await booked.scheduler.submit(replace(REQUEST, official=on("10/04/2023", "08:00", "09:00")), NOW)
    created = at("07/04/2023 08:00")  # as those were that moved before that was refused
    async with writing(booked.engine) as db:
        await db.execute(update(SESSIONS).where(SESSIONS.c.id == late.id).values(created=created))
    alerts = Alerts(booked.engine, PROFILES, NOWHERE)
    attendance = Attendance(alerts)
    start = booked.session.official.start
    await attendance.point_joined(booked.session.id, "so.tttt", start)
    await attendance.point_left(booked.session.id, "so.tttt", END)
    await ReadinessService(alerts).check(booked.session.id, ["so.tttt"], "chinh_thuc", "ok", "", "truc", NOW)
    equipment = Equipment(booked.engine, PROFILES)
    await equipment.set_line(AccessLine("", "nt.xuonghuan", "TSLCD", None, 4000, True, ("10.0.0.0/8",)))
    for seen in (ObservedDevice("203.0.113.9"), ObservedDevice(name="Khac")):
        await equipment.check_device("nt.xuonghuan", 1, seen, END)
    found = await feedback.breaches(NOW - DAY, NOW + 30 * DAY, END + timedelta(seconds=1))
    rows = {(each.kind, each.unit, each.session, each.point) for each in found if each.kind != "closing"}
    assert rows == {
        ("late", host, late.id, "so.tttt"),
        ("absent", commune, booked.session.id, "nt.xuonghuan"),
        ("unchecked", commune, booked.session.id, "nt.xuonghuan"),
        ("drift", commune, None, "nt.xuonghuan"),
        ("name", commune, None, "nt.xuonghuan"),
    }
    own = await feedback.breaches(NOW - DAY, NOW + 30 * DAY, END + timedelta(seconds=1), commune)
    assert own == [each for each in found if each.unit == commune]


async def test_r123_figures_not_answered_in_time_are_the_units(booked: Booked, feedback: FeedbackService) -> None:
    reports = Reports(booked.engine, PROFILES, booked.scheduler)
    corrections = CorrectionRequests(booked.engine, PROFILES, reports, NOWHERE)
    units = [unit.id for unit in (await booked.scheduler.units())[:3]]
    due = NOW + DAY
    made = await corrections.ask("Số liệu", Interval(NOW, END), due, units, "truc", NOW)
    figures = dict(made.replies[0].counted)
    await corrections.reply(made.id, units[0], figures, "", "x", due)
    await corrections.reply(made.id, units[1], figures, "", "x", due + timedelta(seconds=1))
    found = await feedback.breaches(NOW, NOW + 30 * DAY, due + timedelta(seconds=2))
    assert {each.unit for each in found if each.kind == "figures"} == set(units[1:])
    assert not [each for each in await feedback.breaches(NOW, NOW + 30 * DAY, due) if each.kind == "figures"]


async def test_r124_the_head_hears_once_a_month_of_three_facts_or_more(
    booked: Booked, feedback: FeedbackService
) -> None:
    points = {point.id: point for point in await booked.scheduler.points()}
    for number in range(2, 4):  # three meetings, which the host opened and nobody else came to
        day = f"{number + 4:02}/04/2023"
        await booked.scheduler.submit(replace(REQUEST, official=on(day, "08:00", "09:00")), NOW)
    attendance = Attendance(Alerts(booked.engine, PROFILES, NOWHERE))
    for session in await booked.scheduler.sessions(NOW, NOW + 30 * DAY):
        await attendance.point_joined(session.id, "so.tttt", session.official.start)
        await attendance.point_left(session.id, "so.tttt", session.official.end)
    people = People(booked.engine, PROFILES)
    commune = points["nt.xuonghuan"].unit
    roles: dict[PersonRole, str] = {"manager": "phong@nt.vn", "head": "chutich@nt.vn"}
    for role, email in roles.items():
        await people.add(PersonEntry(commune, None, role, "Lê A", "0905123456", email, None, NOW.date(), ""), NOW)
    notifications = Notifications(booked.engine, ZONE, MAIL)
    summaries = MonthlySummary(booked.engine, PROFILES, feedback, MAIL)
    for now in ("30/04/2023 23:59", "08/05/2023 08:00"):  # the month is not over; too long over
        await summaries.work(at(now))
    assert await notifications.newest(9) == []
    for now in ("01/05/2023 08:00", "01/05/2023 08:01", "02/05/2023 08:00"):
        await summaries.work(at(now))
    rows = {(each.unit, each.recipient, each.facts.title, each.facts.reason) for each in await notifications.newest(9)}
    closing = "chưa hoàn tất kết thúc kỹ thuật: 3"
    assert rows == {
        (commune, "chutich@nt.vn", "tháng 04/2023", f"vắng mặt: 3; {closing}"),
        (points["so.tttt"].unit, "", "tháng 04/2023", closing),
    }
    assert len(await notifications.newest(9)) == 2
    never = MonthlySummary(booked.engine, silent(PROFILES), feedback, MAIL)
    await never.work(at("01/06/2023 08:00"))
    assert len(await notifications.newest(9)) == 2


def silent(profiles: Profiles) -> Profiles:
    """Return profiles under which no head gets a summary."""
    return Profiles(
        tuple(
            policy.model_copy(update={"conduct": policy.conduct.model_copy(update={"summary_from": None})})
            for policy in profiles.policies
        )
    )
