"""Reports: periods, figures that add up, and an independent count in SQL (Điều 17.2.d).

Also tests `service.py`, `facts_store.py`, `figures.py`, `periods.py` and `provider_lines.py`.
"""

import math
from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.model import Amount, Interval, State
from scheduler.core.schema import SESSIONS
from scheduler.directory.equipment import lines_store
from scheduler.directory.model import AccessLine, Provider
from scheduler.operations.incidents.model import FaultReport as Fault
from scheduler.operations.incidents.service import IncidentService
from scheduler.policy.policy import CALENDAR_YEAR
from scheduler.reports import figures
from scheduler.reports.figures import (
    KEYS,
    NAMES,
    HandoverFacts,
    RegistrationFact,
    Turnout,
    counted,
    facts_behind,
    grouped,
    total,
)
from scheduler.reports.periods import PeriodId, before, month, period
from scheduler.reports.provider_lines import ProviderIncident, ProviderLineMinutes, ProviderRow, monthly
from scheduler.reports.service import GROUPINGS, Report, Reports
from tests.scheduler.conftest import PROFILES
from tests.scheduler.world import CIPHER, NOW, REQUEST, ZONE, at, hours, on

RULES = PROFILES.at(NOW).reports


@pytest.mark.parametrize(
    ("kind", "first", "last"),
    [
        ("first_half", "15/12/2022", "14/06/2023"),  # A37
        ("second_half", "15/06/2023", "14/12/2023"),
        ("year", "15/12/2022", "14/12/2023"),
    ],
)
def test_periods_close_as_reports_of_the_state_do(kind: PeriodId, first: str, last: str) -> None:
    day = timedelta(days=1)
    assert period(kind, 2023, RULES, ZONE) == Interval(at(f"{first} 00:00"), at(f"{last} 00:00") + day)


def test_calendar_periods() -> None:
    assert period("first_half", 2024, CALENDAR_YEAR, ZONE) == Interval(at("01/01/2024 00:00"), at("01/07/2024 00:00"))
    assert period("year", 2024, CALENDAR_YEAR, ZONE) == Interval(at("01/01/2024 00:00"), at("01/01/2025 00:00"))


@given(
    st.sampled_from(["first_half", "second_half", "year"]),
    st.integers(2001, 2198),
    st.sampled_from([RULES, CALENDAR_YEAR]),
)
def test_periods_follow_each_other_without_gap(kind: PeriodId, year: int, rules: object) -> None:
    assert isinstance(rules, type(RULES))
    this, earlier = period(kind, year, rules, ZONE), period(*before(kind, year), rules, ZONE)
    assert earlier.end == this.start < this.end
    halves = [period(half, year, rules, ZONE) for half in ("first_half", "second_half")]
    whole = period("year", year, rules, ZONE)
    assert (whole.start, halves[0].end, whole.end) == (halves[0].start, halves[1].start, halves[1].end)


FACT = RegistrationFact(
    id="s1",
    number="HTT-2023-0001",
    title="Giao ban",
    unit="so.tttt",
    unit_name="Sở TT&TT",
    level="so",
    klass="thuong",
    purpose="khac",
    kind="giao_ban",
    state=State.ISSUED,
    created=NOW,
    start=NOW,
    end=NOW + hours(1),
    month="2023-04",
    points=3,
    recording=True,
    late=False,
    answered_late=False,
    waited=False,
    revoked=False,
    incidents=0,
    ground="",
    reason="",
)
FACTS = st.lists(
    st.builds(
        FACT._replace,
        unit=st.sampled_from("abc"),
        level=st.sampled_from(["so", "xa"]),
        klass=st.sampled_from(["thuong", "khan_cap"]),
        purpose=st.sampled_from(["khac", "noi_bo_don_vi"]),
        kind=st.sampled_from(["khac", "giao_ban"]),
        state=st.sampled_from(State),
        points=st.integers(1, 170),
        recording=st.booleans(),
        late=st.booleans(),
        waited=st.booleans(),
        incidents=st.integers(0, 3),
        turnout=st.builds(Turnout, st.just(9), *(st.integers(0, 9) for _ in range(5))),
        handover=st.builds(HandoverFacts, st.booleans(), st.booleans(), st.booleans()),
    ),
    max_size=20,
)


@given(FACTS)
def test_rows_add_up_and_each_number_leads_to_its_rows(facts: list[RegistrationFact]) -> None:
    cells = counted(facts)
    whole = total(cells)
    for by in GROUPINGS:
        rows = grouped(cells, by)
        for name in NAMES:
            assert sum(getattr(row, name) for row in rows.values()) == getattr(whole, name)
            assert sum(getattr(figures.figures(fact), name) for fact in facts_behind(facts, None, "", name)) == getattr(
                whole, name
            )
        for key, name in product(rows, NAMES):
            found = facts_behind(facts, by, key, name)
            assert all(KEYS[by](fact) == key for fact in found)
            assert sum(getattr(figures.figures(fact), name) for fact in found) == getattr(rows[key], name)


INDEPENDENT = """
SELECT u.id, count(*),
  sum(CASE WHEN s.state = 'issued' THEN 1 ELSE 0 END),
  sum(CASE WHEN s.state = 'issued' THEN (l."end" - l.start) / 60 ELSE 0 END),
  sum(CASE WHEN s.state = 'issued' THEN 1 + (SELECT count(*) FROM session_points p WHERE p.session = s.id) ELSE 0 END),
  sum(CASE WHEN s.state = 'cancelled' THEN 1 ELSE 0 END)
FROM sessions s JOIN slots l ON l.session = s.id AND l.kind = 'chinh_thuc'
JOIN points o ON o.id = s.host_point JOIN units u ON u.id = o.unit
WHERE l.start >= 1671037200 AND l.start < 1686762000
GROUP BY u.id
"""
"""The first half of 2023 between 15/12/2022 00:00 and 15/06/2023 00:00 in Vietnam."""


async def test_the_half_year_equals_its_rows_and_an_independent_count(seeded_url: str) -> None:
    engine = database.connect(seeded_url, CIPHER)
    scheduler = Scheduler(engine, PROFILES, Amount(20, 250))
    for n, host in enumerate(["so.tttt", "nt.xuonghuan", "so.tttt", "ubnd.nha-trang"]):
        day = f"{5 + n:02}/04/2023"
        rehearsal = on(day, "07:00", "07:30") if n == 1 else None
        wanted = replace(
            REQUEST, host_point=host, points=("nt.phuochai",), official=on(day, "08:00", "09:30"), rehearsal=rehearsal
        )
        session = await scheduler.submit(replace(wanted, recording=n == 0), NOW)
        if n == 2:
            await scheduler.cancel(session.id, NOW)
    after = replace(REQUEST, official=on("15/06/2023", "08:00", "09:00"))
    await scheduler.submit(after, at("12/06/2023 08:00"))
    report = await Reports(engine, PROFILES, scheduler).report(
        period("first_half", 2023, RULES, ZONE), period(*before("first_half", 2023), RULES, ZONE), NOW
    )
    async with engine.begin() as db:
        counted = sorted(tuple(row) for row in await db.execute(sa.text(INDEPENDENT)))
    rows = [
        (r.key, r.figures.registered, r.figures.sessions, r.figures.minutes, r.figures.points, r.figures.cancelled)
        for r in report.rows["unit"]
    ]
    assert rows == counted
    assert (report.total.registered, report.total.sessions, report.total.minutes, report.total.cancelled) == (
        4,
        3,
        270,
        1,
    )
    assert (report.total.points, report.total.recorded, report.total.late, report.total.waited) == (6, 1, 0, 0)
    assert_rows_add_up(report)
    assert (report.usage.sessions, report.usage.points) == (1, 3)
    assert {row.before for row in report.rows["unit"]} == {0}
    await engine.dispose()


def assert_rows_add_up(report: Report) -> None:
    for by in GROUPINGS:
        for name in NAMES:
            assert sum(getattr(row.figures, name) for row in report.rows[by]) == getattr(report.total, name)


async def test_the_usage_of_units_is_compared_with_the_period_before(scheduler: Scheduler, seeded_url: str) -> None:
    await scheduler.submit(REQUEST, NOW)
    await scheduler.submit(replace(REQUEST, official=on("05/07/2023", "08:00", "09:00")), NOW)
    engine = database.connect(seeded_url, CIPHER)
    second = period("second_half", 2023, RULES, ZONE)
    report = await Reports(engine, PROFILES, scheduler).report(
        second, period(*before("second_half", 2023), RULES, ZONE), NOW
    )
    assert [(row.figures.sessions, row.before) for row in report.rows["unit"]] == [(1, 1)]
    await engine.dispose()


POINTS = st.sampled_from(["p", "q"])
MINUTES = st.lists(
    st.builds(
        ProviderLineMinutes,
        st.sampled_from(["2023-04", "2023-05"]),
        POINTS.map({"p": "vnpt", "q": "viettel"}.__getitem__),
        st.sampled_from("st"),
        POINTS,
        st.integers(0, 90),
        st.integers(0, 9),
    ),
    max_size=12,
)
TROUBLES = st.lists(
    st.builds(
        ProviderIncident,
        st.sampled_from(["2023-04", "2023-05"]),
        st.sampled_from(["vnpt", "viettel"]),
        st.none() | st.integers(0, 9999).map(lambda n: timedelta(seconds=n)),
    ),
    max_size=12,
)


@given(MINUTES, TROUBLES)
def test_months_of_providers_leave_nothing_out(
    counted: list[ProviderLineMinutes], troubles: list[ProviderIncident]
) -> None:
    rows = monthly(counted, troubles, {"vnpt": "VNPT"})
    assert [(row.month, row.name) for row in rows] == sorted({(row.month, row.name) for row in rows})
    for name in ("minutes", "lossy"):
        assert sum(getattr(row, name) for row in rows) == sum(getattr(each, name) for each in counted)
    assert sum(row.incidents for row in rows) == len(troubles)
    for row in rows:
        mine = [t.lasted for t in troubles if (t.month, t.provider) == (row.month, row.provider)]
        took = [each.total_seconds() / 60 for each in mine if each is not None]
        assert row.restored == len(took)
        assert row.restore == (math.ceil(sum(took) / len(took)) if took else None)
        assert row.sessions == len({m.session for m in counted if (m.month, m.provider) == (row.month, row.provider)})


async def test_the_month_of_each_provider(seeded_url: str) -> None:
    engine = database.connect(seeded_url, CIPHER)
    scheduler, incidents = Scheduler(engine, PROFILES, Amount(20, 250)), IncidentService(engine)
    async with database.writing(engine) as db:
        for provider, point in (("vnpt", "nt.xuonghuan"), ("viettel", "so.tttt")):
            await lines_store.set_provider(db, Provider(provider, provider.upper(), "", "", ""))
            await lines_store.set_line(db, AccessLine(provider, point, "TSLCD", provider, 4000, True, ()))
    for day in ("05/04/2023", "06/04/2023", "05/05/2023"):
        session = await scheduler.submit(replace(REQUEST, official=on(day, "08:00", "09:00")), NOW)
        for bad in (True, False):
            await incidents.count(session.id, {"nt.xuonghuan": bad, "so.tttt": False})
    for minutes in (10, 25):
        opened = at("05/04/2023 08:00")
        fault = await incidents.report(Fault(session.id, "line", "nt.xuonghuan"), opened)
        await incidents.act(fault.id, "resolved", "truc", "", opened + timedelta(minutes=minutes))
    async with database.writing(engine) as db:  # who has the line today does not change what was
        await lines_store.set_line(db, AccessLine("vnpt", "nt.xuonghuan", "TSLCD", "viettel", 4000, True, ()))
    reports = Reports(engine, PROFILES, scheduler)
    april = (await reports.report(month(2023, 4, ZONE), None, NOW)).providers
    assert april == (
        ProviderRow("2023-04", "viettel", "VIETTEL", 1, 2, 4, 0, 0, 0, None),
        ProviderRow("2023-04", "vnpt", "VNPT", 1, 2, 4, 2, 2, 2, 18),
    )
    both = (await reports.report(period("year", 2023, CALENDAR_YEAR, ZONE), None, NOW)).providers
    assert [(row.month, row.provider, row.minutes) for row in both[2:]] == [
        ("2023-05", "viettel", 2),
        ("2023-05", "vnpt", 2),
    ]
    await engine.dispose()


def test_months_follow_each_other() -> None:
    assert month(2024, 0, ZONE) == Interval(at("01/12/2023 00:00"), at("01/01/2024 00:00"))
    assert month(2024, 12, ZONE) == Interval(at("01/12/2024 00:00"), at("01/01/2025 00:00"))


async def test_late_registrations_are_counted_with_a_link_to_the_record(scheduler: Scheduler, seeded_url: str) -> None:
    in_time = replace(REQUEST, official=on("10/04/2023", "08:00", "09:00"))
    late = await scheduler.submit(in_time, NOW)  # the record is older than the refusal of what comes too late
    await scheduler.submit(in_time, NOW)
    engine = database.connect(seeded_url, CIPHER)
    created = at("07/04/2023 08:00")
    async with database.writing(engine) as db:
        await db.execute(sa.update(SESSIONS).where(SESSIONS.c.id == late.id).values(created=created))
    facts = await Reports(engine, PROFILES, scheduler).facts(period("year", 2023, RULES, ZONE), NOW)
    assert [fact.number for fact in facts_behind(facts, "unit", facts[0].unit, "late")] == [late.number]
    with pytest.raises(KeyError):
        facts_behind(facts, None, "", "unknown")
    await engine.dispose()
