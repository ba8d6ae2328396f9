"""One process of a race: several writers, each with an engine of its own, that all submit when the line is given.

    python -m tests.scheduler.racer URL WRITERS LEGS

Reads one start time per line from standard input; answers each with ``issued`` or ``refused`` per writer.
"""

import asyncio
import itertools
import sys
from datetime import datetime, timedelta
from multiprocessing.connection import Connection

from scheduler import database, profiles
from scheduler.errors import CapacityExceeded
from scheduler.model import Amount, Interval
from scheduler.service import Scheduler
from tests.scheduler.world import NOW, VAULT, asking


async def _submit(scheduler: Scheduler, legs: int, official: Interval) -> str:
    try:
        await scheduler.submit(await asking(scheduler, legs, official), NOW)
    except CapacityExceeded:
        return "refused"
    return "issued"


async def main(url: str, writers: int, legs: int) -> None:
    """Race until standard input ends."""
    engines = [database.connect(url, VAULT) for _ in range(writers)]
    schedulers = [Scheduler(engine, profiles.load(), Amount(20, 255)) for engine in engines]
    for scheduler in schedulers:
        await scheduler.units()
    print("ready", flush=True)
    for line in iter(sys.stdin.readline, ""):
        start = datetime.fromisoformat(line.strip())
        official = Interval(start, start + timedelta(hours=1))
        answers = await asyncio.gather(*(_submit(scheduler, legs, official) for scheduler in schedulers))
        print(*answers, flush=True)
    for engine in engines:
        await engine.dispose()


def book(url: str, first: int, acknowledged: Connection) -> None:
    """Register one session an hour from hour `first` on, for ever, and say which is acknowledged."""

    async def run() -> None:
        scheduler = Scheduler(database.connect(url, VAULT), profiles.load(), Amount(20, 255))
        for hour in itertools.count(first):
            start = NOW + timedelta(days=7, hours=hour)
            answer = await _submit(scheduler, 26, Interval(start, start + timedelta(hours=1)))
            assert answer == "issued"
            acknowledged.send(hour)

    asyncio.run(run())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
