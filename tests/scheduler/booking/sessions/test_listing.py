"""Sessions are listed page by page; the database selects and orders as the rules in Python do.

Also tests `store.py` and `occupation.py`.
"""

import random
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from scheduler.booking.registration.service import Scheduler
from scheduler.booking.sessions.listing import Selection
from scheduler.core import database
from scheduler.core.model import Interval, Phase, Session, SessionOutline
from scheduler.policy.profile_files import Profiles
from tests.scheduler.world import CIPHER, NOW, REQUEST, at, on, shipped

PHASES: tuple[Phase, ...] = ("waiting", "revoked", "upcoming", "lobby", "open", "ended", "cancelled")
QUARTER = timedelta(minutes=15)
HOSTS = ("so.tttt", "nt.xuonghuan", "dk.dienan", "so.nnptnt")
EVER = Selection(at("01/01/2023 00:00"), at("01/01/2024 00:00"))


async def everything(scheduler: Scheduler, selection: Selection, now: datetime, limit: int = 3) -> list[Session]:
    """Read page after page until the end."""
    found: list[Session] = []
    while True:
        rows = await scheduler.page(selection, now, limit, found[-1] if found else None)
        assert len(rows) <= limit
        found += rows
        if len(rows) < limit:
            return found


async def book(scheduler: Scheduler, chance: random.Random) -> list[Session]:
    """Register sessions of one day, some with a rehearsal, some cancelled, some whose code was revoked."""
    made = []
    for number in range(24):
        start = at("05/04/2023 07:30") + chance.randrange(30) * QUARTER
        official = Interval(start, start + chance.choice((2, 4, 8)) * QUARTER)
        rehearsal = Interval(start - 5 * QUARTER, start - chance.choice((0, 2, 4)) * QUARTER)
        host, point = chance.sample(HOSTS, 2)
        request = replace(REQUEST, host_point=host, points=(point,), official=official, title=f"Họp số {number}")
        wished = replace(request, rehearsal=rehearsal if chance.random() < 0.5 else None)
        made.append(await scheduler.submit(wished, NOW, wait=True))
        if chance.random() < 0.2:
            await scheduler.cancel(made[-1].id, NOW)
    return [await scheduler.session(each.id) for each in made]


@pytest.mark.parametrize("newest", [False, True])
async def test_pages_in_both_orders_hold_each_session_once(scheduler: Scheduler, newest: bool) -> None:
    booked = await book(scheduler, random.Random(1))
    expected = sorted(booked, key=lambda each: (each.official.start, each.seq), reverse=newest)
    for limit in (1, 7, 24, 25):
        assert await everything(scheduler, replace(EVER, newest=newest), NOW, limit) == expected


async def test_the_time_is_that_of_any_slot(scheduler: Scheduler) -> None:
    booked = await book(scheduler, random.Random(2))
    for step in range(-8, 60):
        start = at("05/04/2023 07:30") + step * QUARTER
        for end in (start + timedelta(microseconds=1), start + 3 * QUARTER):
            meets = {each.id for each in booked if any(s.start < end and start < s.end for s in each.slots)}
            found = await everything(scheduler, Selection(start, end), NOW, 50)
            assert {each.id for each in found} == meets


async def test_phases_are_those_of_the_access_window(scheduler: Scheduler) -> None:
    booked = await book(scheduler, random.Random(3))
    booked.append(await scheduler.submit(replace(REQUEST, points=("dk.dienan",)), NOW))
    async with scheduler._engine.begin() as db:  # the plans that lead there are not what is tested
        await db.execute(sa.text("UPDATE sessions SET state='revoked', mark=NULL WHERE id=:id"), {"id": booked[-1].id})
        await db.execute(sa.text("UPDATE sessions SET state='waiting', mark=NULL WHERE id=:id"), {"id": booked[-2].id})
    booked = [await scheduler.session(each.id) for each in booked]
    seen = set()
    for step in range(-8, 60):
        for number, off in enumerate((timedelta(0), timedelta(microseconds=1), timedelta(seconds=-1))):
            now = at("05/04/2023 07:00") + step * QUARTER + off
            phases = {each.id: scheduler.phase(each, now) for each in booked}
            seen |= set(phases.values())
            for phase in PHASES[(step + number) % 3 :: 3]:  # at each edge some phases, over all edges each of them
                found = await everything(scheduler, replace(EVER, phases=frozenset({phase})), now, 50)
                assert {each.id for each in found} == {id_ for id_, one in phases.items() if one == phase}, (phase, now)
    assert seen == set(PHASES)


async def test_each_session_has_the_access_window_of_its_own_profile(seeded_url: str) -> None:
    old, new = shipped().policies
    window = new.door.model_copy(update={"grace_min": 3 * 24 * 60})
    later = new.model_copy(update={"id": "KH-X", "effective_from": date(2023, 4, 6), "door": window})
    engine = database.connect(seeded_url, CIPHER)
    scheduler = Scheduler(engine, Profiles((old, new, later)))
    days = (on("05/04/2023", "08:00", "09:00"), on("06/04/2023", "08:00", "09:00"))
    first, second = [await scheduler.submit(replace(REQUEST, official=day), NOW) for day in days]
    now = at("06/04/2023 20:00")
    assert [scheduler.phase(each, now) for each in (first, second)] == ["ended", "open"]
    expectations: list[tuple[Phase, Session]] = [("ended", first), ("open", second)]
    for phase, expected in expectations:
        found = await scheduler.page(replace(EVER, phases=frozenset({phase})), now, 9)
        assert [each.id for each in found] == [expected.id]
    await engine.dispose()


async def test_words_are_found_with_and_without_diacritics(scheduler: Scheduler) -> None:
    one = await scheduler.submit(replace(REQUEST, title="Phòng chống lụt bão 50%"), NOW)
    two = await scheduler.submit(replace(REQUEST, host_point="nt.xuonghuan", points=("so.tttt",)), NOW)
    for text, expected in {
        "lut bao": [one],
        "LỤT BÃO": [one],
        "%": [one],
        "_": [],
        two.number: [two],
        "xuong huan": [two],
        "khong co": [],
    }.items():
        found = await everything(scheduler, replace(EVER, text=text), NOW)
        assert [each.id for each in found] == [each.id for each in expected], text
    amended = await scheduler.amend(one.id, replace(REQUEST, title="Giao ban"), NOW)
    assert await everything(scheduler, replace(EVER, text="lut bao"), NOW) == []
    assert {each.id for each in await everything(scheduler, replace(EVER, text="giao ban"), NOW)} == {
        amended.id,
        two.id,
    }


async def test_units_narrow_what_is_found(scheduler: Scheduler) -> None:
    one = await scheduler.submit(REQUEST, NOW)
    two = await scheduler.submit(replace(REQUEST, host_point="dk.dienan", points=("so.nnptnt",)), NOW)
    for selection, expected in (
        (replace(EVER, units=["22342"]), [one]),
        (replace(EVER, units=["22342"], unit="so.nnptnt"), []),
        (replace(EVER, unit="so.nnptnt"), [two]),
        (replace(EVER, units=[]), []),
    ):
        assert [each.id for each in await everything(scheduler, selection, NOW)] == [each.id for each in expected]


async def test_points_in_a_session_are_listed_by_start_and_host_first(scheduler: Scheduler) -> None:
    first = await scheduler.submit(REQUEST, NOW)
    rehearsal = on("05/04/2023", "08:00", "08:30")
    wish = replace(REQUEST, host_point="dk.dienan", points=("so.nnptnt",), rehearsal=rehearsal)
    second = await scheduler.submit(replace(wish, official=on("05/04/2023", "10:00", "11:00")), NOW)
    await scheduler.cancel((await scheduler.submit(replace(REQUEST, host_point="nt.vinhtho"), NOW)).id, NOW)
    found = await scheduler.occupied(at("05/04/2023 00:00"), at("06/04/2023 00:00"), 0, 50)
    slots = [(first, first.official), (second, rehearsal), (second, second.official)]
    assert [(each.point, each.start, each.end, each.session) for each in found] == [
        (point, slot.start, slot.end, SessionOutline(session.everyone, session.official))
        for session, slot in slots
        for point in session.everyone
    ]
    assert await scheduler.occupied(at("05/04/2023 00:00"), at("06/04/2023 00:00"), 1, 2) == found[1:3]
