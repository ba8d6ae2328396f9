"""`python -m loadtest records`: measures the CPU time of database queries over a whole year of bookings.

A fresh SQLite file with the units of Khánh Hòa gets a year of bookings as a province makes them: in office hours of
working days, from two points to forty. Then requests are planned, months of the calendar and the year's report are
read, the operator's pages are read, and entries are appended to the audit log. Figures are medians in milliseconds.
The database works in threads of this process, so it is in the figures; HTTP is not.
"""

import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from aiohttp.web import Request
from pydantic import TypeAdapter
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from loadtest.bench.worker_cost import BenchSettings, conditions
from scheduler import migrations as scheduler_migrations
from scheduler.booking.admission.commit import AdmissionCommit
from scheduler.booking.registration.service import Scheduler
from scheduler.booking.sessions.schema import CODES, HAPPENINGS
from scheduler.compliance.feedback import FeedbackService
from scheduler.core import database
from scheduler.core.model import (
    DEPARTMENT,
    DISTRICT,
    OFFICIAL,
    ORDINARY,
    PROVINCE,
    Admit,
    Amount,
    Claim,
    Interval,
    Slot,
    State,
)
from scheduler.core.schema import SESSION_POINTS, SESSIONS, SLOTS
from scheduler.notifications.alerts import Alerts
from scheduler.notifications.wording import NOWHERE
from scheduler.operations.attendance.schema import STAYS
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.operations.readiness.service import ReadinessService
from scheduler.policy import profile_files
from scheduler.reports.service import Reports
from scheduler.units import naming, seed
from signaling import migrations
from signaling.accounts.context import ACCOUNTS
from signaling.audit.log import AuditLog
from signaling.booking.agenda import Entry, wire
from signaling.booking.context import BOOKING
from signaling.booking.sessions import Listing, Session, sessions
from signaling.core.account import Account, Source
from signaling.core.audit_entry import AuditEntry
from signaling.http.context import HTTP
from signaling.http.route import ApiRequest

BOOKINGS = 22_000
RATED = Amount(30, 400)
"""Rated capacity: so small that some requests of busy mornings do not fit."""
OPENS = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, 07:00 in Vietnam."""
WEEKS, WORKING_DAYS, QUARTERS = 52, 5, 36
QUARTER = timedelta(minutes=15)
PLANS = 300
REPORTS = 3
ENTRIES = 1000
REPEATS = 5
QUEUED = 60
"""Waiting registrations for one day."""
BOARD = 145
"""The points of the example of the regulation (I-14)."""
CENTRE = "ubnd.khanh-hoa"
UNIT = "568"
"""Nha Trang, a district, which also sees the sessions of its communes."""
SEED = 680

Booking = tuple[datetime, int, list[str]]
"""Start of a session, its length in hours, and its points with the host first."""


async def run(progress: Callable[[str], None], bookings: int = BOOKINGS) -> dict[str, Any]:
    """Return all figures."""
    with tempfile.TemporaryDirectory(prefix="diemcau-records-") as directory:
        engine = database.connect(f"sqlite:///{Path(directory) / 'records.db'}")
        scheduler = Scheduler(engine, profile_files.load(), RATED)
        await scheduler_migrations.migrate(engine)
        await migrations.migrate(engine)
        await scheduler.import_units(seed.khanh_hoa_2023())
        rng = random.Random(SEED)
        progress(f"{bookings} bookings")
        await _book(engine, [point.id for point in await scheduler.points()], bookings, rng)
        progress("plans")
        served, refused = await _plans(engine, scheduler, rng)
        progress("months, reports, the desk, audit log")
        figures = {
            "bookings": bookings,
            "plan_ms": _median(served),
            "plan_refused_ms": _median(refused),
            "agenda_month_ms": await _months(lambda start, end: _agenda(scheduler, start, end)),
            "load_month_ms": await _months(scheduler.load),
            "report_year_ms": await _reports(engine, scheduler),
            **await _pages(engine, scheduler),
            **await _operator_views(engine, scheduler, rng),
            "audit_append_ms": await _entries(engine),
            "conditions": conditions(BenchSettings(0, PLANS)),
        }
        await engine.dispose()
    return figures


def table(figures: dict[str, Any]) -> str:
    """Return the figures as lines."""
    names = ("bookings", *(name for name in figures if name.endswith("_ms")))
    return "\n".join(f"{name:<18}{figures[name]:>10}" for name in names)


async def _book(engine: AsyncEngine, points: list[str], count: int, rng: random.Random) -> None:
    """Write so many issued sessions directly to the tables, without the rules of admission."""
    bookings = []
    for _ in range(count):
        size = rng.choice((3, 5, 8, 12, 20, 40))
        bookings.append((_moment(rng), rng.choice((1, 2, 3)), rng.sample(points, size)))
    await _write(engine, 1, bookings, State.ISSUED)


async def _write(engine: AsyncEngine, first: int, bookings: Sequence[Booking], state: State) -> None:
    """Write bookings to the tables, numbered from `first` on; issued ones get a code and attendance."""
    sessions, slots, invited, codes, happenings, stays = [], [], [], [], [], []
    for seq, (moment, hours, (host, *others)) in enumerate(bookings, first):
        end = moment + timedelta(hours=hours)
        name, legs = f"{seq:032x}", len(others) + 1
        sessions.append(_session(name, seq, host, legs, moment, state))
        slots.append({"session": name, "kind": OFFICIAL, "start": moment, "end": end, "legs": legs})
        invited += [{"session": name, "point": point, "position": position} for position, point in enumerate(others)]
        happenings.append({"at": sessions[-1]["created"], "session": name, "kind": state.value})
        if state == State.ISSUED:
            codes.append({"mark": f"{seq:010}", "session": name, "issued": moment})
            there = {"session": name, "joined": moment + timedelta(minutes=1), "seen": end, "left": end}
            stays += [{**there, "point": point} for point in (host, *others)]
    tables = (SESSIONS, SLOTS, SESSION_POINTS, CODES, HAPPENINGS, STAYS)
    async with database.writing(engine) as db:
        for into, rows in zip(tables, (sessions, slots, invited, codes, happenings, stays), strict=True):
            if rows:
                await db.execute(insert(into), rows)


def _session(name: str, seq: int, host: str, legs: int, created: datetime, state: State) -> dict[str, Any]:
    return {
        "id": name,
        "seq": seq,
        "number": f"HTT-2026-{seq:05}",
        "title": f"Họp giao ban số {seq}",
        "host_point": host,
        "contact_name": "Cán bộ đầu mối",
        "contact_phone": "+84905123456",
        "recording": False,
        "legs": legs,
        "state": state,
        "mark": f"{seq:010}" if state == State.ISSUED else None,
        **dict.fromkeys(("created", "received", "effective", "reply_due", "check_due"), created - timedelta(weeks=1)),
        "profile": "KH-2023/1",
        "submitted_by": "records",
        "voices": False,
        "klass": ORDINARY,
        "folded": naming.key(f"HTT-2026-{seq:05} Họp giao ban số {seq}"),
    }


def _moment(rng: random.Random) -> datetime:
    day = timedelta(weeks=rng.randrange(WEEKS), days=rng.randrange(WORKING_DAYS))
    return OPENS + day + rng.randrange(QUARTERS) * QUARTER


async def _plans(engine: AsyncEngine, scheduler: Scheduler, rng: random.Random) -> tuple[list[float], list[float]]:
    """Return the costs of plans that admit a request, and of plans that refuse it and suggest free times."""
    served: list[float] = []
    refused: list[float] = []
    policy = scheduler.policy(OPENS)
    for number in range(PLANS):
        start = _moment(rng)
        legs = rng.choice((5, 20, 60, 169))
        slot = Slot(OFFICIAL, start, start + timedelta(hours=2), legs)
        claim = Claim(
            "asked",
            BOOKINGS + number,
            policy.rank(rng.choice((PROVINCE, DEPARTMENT, DISTRICT)), ORDINARY, "", slot.start),
            (slot,),
        )
        async with engine.begin() as db:
            commit = AdmissionCommit(db, scheduler.all_profiles, RATED, NOWHERE, start - timedelta(days=7))
            began = time.process_time()
            plan = await commit.plan(claim)
            (served if isinstance(plan, Admit) else refused).append(time.process_time() - began)
    return served, refused


async def _agenda(scheduler: Scheduler, start: datetime, end: datetime) -> None:
    listed = await scheduler.agenda(start, end, start)
    TypeAdapter(list[Entry]).dump_json([wire(entry) for entry in listed])


async def _months(query: Callable[[datetime, datetime], Awaitable[object]]) -> float:
    costs = []
    for month in range(1, 13):
        start = datetime(2026, month, 1, tzinfo=UTC)
        began = time.process_time()
        await query(start, start + timedelta(days=31))
        costs.append(time.process_time() - began)
    return _median(costs)


async def _pages(engine: AsyncEngine, scheduler: Scheduler) -> dict[str, float]:
    """Return the costs of pages of sessions: the first, the newest, a unit's, and a search that finds nothing."""
    parts = SimpleNamespace(scheduler=scheduler, audit=AuditLog(engine, profile_files.load()))
    request = cast("Request", SimpleNamespace(app=dict.fromkeys((HTTP, ACCOUNTS, BOOKING), parts)))
    middle = OPENS + timedelta(weeks=WEEKS // 2)

    async def page(account: Account, **query: object) -> None:
        listing = Listing.model_validate({"from": OPENS, "to": OPENS + timedelta(weeks=WEEKS), **query})
        api_request = ApiRequest(request, account, None, listing, Source("", 0), middle)
        TypeAdapter(list[Session]).dump_json(await sessions(api_request), by_alias=True)

    centre = Account("records", "", ("technician",), None, None)
    unit = Account("records", "", ("registrant",), UNIT, None)
    return {
        "sessions_page_ms": await _repeated(lambda: page(centre)),
        "sessions_newest_ms": await _repeated(lambda: page(centre, order="-start", phase="ended,cancelled")),
        "sessions_unit_ms": await _repeated(lambda: page(unit)),
        "sessions_search_ms": await _repeated(lambda: page(centre, q="không có")),
    }


async def _reports(engine: AsyncEngine, scheduler: Scheduler) -> float:
    """Return the cost of a year's report, which compares it with the year before."""
    profiles = profile_files.load()
    span = timedelta(weeks=WEEKS)
    year, before = Interval(OPENS, OPENS + span), Interval(OPENS - span, OPENS)
    reports = Reports(engine, profiles, scheduler)
    costs = []
    for _ in range(REPORTS):
        began = time.process_time()
        await reports.report(year, before, year.end)
        costs.append(time.process_time() - began)
    return _median(costs)


async def _operator_views(engine: AsyncEngine, scheduler: Scheduler, rng: random.Random) -> dict[str, float]:
    """Return the costs of the operator's pages: readiness of a session and of a week, breaches, and the queue."""
    profiles, week = profile_files.load(), OPENS + timedelta(weeks=1)
    readiness = ReadinessService(Alerts(engine, profiles, NOWHERE))
    feedback = FeedbackService(
        engine, profiles, ClosingService(engine, profiles, NOWHERE), HandoverService(engine, profiles, NOWHERE)
    )
    points = [point.id for point in await scheduler.points()]
    day = OPENS + timedelta(days=2)
    others = [point for point in points if point != CENTRE][: BOARD - 1]
    await _write(engine, BOOKINGS + 1, [(day, 2, [CENTRE, *others])], State.ISSUED)
    waiting = [(day + rng.randrange(QUARTERS) * QUARTER, 2, rng.sample(points, 20)) for _ in range(QUEUED)]
    await _write(engine, BOOKINGS + 2, waiting, State.WAITING)
    largest = f"{BOOKINGS + 1:032x}"
    return {
        "board_ms": await _repeated(lambda: readiness.board(largest, set(points), OPENS)),
        "readiness_week_ms": await _repeated(lambda: readiness.between(OPENS, week, set(points), OPENS)),
        "breaches_week_ms": await _repeated(lambda: feedback.breaches(OPENS, week, week)),
        "queue_ms": await _repeated(lambda: scheduler.operator.queue(OPENS)),
    }


async def _repeated(query: Callable[[], Awaitable[object]]) -> float:
    costs = []
    for _ in range(REPEATS):
        began = time.process_time()
        await query()
        costs.append(time.process_time() - began)
    return _median(costs)


async def _entries(engine: AsyncEngine) -> float:
    """Return the cost of an entry of the audit log, each in a transaction of its own."""
    audit = AuditLog(engine, profile_files.load())
    costs = []
    for number in range(ENTRIES):
        entry = AuditEntry(OPENS + timedelta(seconds=number), "records", "view-code", f"HTT-2026-{number:05}")
        began = time.process_time()
        await audit.append(entry)
        costs.append(time.process_time() - began)
    return _median(costs)


def _median(costs: list[float]) -> float:
    return round(statistics.median(costs) * 1000, 2) if costs else 0.0
