"""Incidents and line minutes are stored on both databases.

Also tests `store.py`.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from scheduler.core.errors import UnknownSession
from scheduler.directory.equipment import lines_store
from scheduler.directory.model import AccessLine, Provider
from scheduler.notifications import alerts as preparation
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from scheduler.operations.closing.errors import IllegalStep, ReportedJustNow, UnknownIncident
from scheduler.operations.incidents import store as incidents_store
from scheduler.operations.incidents.model import FaultReport, IncidentKind, LineMeasurement, LineMinutes
from scheduler.operations.incidents.service import IncidentService
from scheduler.operations.readiness.duty import Duty, DutyRole
from scheduler.operations.readiness.duty_service import Duties
from tests.scheduler.conftest import PROFILES, Booked
from tests.scheduler.world import ZONE, at

START = at("05/04/2023 08:00")
LINE = LineMeasurement(0.001, 0.12, 0.0125, 0.08)


async def test_an_incident_is_stored_with_its_steps(booked: Booked) -> None:
    report = FaultReport(booked.session.id, "no-sound", "nt.xuonghuan", "micrô rè", "nt.xuonghuan", LINE)
    opened = await booked.incidents.report(report, START + timedelta(milliseconds=300))
    assert (opened.opened, opened.measured, opened.steps[0].text) == (START, LINE, "micrô rè")
    assert await booked.incidents.incident(opened.id) == opened
    await booked.incidents.act(opened.id, "taken", "truc.ban", "", START + timedelta(seconds=30))
    done = await booked.incidents.act(opened.id, "resolved", "truc.ban", "thay dây", START + timedelta(minutes=3))
    assert await booked.incidents.incident(opened.id) == done
    assert [(step.kind, step.by, step.text) for step in done.steps] == [
        ("opened", "nt.xuonghuan", "micrô rè"),
        ("taken", "truc.ban", ""),
        ("resolved", "truc.ban", "thay dây"),
    ]
    assert done.lasted == timedelta(minutes=3)


async def test_an_incident_goes_to_who_is_on_duty(booked: Booked) -> None:
    duties = Duties(preparation.Alerts(booked.engine, PROFILES, Channels()))

    async def put(role: DutyRole, name: str, account: str | None) -> None:
        phone = "0905 123 456"
        await duties.assign(Duty("", booked.session.id, role, None, None, account, name, phone, "truc"), START)

    async def reported(kind: IncidentKind) -> str:
        return (await booked.incidents.report(FaultReport(booked.session.id, kind, "nt.xuonghuan"), START)).assignee

    assert (await reported("device"), await booked.incidents.on_duty(booked.session.id)) == ("", None)
    await put("backup", "Trần Thị C", None)
    assert await reported("quiet") == "Trần Thị C"
    await put("main", "Lê Văn B", "le.b")
    opened = await booked.incidents.report(
        FaultReport(booked.session.id, "no-sound", "nt.xuonghuan", "", "x", LINE), START
    )
    assert (opened.state, opened.assignee, opened.measured) == ("open", "le.b", LINE)
    duty = await booked.incidents.on_duty(booked.session.id)
    assert duty is not None and (duty.name, duty.phone) == ("Lê Văn B", "+84905123456")
    taken = await booked.incidents.act(opened.id, "taken", "truc.ban", "", START)
    assert taken.assignee == "truc.ban"
    assert (await booked.incidents.act(opened.id, "escalated", "truc.ban", "", START)).assignee == "le.b"
    await booked.incidents.act(opened.id, "resolved", "truc.ban", "", START)
    assert (await booked.incidents.act(opened.id, "reopened", "truc.ban", "", START)).assignee == "le.b"


async def test_the_same_fault_reported_again_is_one_incident_until_it_is_settled(booked: Booked) -> None:
    report = FaultReport(booked.session.id, "no-picture", "nt.xuonghuan", "", "nt.xuonghuan")
    first = await booked.incidents.report(report, START)
    second = await booked.incidents.report(replace(report, text="vẫn vậy"), START + timedelta(minutes=1))
    assert (second.id, [step.kind for step in second.steps]) == (first.id, ["opened", "again"])
    whole = await booked.incidents.report(replace(report, point=None), START)
    other = await booked.incidents.report(replace(report, kind="no-sound"), START)
    await booked.incidents.act(first.id, "resolved", "truc.ban", "", START + timedelta(minutes=2))
    third = await booked.incidents.report(report, START + timedelta(minutes=3))
    assert len({first.id, whole.id, other.id, third.id}) == 4


async def test_a_person_reports_a_fault_again_after_ten_seconds(booked: Booked) -> None:
    report = FaultReport(booked.session.id, "help", None, "Xin giúp", "so.tttt")
    opened = await booked.incidents.report(report, START)
    for seconds in (0, 9):
        with pytest.raises(ReportedJustNow):
            await booked.incidents.report(replace(report, text=str(seconds)), START + timedelta(seconds=seconds))
    for by, second in (("so.nnptnt", 1), ("", 1), ("", 1), ("so.tttt", 10), ("so.tttt", -3600)):
        await booked.incidents.report(replace(report, by=by), START + timedelta(seconds=second))
    with pytest.raises(ReportedJustNow):
        await booked.incidents.report(report, START + timedelta(seconds=-3599))
    steps = (await booked.incidents.incident(opened.id)).steps
    assert [(step.kind, step.by) for step in steps] == [
        ("opened", "so.tttt"),
        ("again", "so.nnptnt"),
        ("again", ""),
        ("again", ""),
        ("again", "so.tttt"),
        ("again", "so.tttt"),
    ]


async def test_a_unit_sees_what_concerns_it(booked: Booked) -> None:
    points = {point.id: point for point in await booked.scheduler.points()}
    incident = await booked.incidents.report(FaultReport(booked.session.id, "device", "nt.xuonghuan"), START)
    host, own, other = (points[name].unit for name in ("so.tttt", "nt.xuonghuan", "nt.vinhhai"))
    for unit, seen in ((host, [incident]), (own, [incident]), (other, []), (None, [incident])):
        assert await booked.incidents.incidents(unit=unit) == seen
    assert await booked.incidents.incidents(settled=True) == []
    assert await booked.incidents.incidents(settled=False, session=booked.session.id) == [incident]
    assert await booked.incidents.incidents(session="nothing") == []


async def test_a_refused_step_changes_nothing(booked: Booked) -> None:
    opened = await booked.incidents.report(FaultReport(booked.session.id, "other"), START)
    with pytest.raises(IllegalStep):
        await booked.incidents.act(opened.id, "reopened", "truc.ban", "", START)
    assert await booked.incidents.incident(opened.id) == opened
    with pytest.raises(UnknownIncident):
        await booked.incidents.act("nothing", "taken", "truc.ban", "", START)
    with pytest.raises(UnknownSession):
        await booked.incidents.report(FaultReport("nothing", "other"), START)


async def test_the_time_in_which_the_centre_directs_stands_in_calls_for_help_alone(booked: Booked) -> None:
    call = await booked.incidents.report(
        FaultReport(booked.session.id, "help", None, "thiết bị treo", "so.tttt"), START
    )
    fault = await booked.incidents.report(FaultReport(booked.session.id, "device", "nt.xuonghuan"), START)
    await booked.incidents.note(booked.session.id, "control", "truc.ban", START + timedelta(minutes=1))
    await booked.incidents.note(booked.session.id, "returned", "truc.ban", START + timedelta(minutes=4))
    steps = (await booked.incidents.incident(call.id)).steps
    assert [(step.kind, step.at) for step in steps] == [
        ("opened", START),
        ("control", START + timedelta(minutes=1)),
        ("returned", START + timedelta(minutes=4)),
    ]
    assert (await booked.incidents.incident(fault.id)).steps == fault.steps


async def test_the_provider_of_a_weak_line_gets_the_measured_values(booked: Booked) -> None:
    async with booked.engine.begin() as db:
        await lines_store.set_provider(db, Provider("vnpt", "VNPT Khánh Hòa", "Trực ca", "0258800126", "noc@vnpt.vn"))
        line = AccessLine("l1", "nt.xuonghuan", "TSLCD", "vnpt", 4000, True, ())
        await lines_store.set_line(db, line)
    incidents = IncidentService(booked.engine, Channels(mail=True))
    opened = await incidents.report(FaultReport(booked.session.id, "line", "nt.xuonghuan", "", "so.tttt", LINE), START)
    assert opened.provider == "vnpt"
    (notice,) = await Notifications(booked.engine, ZONE).newest(9)
    assert (notice.kind, notice.recipient, notice.facts.title, notice.facts.reason.split(": ", 1)[1]) == (
        "line",
        "noc@vnpt.vn",
        "",
        "mất gói lên 0.1%, xuống 12.0%, trễ 80 ms, rung pha 12 ms",
    )
    other = await incidents.report(FaultReport(booked.session.id, "no-picture", "nt.xuonghuan"), START)
    assert other.provider is None
    assert (await incidents.act(other.id, "provider", "truc.ban", "", START)).provider == "vnpt"
    assert len(await Notifications(booked.engine, ZONE).newest(9)) == 2


async def test_minutes_of_lines_are_counted(booked: Booked) -> None:
    for bad in (True, False, True):
        await booked.incidents.count(booked.session.id, {"nt.xuonghuan": bad, "so.tttt": False})
    async with booked.engine.begin() as db:
        assert await incidents_store.minutes(db, [booked.session.id]) == [
            LineMinutes(booked.session.id, "nt.xuonghuan", 3, 2),
            LineMinutes(booked.session.id, "so.tttt", 3, 0),
        ]
