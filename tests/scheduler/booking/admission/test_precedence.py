"""Random histories of units of three ranks on a SQLite file: decisions must be the reference's (`reference_admission`).

Registering, waiting, confirming, cancelling, amending, a falling and rising maximum, and time that passes; both orders
of revocation, with and without reprieve, at once or by the operator's yes. The test keeps a ledger of codes of its own.

Also tests `commit.py`, `revocation.py` and `store.py`.
"""

import asyncio
import json
import shutil
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from operator import not_
from pathlib import Path
from string import ascii_lowercase, ascii_uppercase
from typing import Any, TypeVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from hypothesis.strategies import just

from scheduler import migrations
from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import CapacityExceeded, InvalidRequest, OutOfOrder, Revoked
from scheduler.core.model import Amount, ClassId, HeldPlan, Interval, Request, Session, State
from scheduler.policy import policy
from scheduler.policy.profile_files import Profiles
from tests.scheduler.reference_admission import Entry, Reference, Rules, Slots, Standing
from tests.scheduler.world import REQUEST, URGENT, profiles_with

Found = TypeVar("Found")

ORIGIN = datetime(2026, 4, 8, 16, 55, tzinfo=UTC)
MIDNIGHT = 5  # of Khánh Hòa: bodies may stand elsewhere from a day on (A22)
BEFORE = -7 * 24 * 60
HORIZON = 30
MAX_LEGS = 12
GRACE = 15
RANKS = {"xa": 10, "huyen": 20, "so": 30}
STANDINGS = tuple(
    Standing(f"{level}-{letter}", rank, first, last)
    for letters, level, rank, first, last in (
        ("CF", "xa", 30, BEFORE, MIDNIGHT),
        ("DG", "huyen", 10, MIDNIGHT, HORIZON),
        ("EF", "so", 20, BEFORE, HORIZON),
    )
    for letter in letters
)


@dataclass(frozen=True)
class Wish:
    """A registration to submit: its host's level, its legs, start and length, a rehearsal just before."""

    level: str
    legs: int
    start: tuple[int, int]
    rehearsal: int | None
    urgent: bool
    wait: bool


times = st.tuples(st.integers(1, 8), st.integers(1, 5))
seldom = st.integers(0, 4).map(lambda number: number == 4)
wishes = st.builds(
    Wish,
    st.sampled_from(sorted(RANKS)),
    st.integers(2, 8),
    times,
    st.none() | st.integers(1, 3),
    seldom,
    seldom.map(not_),
)
picks = st.integers(0, 50)


def minute(number: int) -> datetime:
    return ORIGIN + timedelta(minutes=number)


def profiles(rules: Rules, automatic: bool) -> Profiles:
    """Return the shipped profiles with these rules of revocation, without deadlines."""
    ruled = profiles_with(
        test_legs=rules.test_legs,
        order="lowest_level_then_latest" if rules.lowest_first else "latest_registered_first",
        reprieve=rules.reprieve,
        mode="automatic" if automatic else "operator_confirm",
        live_sessions="khan_cap_only" if rules.live_may_fall else "never",
        protect_within_min=rules.protect,
        reinstate_notice_min=rules.notice,
    )
    prompt: dict[str, object] = {
        "classes": {name: each.model_copy(update={"lead": None}) for name, each in ruled.policies[-1].classes.items()}
    }
    prompt["standings"] = tuple(map(rank_exception, STANDINGS))
    prompt["registration"] = ruled.policies[-1].registration.model_copy(update={"extension_min": 1})
    return Profiles(tuple(each.model_copy(update=prompt) for each in ruled.policies))


def rank_exception(standing: Standing) -> policy.RankException:
    """Return the exceptional rank of a unit as a profile has it: by days, where the reference has minutes."""
    first = None if standing.first == MIDNIGHT else date(2026, 1, 1)
    return policy.RankException(
        unit=standing.body,
        rank=standing.rank,
        document="12/UBND-NC",
        valid_from=first or date(2026, 4, 9),
        valid_to=date(2026, 4, 8) if standing.last == MIDNIGHT else None,
    )


def body(level: str, legs: int) -> str:
    """Return the unit whose point has all legs but one."""
    return f"{level}-{ascii_uppercase[legs - 1]}"


def host(level: str, devices: int) -> str:
    """Return the point of a level that has so many devices."""
    letter = ascii_lowercase[devices]
    return {"xa": f"hb.xa{letter}", "huyen": f"ubnd.ha{letter}", "so": f"so.{letter}"}[level]


@cache
def template() -> bytes:
    """Make a database with a guest of one device and, at each level, hosts of 1 to 11 devices."""
    letters = ascii_uppercase[1:MAX_LEGS]
    units = [
        {"id": "guest", "name": "guest", "level": "khac", "point": "guest"},
        *({"id": f"so-{x}", "name": f"Sở {x}", "level": "so", "point": f"So.{x}"} for x in letters),
        *({"id": f"huyen-{x}", "name": f"Huyện Ha{x.lower()}", "level": "huyen", "abbr": f"H{x}"} for x in letters),
        *({"id": f"xa-{x}", "name": f"Xã Xa{x.lower()}", "level": "xa", "parent": "huyen-B"} for x in letters),
    ]

    async def make(path: Path) -> None:
        engine = database.connect(f"sqlite:///{path}")
        scheduler = Scheduler(engine, profiles(Rules(), automatic=True))
        await migrations.migrate(engine)
        await scheduler.import_units(json.dumps({"units": units}))
        for level in RANKS:
            for devices in range(1, MAX_LEGS):
                await scheduler.set_devices(host(level, devices), devices)
        await engine.dispose()

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.db"
        asyncio.run(make(path))
        return path.read_bytes()


class Precedence(RuleBasedStateMachine):
    """Registers many sessions in few minutes, so that nearly every one displaces another."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="diemcau-precedence-"))
        path = self.directory / "diemcau.db"
        path.write_bytes(template())
        self.runner = asyncio.Runner()
        self.engine = database.connect(f"sqlite:///{path}")
        self.now = BEFORE
        self.fallen = False  # whether the maximum ever fell: only then may more than 80 % be held
        self.codes: dict[str, str] = {}  # every code ever seen → its session
        self.live: dict[str, str] = {}  # session → its live code
        self.passed: set[str] = set()  # who was amended, or served out of order by an operator
        self.seq = 0

    def teardown(self) -> None:
        self.runner.run(self.engine.dispose())
        self.runner.close()
        shutil.rmtree(self.directory)

    @initialize(
        rules=st.builds(Rules, seldom, st.booleans(), st.booleans(), *map(st.sampled_from, ((0, 8), (0, 4), (0, 2)))),
        automatic=st.booleans(),
        sessions=st.integers(3, 8),
        points=st.integers(10, 25),
        early=st.lists(wishes, min_size=4, max_size=8),
    )
    def begin(self, rules: Rules, automatic: bool, sessions: int, points: int, early: list[Wish]) -> None:
        self.automatic = automatic
        self.scheduler = Scheduler(self.engine, profiles(rules, automatic), Amount(sessions, points))
        self.reference = Reference(rules, [sessions] * HORIZON, [points] * HORIZON, ranks=RANKS, standings=STANDINGS)
        self.register(early)

    # What happens.

    @rule(wishes=st.lists(wishes, min_size=1, max_size=3))
    def register(self, wishes: list[Wish]) -> None:
        for wish in wishes:
            self.submit(wish)

    def submit(self, wish: Wish) -> None:
        slots = self.slots(wish.start, wish.rehearsal)
        rank = self.reference.rank(wish.level, body(wish.level, wish.legs), slots, wish.urgent)
        entry = Entry("asked", self.seq + 1, rank, slots, wish.legs, wish.urgent, wish.level)
        if entry.first < self.now:
            return
        plan = self.reference.plan(entry, self.now)
        alone = self.reference.fits(entry, ())
        immediate = plan is not None and (not plan or self.at_once(entry, plan))
        request = self.request(entry, wish.level)
        if not alone or not (immediate or wish.wait):
            with pytest.raises(CapacityExceeded) as refused:
                self.run(self.scheduler.submit(request, minute(self.now), wait=wish.wait))
            assert refused.value.refusal.impossible is not alone
            return
        session: Session = self.run(self.scheduler.submit(request, minute(self.now), wait=wish.wait))
        self.seq += 1
        entry = replace(entry, id=session.id)
        self.reference.entries[entry.id] = entry
        if immediate:
            self.carry_out(entry, plan or [])

    @precondition(lambda self: self.reference.queued())
    @rule(pick=picks)
    def confirm(self, pick: int) -> None:
        self.decide(self.pick(self.reference.queued(), pick))

    def decide(self, entry: Entry) -> None:
        plan = self.reference.plan(entry, self.now)
        if plan is None:
            with pytest.raises(CapacityExceeded):
                self.run(self.scheduler.operator.hold(entry.id, minute(self.now)))
            return
        held: HeldPlan = self.run(self.scheduler.operator.hold(entry.id, minute(self.now)))
        assert list(held.victims) == plan
        assert set(held.spared) == self.reference.spared(entry, self.now, plan)
        ahead = self.reference.ahead(entry, self.now)
        if ahead:  # only with a reason, which the caller keeps
            with pytest.raises(OutOfOrder) as refused:
                self.run(self.scheduler.operator.confirm(entry.id, held.version, minute(self.now)))
            assert refused.value.ahead == tuple(ahead)
        other = self.run(self.scheduler.operator.confirm(entry.id, held.version + 1, minute(self.now), override=True))
        assert isinstance(other, HeldPlan)
        override = bool(ahead)
        self.passed |= {entry.id} if override else set()
        issued = self.run(self.scheduler.operator.confirm(entry.id, held.version, minute(self.now), override=override))
        assert isinstance(issued, Session) and issued.state == State.ISSUED
        self.carry_out(entry, plan)

    @precondition(lambda self: self.pending())
    @rule(pick=picks)
    def cancel(self, pick: int) -> None:
        entry = self.pick(self.pending(), pick)
        self.run(self.scheduler.cancel(entry.id, minute(self.now)))
        held, entry.state = entry.state == "issued", "cancelled"
        if held:
            self.reference.reinstate(self.now)

    @precondition(lambda self: self.pending())
    @rule(pick=picks, start=times, legs=st.integers(2, MAX_LEGS), shrink=st.booleans())
    def amend(self, pick: int, start: tuple[int, int], legs: int, shrink: bool) -> None:
        entry = self.pick(self.pending(), pick)
        slots: Slots = self.slots(start, None)
        if shrink:
            legs, slots = min(legs, entry.legs), ((entry.slots[-1][0], entry.slots[-1][0] + 1),)
        if slots[0][0] < self.now:
            return
        (a, b), (old_a, old_b) = slots[0], entry.slots[-1]
        smaller = old_a <= a and b <= old_b and legs <= entry.legs
        rank = self.reference.rank(entry.level, body(entry.level, legs), slots, entry.urgent)
        new = replace(entry, slots=slots, legs=legs, rank=rank, seq=entry.seq if smaller else self.seq + 1)
        more = self.reference.added(new, self.now)
        plan = [] if smaller else self.reference.plan(new, self.now, more)
        request = self.request(new, entry.level)
        if plan is None or (plan and not self.at_once(new, plan, more)):
            with pytest.raises(CapacityExceeded):
                self.run(self.scheduler.amend(entry.id, request, minute(self.now)))
            return
        amended: Session = self.run(self.scheduler.amend(entry.id, request, minute(self.now)))
        self.passed.add(entry.id)
        assert amended.seq == new.seq  # I14: less keeps its place
        assert not smaller or amended.code == self.live.get(entry.id) or entry.state != "issued"
        self.seq += not smaller
        self.reference.entries[entry.id] = new
        if smaller:
            self.reference.reinstate(self.now)
        else:
            self.carry_out(new, plan)

    @precondition(lambda self: self.open())
    @rule(pick=picks, steps=st.integers(1, 4))
    def extend(self, pick: int, steps: int) -> None:
        """Extend a meeting: an offered extension succeeds, and held or past minutes need no capacity."""
        entry = self.pick(self.open(), pick)
        (a, b), seq = entry.slots[-1], self.seq + 1
        longer = [replace(entry, slots=(*entry.slots[:-1], (a, b + n)), seq=seq) for n in range(1, 5)]
        offered = [
            n for n, new in enumerate(longer, start=1) if b + n > self.now and self.reference.room(new, self.now)
        ]
        assert self.run(self.scheduler.extensible(entry.id, minute(self.now))) == max(offered, default=0)
        new = longer[steps - 1]
        more = self.reference.added(new, self.now)
        plan = self.reference.plan(new, self.now, more)
        if b + steps <= self.now:
            with pytest.raises(InvalidRequest):
                self.run(self.scheduler.extend(entry.id, steps, minute(self.now)))
            return
        if plan is None or (plan and not self.at_once(new, plan, more)):
            assert steps not in offered
            with pytest.raises(CapacityExceeded):
                self.run(self.scheduler.extend(entry.id, steps, minute(self.now)))
            return
        extended: Session = self.run(self.scheduler.extend(entry.id, steps, minute(self.now)))
        assert (extended.seq, extended.code) == (seq, self.live[entry.id])
        self.passed.add(entry.id)
        self.seq = seq
        self.reference.entries[entry.id] = new
        self.carry_out(new, plan)

    @rule(since=st.integers(0, 12), sessions=st.integers(2, 8), points=st.integers(4, 30))
    def rate(self, since: int, sessions: int, points: int) -> None:
        if since < self.now:
            return
        steps = sorted({*self.steps, since})
        until = next((step for step in steps if step > since), HORIZON)
        self.steps.add(since)
        self.reference.sessions[since:until] = [sessions] * (until - since)
        self.reference.points[since:until] = [points] * (until - since)
        self.fallen = True
        amount = Amount(sessions, points)
        expected = None if self.run(self.scheduler.operator.impact(minute(since), amount, minute(self.now))) else ()
        victims = self.run(self.scheduler.operator.set_capacity(minute(since), amount, minute(self.now)))
        self.reference.reinstate(self.now)
        assert list(victims) == self.reference.shed(max(self.now, 0))
        assert expected is None or victims == expected
        if victims:
            assert self.run(self.scheduler.operator.shed((), minute(self.now))) == victims  # not what is due
            assert self.run(self.scheduler.operator.shed(victims, minute(self.now))) is None
            for victim in victims:
                self.reference.entries[victim].state = "revoked"
            self.reference.reinstate(self.now)

    @rule(
        by=st.integers(1, 2),
        then=st.builds(Wish, just("so"), st.integers(6, 8), times, st.none(), seldom, just(True)),
        confirmed=st.booleans(),
    )
    def pass_time(self, by: int, then: Wish, confirmed: bool) -> None:
        """Let minutes pass until a meeting begins, and submit a request for that time."""
        self.now = by if self.now == BEFORE else min(self.now + by, 9)
        before = self.seq
        self.submit(replace(then, start=(self.now, then.start[1])))
        for entry in self.reference.queued():
            if confirmed and entry.seq > before:
                self.decide(entry)

    # What must hold after each of these.

    @invariant()
    def states_are_those_of_the_reference(self) -> None:  # I4 to I9, I11, I12: victims, and nobody else, in and out
        sessions: list[Session] = self.run(self.scheduler.named(self.reference.entries))
        assert {session.id for session in sessions} == self.reference.entries.keys()
        for session in sessions:
            entry = self.reference.entries[session.id]
            assert session.state == entry.state
            assert (session.code is not None) == (entry.state == "issued")  # I10
            if session.code is not None and self.live.get(entry.id) != session.code:
                assert session.code not in self.codes  # I10: none comes back
                self.dead_codes_stay_dead(entry)
                self.codes[session.code] = entry.id
            if session.code is None:
                self.live.pop(entry.id, None)
            else:
                self.live[entry.id] = session.code

    @invariant()
    def who_came_first_is_served_first(self) -> None:  # I13, but for whoever came too near to its start to be told
        issued = [e for e in self.reference.issued() if e.id not in self.passed]
        waiting_in_time = [
            e for e in self.reference.queued() if self.reference.in_time(e, self.now) and e.id not in self.passed
        ]
        queue = {(e.rank, e.slots, e.legs): e.seq for e in waiting_in_time[::-1]}
        assert all(e.seq < queue.get((e.rank, e.slots, e.legs), e.seq + 1) for e in issued)

    @invariant()
    def limits_hold(self) -> None:  # I1 to I3
        if self.now == BEFORE or self.reference.entries:
            share = (1, 1) if self.fallen else (4, 5)
            assert not list(self.reference.over(self.reference.issued(), range(max(self.now, 0), HORIZON), share))

    @invariant()
    def nobody_waits_for_what_is_free(self) -> None:  # I12
        assert self.reference.reinstate(self.now) == [] or self.now > BEFORE

    def dead_codes_stay_dead(self, entry: Entry) -> None:
        for code in (code for code, owner in self.codes.items() if owner == entry.id):
            with pytest.raises(Revoked):
                self.run(self.scheduler.enter(code, "guest", minute(entry.first)))

    # Words.

    @property
    def steps(self) -> set[int]:
        steps: set[int] = self.__dict__.setdefault("_steps", set())
        return steps

    def run(self, awaitable: Coroutine[Any, Any, Found]) -> Found:
        return self.runner.run(awaitable)

    def slots(self, start: tuple[int, int], rehearsal: int | None) -> Slots:
        begin, length = start
        if rehearsal is None:
            return ((begin, begin + length),)
        return ((begin, begin + rehearsal), (begin + rehearsal, begin + rehearsal + length))

    def pick(self, entries: list[Entry], number: int) -> Entry:
        return entries[number % len(entries)]

    def pending(self) -> list[Entry]:
        """Return the registrations that can still be changed: not cancelled, not over."""
        return [e for e in self.reference.entries.values() if e.state != "cancelled" and e.slots[-1][1] + 15 > self.now]

    def open(self) -> list[Entry]:
        """Return the meetings that are held, or were until some minutes ago."""
        held = [e for e in self.reference.issued() if e.slots[-1][0] <= self.now < e.slots[-1][1] + GRACE]
        return [e for e in held if e.slots[-1][1] + 4 < HORIZON]

    def at_once(self, entry: Entry, plan: list[str], minutes: list[int] | None = None) -> bool:
        """Return whether others lose their codes without the operator: if none comes first (I13) and none is live."""
        meeting = any(self.reference.entries[victim].runs(self.now) for victim in plan)
        return self.automatic and not meeting and not self.reference.ahead(entry, self.now, minutes)

    def carry_out(self, entry: Entry, plan: list[str]) -> None:
        for victim in plan:
            self.reference.entries[victim].state = "revoked"
        entry.state = "issued"
        self.reference.reinstate(self.now)

    def request(self, entry: Entry, level: str) -> Request:
        klass: ClassId = "khan_cap" if entry.urgent else "thuong"
        intervals = [Interval(minute(a), minute(b)) for a, b in sorted(entry.slots)]
        return replace(
            REQUEST,
            host_point=host(level, entry.legs - 1),
            points=("guest",),
            rehearsal=intervals[0] if len(intervals) == 2 else None,
            official=intervals[-1],
            klass=klass,
            **(URGENT if entry.urgent else {}),
        )


def test_r064_a_last_minute_request_may_take_capacity_that_the_queue_is_too_late_for() -> None:
    history = Precedence()
    history.begin(
        Rules(), True, 3, 10, [Wish("so", 8, (1, 2), None, False, True), Wish("huyen", 5, (1, 1), None, False, True)]
    )
    held, waits = history.reference.entries.values()
    history.pass_time(1, Wish("so", 6, (1, 2), None, False, True), False)
    history.cancel(0)
    history.register([Wish("so", 5, (1, 1), None, False, True)])  # ranks as a district (A22)
    late = history.reference.issued()
    assert [(held.state, waits.state), [(e.rank, e.slots, e.legs) for e in late]] == [
        ("cancelled", "waiting"),
        [(waits.rank, waits.slots, waits.legs)],
    ]
    history.states_are_those_of_the_reference()
    history.who_came_first_is_served_first()
    history.teardown()


TestPrecedence = Precedence.TestCase
TestPrecedence.settings = settings(max_examples=settings().max_examples // 2, stateful_step_count=25)
