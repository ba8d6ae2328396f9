"""Bookings under stress: what was acknowledged is there, and never more than 80 % is held (I3, I17, R-018)."""

import multiprocessing
import random
import shutil
import time
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import database
from scheduler.model import Amount, Session, State
from scheduler.service import Scheduler
from tests.conftest import PostgresServer
from tests.scheduler.conftest import PROFILES
from tests.scheduler.race import NEXT_WEEK, race
from tests.scheduler.racer import book
from tests.scheduler.world import NOW, VAULT, hours

ROUNDS, LEGS, FIT = 1000, 26, 7  # eight writers of 26 legs each: seven are within 200
KILLS = 100


async def booked(url: str) -> list[Session]:
    """Return every session on record that holds capacity."""
    engine = database.connect(url, VAULT)
    found = await Scheduler(engine, PROFILES, Amount(20, 250)).sessions(NOW, NOW + timedelta(days=700))
    await engine.dispose()
    return [session for session in found if session.state == State.ISSUED]


@pytest.mark.postgres
async def test_eight_writers_a_thousand_times_around_the_limit(
    postgres_server: PostgresServer, seeded_database: str
) -> None:
    url = postgres_server.url(postgres_server.create_database(seeded_database))
    rounds = await race(url, 2, 4, LEGS, ROUNDS)
    assert Counter(map(str, rounds)) == Counter({str(Counter(issued=FIT, refused=8 - FIT)): ROUNDS})
    sessions = await booked(url)
    starts = Counter(session.official.start for session in sessions)
    assert starts == {NEXT_WEEK + hours(number): FIT for number in range(1, ROUNDS + 1)}
    assert {session.legs for session in sessions} == {LEGS}
    assert len({session.code for session in sessions}) == ROUNDS * FIT


async def test_a_process_killed_at_random_loses_nothing_it_acknowledged(seeded_file: Path, tmp_path: Path) -> None:
    shutil.copy(seeded_file, tmp_path / "diemcau.db")
    url = f"sqlite:///{tmp_path / 'diemcau.db'}"
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["tests.scheduler.racer"])
    chance, acknowledged, hour = random.Random(680), set[int](), 1
    for _ in range(KILLS):
        ours, theirs = processes.Pipe()
        process = processes.Process(target=book, args=(url, hour, theirs))
        process.start()
        theirs.close()
        for _ in range(chance.randint(1, 4)):
            acknowledged.add(ours.recv())
        time.sleep(chance.random() * 0.02)  # somewhere in the next ones
        process.kill()
        process.join()
        with suppress(EOFError):
            while True:
                acknowledged.add(ours.recv())
        hour = max(acknowledged) + 2  # the next hour may have been written without a word
    found = Counter((session.official.start - NEXT_WEEK) // hours(1) for session in await booked(url))
    assert set(found) >= acknowledged
    assert set(found.values()) == {1}
    assert set(found) - acknowledged <= {hour + 1 for hour in acknowledged}
