"""Bookings by processes that are killed: what was acknowledged is there, and once (I17)."""

import multiprocessing
import random
import shutil
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

from tests.scheduler.race import NEXT_WEEK
from tests.scheduler.racer import book
from tests.scheduler.world import hours
from tests.soak.issued_sessions import booked
from tests.soak.repeats import REPEATS

KILLS = 20 * REPEATS


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
