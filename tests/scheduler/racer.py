"""One process of a race: several writers, each with an engine of its own, that all submit when a line is read.

    python -m tests.scheduler.racer URL WRITERS LEGS

Reads one start time per line from standard input; answers each with ``issued`` or ``refused`` per writer.
"""

import asyncio
import itertools
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from scheduler.booking.registration.service import Scheduler
from scheduler.core import database
from scheduler.core.errors import CapacityExceeded
from scheduler.core.model import Amount, Interval, Request
from scheduler.policy import profile_files
from tests.scheduler.world import CIPHER, NOW, REQUEST, asking

PROFILES = profile_files.load()


async def _submit(scheduler: Scheduler, request: Request) -> str:
    try:
        await scheduler.submit(request, NOW)
    except CapacityExceeded:
        return "refused"
    return "issued"


async def main(url: str, writers: int, legs: int) -> None:
    """Race until standard input ends."""
    engines = [database.connect(url, CIPHER) for _ in range(writers)]
    schedulers = [Scheduler(engine, PROFILES, Amount(20, 255)) for engine in engines]
    requests = [await asking(scheduler, legs, REQUEST.official) for scheduler in schedulers]
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        start = datetime.fromisoformat(line.strip())
        official = Interval(start, start + timedelta(hours=1))
        wanted = [replace(request, official=official) for request in requests]
        outcomes = await asyncio.gather(*map(_submit, schedulers, wanted))
        print(*outcomes, flush=True)
    for engine in engines:
        await engine.dispose()


def book(url: str, first: int, acknowledged: Connection) -> None:
    """Register one session an hour from hour `first` on, for ever, and say which is acknowledged."""

    async def run() -> None:
        scheduler = Scheduler(database.connect(url, CIPHER), PROFILES, Amount(20, 255))
        request = await asking(scheduler, 26, REQUEST.official)
        for hour in itertools.count(first):
            start = NOW + timedelta(days=7, hours=hour)
            outcome = await _submit(scheduler, replace(request, official=Interval(start, start + timedelta(hours=1))))
            assert outcome == "issued"
            acknowledged.send(hour)

    asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
