"""Bookings in a race: never more than 80 % is held (I3, R-018)."""

from collections import Counter

import pytest

from tests.conftest import PostgresServer
from tests.scheduler.race import NEXT_WEEK, race
from tests.scheduler.world import hours
from tests.soak.issued_sessions import booked
from tests.soak.repeats import REPEATS

ROUNDS, LEGS, FIT = 200 * REPEATS, 26, 7  # eight writers of 26 legs each: seven are within 200


@pytest.mark.postgres
async def test_eight_writers_again_and_again_around_the_limit(
    postgres_server: PostgresServer, seeded_database: str
) -> None:
    with postgres_server.database(seeded_database) as name:
        url = postgres_server.url(name)
        rounds = await race(url, 2, 4, LEGS, ROUNDS)
        sessions = await booked(url)
    assert Counter(map(str, rounds)) == Counter({str(Counter(issued=FIT, refused=8 - FIT)): ROUNDS})
    starts = Counter(session.official.start for session in sessions)
    assert starts == {NEXT_WEEK + hours(number): FIT for number in range(1, ROUNDS + 1)}
    assert {session.legs for session in sessions} == {LEGS}
    assert len({session.code for session in sessions}) == ROUNDS * FIT
