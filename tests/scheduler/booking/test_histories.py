"""Random histories of the whole scheduler on a SQLite file, compared with the oracle and with a list of all codes."""

import asyncio
import json
import shutil
import sqlite3
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from scheduler import migrations
from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import Cancelled, CapacityExceeded, CodeUnknown, Ended, TooEarly
from scheduler.core.model import Amount, Interval, Request, Session, State
from tests.scheduler.conftest import PROFILES
from tests.scheduler.oracle import HORIZON, Oracle, Slots
from tests.scheduler.world import REQUEST

ORIGIN = datetime(2026, 4, 5, 1, tzinfo=UTC)
LONG_BEFORE = ORIGIN - timedelta(days=7)
MAX_LEGS = 12
TABLES = ("sessions", "session_points", "slots", "codes", "registration_counter")


def minute(number: int) -> datetime:
    return ORIGIN + timedelta(minutes=number)


def minutes(instant: datetime) -> int:
    return (instant - ORIGIN) // timedelta(minutes=1)


def interval(times: tuple[int, int]) -> Interval:
    return Interval(minute(times[0]), minute(times[1]))


@cache
def template() -> bytes:
    """Make a database with a guest of one device and hosts of 1 to 11, so that any number of legs can be registered."""

    async def make(path: Path) -> None:
        engine = database.connect(f"sqlite:///{path}")
        scheduler = Scheduler(engine, PROFILES)
        await migrations.migrate(engine)
        names = ["Guest", *(f"Host {n}" for n in range(1, MAX_LEGS))]
        units = [{"id": name.replace(" ", ""), "name": name, "level": "khac"} for name in names]
        await scheduler.import_units(json.dumps({"units": units}))
        for n in range(1, MAX_LEGS):
            await scheduler.set_devices(f"host-{n}", n)
        await engine.dispose()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.db"
        asyncio.run(make(path))
        return path.read_bytes()


class Histories(RuleBasedStateMachine):
    """Submits, cancels and enters sessions on a dense grid of minutes."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="diemcau-history-"))
        self.path = self.directory / "diemcau.db"
        self.path.write_bytes(template())
        self.runner = asyncio.Runner()
        self.engine = database.connect(f"sqlite:///{self.path}")
        self.scheduler = Scheduler(self.engine, PROFILES)
        self.oracle = Oracle([20] * HORIZON, [250] * HORIZON, test_legs=4)
        # in the order of registration: ids and codes are random, and a history that is tried again must be the same
        self.sessions: dict[str, Session] = {}
        self.ledger: dict[str, str] = {}  # every code ever seen → its session

    def teardown(self) -> None:
        self.runner.run(self.engine.dispose())
        self.runner.close()
        shutil.rmtree(self.directory)

    def dump(self) -> list[list[tuple[object, ...]]]:
        connection = sqlite3.connect(self.path)
        rows = [connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in TABLES]
        connection.close()
        return rows

    @initialize(
        steps=st.lists(
            st.tuples(st.integers(0, 12), st.integers(1, 6), st.integers(3, 24)), max_size=3, unique_by=lambda s: s[0]
        )
    )
    def rate(self, steps: list[tuple[int, int, int]]) -> None:
        for since, sessions, points in sorted(steps):
            self.runner.run(self.scheduler.operator.set_capacity(minute(since), Amount(sessions, points), LONG_BEFORE))
            self.oracle.max_sessions[since:] = [sessions] * (HORIZON - since)
            self.oracle.max_points[since:] = [points] * (HORIZON - since)

    @rule(
        start=st.integers(1, 10),
        length=st.integers(1, 5),
        legs=st.integers(2, MAX_LEGS),
        rehearsal=st.none() | st.integers(1, 4),
        recording=st.booleans(),
    )
    def submit(self, start: int, length: int, legs: int, rehearsal: int | None, recording: bool) -> None:
        times: Slots = ((start, start + length),)
        if rehearsal is not None:
            times = ((start, start + rehearsal), (start + rehearsal, start + rehearsal + length))
        request = replace(
            REQUEST,
            host_point=f"host-{legs - 1}",
            points=("guest",),
            rehearsal=interval(times[0]) if len(times) == 2 else None,
            official=interval(times[-1]),
            recording=recording,
        )
        self.check_decision(request, times, legs + recording)

    def check_decision(self, request: Request, times: Slots, legs: int) -> None:
        before = self.dump()
        fits = self.oracle.fits(times, legs)
        try:
            session = self.runner.run(self.scheduler.submit(request, LONG_BEFORE))
        except CapacityExceeded as error:
            refused = error
        else:
            self.issued(session, times, legs, fits)
            return
        assert not fits
        assert self.dump() == before  # I8
        self.explained(refused, times, legs)

    def issued(self, session: Session, times: Slots, legs: int, fits: bool) -> None:
        assert fits  # I1
        assert session.code is not None
        assert session.code not in self.ledger  # I10
        assert session.seq == len(self.sessions) + 1
        assert session.legs == legs
        self.ledger[session.code] = session.id
        self.sessions[session.id] = session
        self.oracle.held[session.id] = (times, legs)

    def explained(self, refused: CapacityExceeded, times: Slots, legs: int) -> None:  # I20
        first, last = minutes(refused.interval.start), minutes(refused.interval.end)
        assert first < last
        beside = replace(self.oracle, held={}) if refused.refusal.impossible else self.oracle
        assert all((refused.limit, refused.needed) in beside.breaks(m, legs) for m in range(first, last))
        for suggestion in refused.suggestions:
            moved = [i for i in (suggestion.rehearsal, suggestion.official) if i]
            places = tuple((minutes(i.start), minutes(i.end)) for i in moved)
            assert [b - a for a, b in places] == [b - a for a, b in times]
            assert self.oracle.fits(tuple((max(a, 0), min(max(b, 0), HORIZON)) for a, b in places), legs)

    @precondition(lambda self: self.sessions)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        session = self.sessions[data.draw(st.sampled_from(list(self.sessions)))]
        others = [s for s in self.stored() if s.id != session.id]
        cancelled = self.runner.run(self.scheduler.cancel(session.id, LONG_BEFORE))
        assert cancelled == replace(session, state=State.CANCELLED, code=None)
        assert [s for s in self.stored() if s.id != session.id] == others  # I11
        self.sessions[session.id] = cancelled
        self.oracle.held.pop(session.id, None)

    @precondition(lambda self: self.ledger)
    @rule(data=st.data(), when=st.integers(-40, 40))
    def enter(self, data: st.DataObject, when: int) -> None:
        code = data.draw(st.sampled_from(list(self.ledger)))
        session = self.sessions[self.ledger[code]]
        windows = [(minutes(s.start) - 30, minutes(s.end) + 15) for s in session.slots]
        expected: type[Exception] | None = None
        if session.state == "cancelled":
            expected = Cancelled
        elif not any(a <= when < b for a, b in windows):
            expected = TooEarly if when < windows[-1][0] else Ended
        if expected is None:
            assert self.runner.run(self.scheduler.enter(code, "guest", minute(when))) == session
        else:
            with pytest.raises(expected):
                self.runner.run(self.scheduler.enter(code, "guest", minute(when)))

    @rule(code=st.integers(0, 10**10 - 1).map(lambda n: f"{n:010}"))
    def guess(self, code: str) -> None:
        if code not in self.ledger:
            with pytest.raises(CodeUnknown):
                self.runner.run(self.scheduler.enter(code, "guest", minute(0)))

    def stored(self) -> list[Session]:
        return self.runner.run(self.scheduler.sessions(minute(-60), minute(HORIZON)))

    @invariant()
    def both_limits_hold(self) -> None:  # I3, I19
        assert self.oracle.within()
        steps = self.runner.run(self.scheduler.load(minute(0), minute(HORIZON)))
        loads = {m: (s.sessions, s.points) for s in steps for m in range(minutes(s.start), minutes(s.end))}
        assert loads == {m: self.oracle.load(m) for m in range(HORIZON)}

    @invariant()
    def a_live_code_iff_capacity_is_held(self) -> None:  # I10
        stored = {session.id: session for session in self.stored()}
        assert stored == self.sessions
        assert {s.id for s in stored.values() if s.code} == set(self.oracle.held)


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=25, stateful_step_count=16, deadline=None)
