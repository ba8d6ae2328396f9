"""The register of security incidents: deadlines of NĐ 331/2026 Điều 31, reminders, who may read and write.

Also tests `security_incident.py`, `security_incident_reminders.py` and `security_incidents_store.py`.
"""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

from aiohttp import ClientSession

from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Channels
from signaling.compliance.security_incident import SecurityIncident, missed_years, yearly_due, yearly_reminder
from signaling.compliance.security_incident_reminders import SecurityIncidentReminders
from tests.signaling.world import NOW, World, problem_of

HOUR = timedelta(hours=1)
FOUND = NOW - HOUR
REGISTER = "/api/v1/security-incidents"


def incident(severity: Any, **more: Any) -> SecurityIncident:
    return SecurityIncident("i1", FOUND, severity, "Mã độc trên máy chủ", "central", NOW, **more)


def test_deadlines_follow_the_severity() -> None:
    assert [incident(each).due - FOUND for each in ("interruption", "serious", "ordinary")] == [
        HOUR,
        24 * HOUR,
        72 * HOUR,
    ]
    serious = incident("serious")
    stages = [(hours, serious.reminder(FOUND + hours * HOUR)) for hours in (0, 15, 16, 23, 24, 100)]
    assert stages == [(0, "found"), (15, "found"), (16, "soon"), (23, "soon"), (24, "overdue"), (100, "overdue")]
    assert [serious.report_state(FOUND + hours * HOUR) for hours in (23, 24)] == ["due", "overdue"]


def test_a_report_is_in_time_or_late_and_ends_the_reminders() -> None:
    reported = [incident("serious", reported=FOUND + hours * HOUR) for hours in (24, 25)]
    assert [each.report_state(NOW) for each in reported] == ["reported", "late"]
    false_alarm = incident("serious", closed=NOW)
    assert false_alarm.report_state(NOW + 99 * HOUR) == "unneeded"
    assert [each.reminder(NOW + 99 * HOUR) for each in (*reported, false_alarm)] == [None, None, None]


def test_the_yearly_report_is_due_before_25_december() -> None:
    assert yearly_due(2026) == date(2026, 12, 24)
    days = (date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 24), date(2026, 12, 25), date(2026, 12, 31))
    assert [yearly_reminder(each, False) for each in days] == [None, "soon", "soon", "overdue", "overdue"]
    assert [yearly_reminder(each, True) for each in days] == [None] * 5


def test_a_missed_report_is_owed_until_it_is_sent() -> None:
    new_year, began = date(2027, 1, 1), date(2026, 9, 1)
    assert missed_years(began, date(2026, 12, 31), ()) == []
    assert missed_years(began, new_year, ()) == [2026]
    assert missed_years(began, new_year, {2026}) == []
    assert missed_years(began, date(2029, 3, 1), {2027}) == [2026, 2028]
    assert missed_years(date(2024, 1, 1), new_year, ()) == [2026]  # the decree is of 2026
    assert missed_years(new_year, date(2027, 12, 31), ()) == []  # it did not run in 2026
    assert missed_years(None, new_year, ()) == []


async def post(client: ClientSession, path: str, body: object, status: int = 200) -> Any:
    async with client.post(f"/api/v1/{path}", json=body) as response:
        assert response.status == status, await response.text()
        return await response.json()


async def test_an_incident_is_entered_reported_closed_and_exported(world: World) -> None:
    operator, office = await world.signed_in("central"), await world.signed_in("office")
    found = {"found": FOUND.isoformat(), "severity": "ordinary", "text": "  Mã độc trên  máy chủ "}
    added = await post(operator, "security-incidents", found, 201)
    assert (added["text"], added["due"], added["report_state"]) == (
        "Mã độc trên máy chủ",
        (FOUND + 72 * HOUR).isoformat().replace("+00:00", "Z"),
        "due",
    )
    own = f"security-incidents/{added['id']}"
    changed = await post(operator, own, found | {"severity": "interruption"})
    assert (changed["report_state"], changed["severity"]) == ("overdue", "interruption")
    report = {"at": NOW.isoformat(), "to": "Cục An toàn thông tin"}
    assert (await post(operator, f"{own}/report", report))["report_state"] == "reported"
    assert (await post(operator, f"{own}/close", {"outcome": "Đã gỡ"}))["outcome"] == "Đã gỡ"
    async with operator.post(f"/api/v1/{own}/close", json={"outcome": "Lần nữa"}) as response:
        assert await problem_of(response) == (409, "illegal-step")
    ahead = {"found": (NOW + HOUR).isoformat()}
    for bad, field in ((ahead, "found"), ({"text": " \u200b"}, "text")):
        async with operator.post(REGISTER, json=found | bad) as response:
            assert [each["field"] for each in (await response.json())["errors"]] == [field]
    yearly = await post(operator, "security-reports", report | {"year": 2026})
    async with office.get(REGISTER) as response:
        register = await response.json()
    assert register == yearly | {"may_change": False}
    assert register["yearly"] == {
        "year": 2026, "due": "2026-12-24", "overdue": False, "to": "Cục An toàn thông tin", "by": "central",
        "incidents": {"interruption": 1, "serious": 0, "ordinary": 0}, "at": "2026-04-06T01:00:00Z",
    }  # fmt: skip
    async with office.get(f"{REGISTER}/export") as response:
        [row] = csv.DictReader(io.StringIO((await response.read()).decode("utf-8-sig")))
    assert (row["Phát hiện lúc"], row["Tình trạng báo cáo"], row["Hạn báo cáo"]) == (
        "06/04/2026 07:00",
        "Đã báo cáo",
        "06/04/2026 08:00",
    )
    actions = [e.action for e in await world.audited(30) if "security" in e.action]
    assert actions == [
        "export-security-incidents",
        "security-report",
        "security-incident-closed",
        "security-incident-reported",
        "security-incident-changed",
        "security-incident",
    ]


async def test_the_operating_unit_is_reminded_by_letter_once_for_each_stage(world: World) -> None:
    services = world.services
    told = Notifications(services.database, services.notifications.zone, Channels(mail=True))
    await told.set_mailbox(services.directory.operator(NOW), "attt@khanhhoa.gov.vn")
    store = services.security_incidents
    reminders = SecurityIncidentReminders(store, services.reports, services.directory, told)
    await services.reports.alive(NOW)
    await store.add(incident("serious"))
    for hours in (0, 1, 16, 17, 24, 99):
        await reminders.work(FOUND + hours * HOUR)
    letters = [(each.facts.title, each.facts.reason) for each in await told.newest(10)]
    deadline = "hạn báo cáo 07:00 07/04/2026"
    assert sorted(letters) == [
        ("Mã độc trên máy chủ", deadline),
        ("Mã độc trên máy chủ", f"sắp đến hạn; {deadline}"),
        ("Mã độc trên máy chủ", f"đã quá hạn; {deadline}"),
    ]
    await store.report("i1", NOW, "Cục An toàn thông tin", "central")
    december = datetime(2026, 12, 1, tzinfo=UTC)
    for days in (0, 1, 24, 25, 31, 32):
        await reminders.work(december + timedelta(days=days))
    titles = [each.facts.reason for each in await told.newest(10) if each.facts.title == "Báo cáo năm 2026"]
    assert sorted(titles) == ["sắp đến hạn; hạn báo cáo 24/12/2026", "đã quá hạn; hạn báo cáo 24/12/2026"]


async def test_the_report_of_last_year_is_shown_and_told_until_it_is_sent(world: World) -> None:
    services, new_year = world.services, datetime(2026, 12, 31, 17, tzinfo=UTC)  # 01/01 in the province
    await services.reports.alive(NOW)
    await services.security_incidents.add(incident("serious"))
    world.clock.now = new_year
    operator = await world.signed_in("central")
    async with operator.get(REGISTER) as response:
        register = await response.json()
    assert (register["yearly"]["year"], register["yearly"]["overdue"]) == (2027, False)
    assert register["missed"] == [{
        "year": 2026, "due": "2026-12-24", "overdue": True, "to": "", "by": "", "at": None,
        "incidents": {"interruption": 0, "serious": 1, "ordinary": 0},
    }]  # fmt: skip
    told = Notifications(services.database, services.notifications.zone, Channels(mail=True))
    await told.set_mailbox(services.directory.operator(NOW), "attt@khanhhoa.gov.vn")
    reminders = SecurityIncidentReminders(services.security_incidents, services.reports, services.directory, told)
    await reminders.work(new_year)
    late = ("Báo cáo năm 2026", "đã quá hạn; hạn báo cáo 24/12/2026")
    assert late in [(each.facts.title, each.facts.reason) for each in await told.newest(10)]
    report = {"at": new_year.isoformat(), "to": "Cục An toàn thông tin", "year": 2026}
    assert (await post(operator, "security-reports", report))["missed"] == []
