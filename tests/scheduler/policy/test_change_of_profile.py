"""Rules that another profile changes hold for the sessions of its days, whenever they were registered (R-001)."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import CapacityExceeded
from scheduler.core.model import Amount, Interval, Session, State
from scheduler.policy.policy import LevelPolicy, Share
from scheduler.policy.profile_files import Profiles
from tests.scheduler.world import CIPHER, REQUEST, at, on, shipped

NOW = at("25/04/2023 08:00")
BEFORE, AFTER = on("28/04/2023", "08:00", "10:00"), on("04/05/2023", "08:00", "10:00")
HEALTH, CAM_LAM, NHA_TRANG = "so.yt", "ubnd.cam-lam", "ubnd.nha-trang"


def turned(level: LevelPolicy) -> LevelPolicy:
    """Return a level as the new profile has it: districts above departments."""
    return level.model_copy(update={"rank": {"so": 20, "huyen": 30}.get(level.id, level.rank)})


def changing() -> Profiles:
    """Return the regulation, and from 01/05/2023 on a profile with other ranks and share, and a longer lobby."""
    old = shipped().policies[-1]
    new = old.model_copy(
        update={
            "id": "KH-NEXT",
            "effective_from": date(2023, 5, 1),
            "levels": tuple(map(turned, old.levels)),
            "capacity": old.capacity.model_copy(update={"share": Share(num=1, den=2), "recorder_legs": 3}),
            "door": old.door.model_copy(update={"lobby_min": 60}),
        }
    )
    return Profiles.of([*shipped().policies, new])


@pytest.fixture
async def scheduler(seeded_url: str) -> AsyncIterator[Scheduler]:
    """Return a scheduler for five sessions at most: four of them before the change, two after it."""
    engine = database.connect(seeded_url, CIPHER)
    yield Scheduler(engine, changing(), Amount(5, 250))
    await engine.dispose()


async def ask(scheduler: Scheduler, host: str, official: Interval) -> Session:
    return await scheduler.submit(replace(REQUEST, host_point=host, official=official), NOW, wait=True)


@pytest.mark.parametrize(("official", "issued"), [(BEFORE, 4), (AFTER, 2)])
async def test_the_share_is_that_of_the_day_of_the_session(
    scheduler: Scheduler, official: Interval, issued: int
) -> None:
    sessions = [await ask(scheduler, CAM_LAM, official) for _ in range(5)]
    assert [session.state for session in sessions] == [State.ISSUED] * issued + [State.WAITING] * (5 - issued)
    with pytest.raises(CapacityExceeded) as refused:
        await scheduler.submit(replace(REQUEST, host_point=CAM_LAM, official=official), NOW)
    assert (refused.value.interval, refused.value.usable, refused.value.needed) == (official, issued, issued + 1)


@pytest.mark.parametrize(
    ("official", "high", "low"), [(BEFORE, HEALTH, CAM_LAM), (AFTER, CAM_LAM, HEALTH)], ids=["before", "after"]
)
async def test_ranks_are_those_of_the_day_of_the_session(
    scheduler: Scheduler, official: Interval, high: str, low: str
) -> None:
    await scheduler.operator.set_capacity(NOW, Amount(2, 250), NOW)
    holder = await ask(scheduler, low, official)
    higher = await ask(scheduler, high, official)
    standing = await scheduler.operator.queued_session(higher.id, NOW)
    assert standing is not None
    assert (holder.state, standing.victims) == (State.ISSUED, (holder.id,))


@pytest.mark.parametrize(("official", "legs"), [(BEFORE, 3), (AFTER, 5)])
async def test_a_recording_holds_the_legs_of_the_day_of_the_session(
    scheduler: Scheduler, official: Interval, legs: int
) -> None:
    request = replace(REQUEST, host_point=CAM_LAM, official=official, recording=True)
    assert (await scheduler.submit(request, NOW)).legs == legs


async def test_the_calendar_shows_each_day_by_its_own_rules(scheduler: Scheduler) -> None:
    await ask(scheduler, CAM_LAM, AFTER)
    now = at("04/05/2023 07:10")
    [entry] = await scheduler.agenda(BEFORE.start, AFTER.end, now)
    assert entry.phase == "lobby"
