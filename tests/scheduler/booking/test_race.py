"""Writers that race for the last place, as threads and as processes, on both databases (R-018, I17)."""

from collections import Counter
from datetime import timedelta

import pytest

from scheduler.booking.registration.service import Scheduler
from scheduler.core.model import Session
from tests.scheduler.race import NEXT_WEEK, race

ROUNDS = 12


async def _issued(scheduler: Scheduler) -> list[Session]:
    return await scheduler.sessions(NEXT_WEEK, NEXT_WEEK + timedelta(days=2))


@pytest.mark.parametrize(("processes", "writers"), [(2, 1), (2, 4)])
async def test_exactly_one_of_those_that_together_exceed_the_limit(
    scheduler: Scheduler, seeded_url: str, processes: int, writers: int
) -> None:
    rounds = await race(seeded_url, processes, writers, 101, ROUNDS)
    assert rounds == [Counter(issued=1, refused=processes * writers - 1)] * ROUNDS
    issued = await _issued(scheduler)
    assert sorted(s.seq for s in issued) == list(range(1, ROUNDS + 1))
    assert sorted(s.number for s in issued) == [f"HTT-2023-{n:04}" for n in range(1, ROUNDS + 1)]
    assert len({s.code for s in issued}) == ROUNDS


async def test_writers_that_all_fit_are_all_issued(scheduler: Scheduler, seeded_url: str) -> None:
    rounds = await race(seeded_url, 2, 4, 25, ROUNDS)
    assert rounds == [Counter(issued=8)] * ROUNDS
    assert sorted(s.seq for s in await _issued(scheduler)) == list(range(1, 8 * ROUNDS + 1))
