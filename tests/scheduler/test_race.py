"""Writers that race for the last place, as threads and as processes, on both databases (R-018, I17)."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler.model import Session
from scheduler.service import Scheduler
from tests.scheduler.world import NOW

ROOT = Path(__file__).parents[2]
ROUNDS = 12
NEXT_WEEK = NOW + timedelta(days=7)


async def _start(stack: AsyncExitStack, url: str, writers: int, legs: int) -> Process:
    arguments = (sys.executable, "-m", "tests.scheduler.racer", url, str(writers), str(legs))
    process = await asyncio.create_subprocess_exec(*arguments, stdin=PIPE, stdout=PIPE, cwd=ROOT)
    stack.push_async_callback(_stop, process)
    return process


async def _stop(process: Process) -> None:
    assert process.stdin
    process.stdin.close()
    assert await process.wait() == 0


async def _ask(process: Process, line: str) -> list[str]:
    assert process.stdin
    assert process.stdout
    process.stdin.write(f"{line}\n".encode())
    await process.stdin.drain()
    return (await process.stdout.readline()).decode().split()


async def _race(url: str, processes: int, writers: int, legs: int) -> list[Counter[str]]:
    """Let all writers ask for the same hour, a new one each round; return the answers of each round."""
    async with AsyncExitStack() as stack:
        racers = [await _start(stack, url, writers, legs) for _ in range(processes)]
        for racer in racers:
            assert racer.stdout
            assert await racer.stdout.readline() == b"ready\n"
        rounds = []
        for number in range(1, ROUNDS + 1):
            line = (NEXT_WEEK + timedelta(hours=number)).isoformat()
            answers = await asyncio.gather(*(_ask(racer, line) for racer in racers))
            rounds.append(Counter(word for words in answers for word in words))
    return rounds


async def _issued(scheduler: Scheduler) -> list[Session]:
    return await scheduler.sessions(NEXT_WEEK, NEXT_WEEK + timedelta(days=2))


@pytest.mark.parametrize(("processes", "writers"), [(2, 1), (2, 4)])
async def test_exactly_one_of_those_that_together_exceed_the_limit(
    scheduler: Scheduler, seeded_url: str, processes: int, writers: int
) -> None:
    rounds = await _race(seeded_url, processes, writers, legs=101)
    assert rounds == [Counter(issued=1, refused=processes * writers - 1)] * ROUNDS
    issued = await _issued(scheduler)
    assert sorted(s.seq for s in issued) == list(range(1, ROUNDS + 1))
    assert sorted(s.number for s in issued) == [f"HTT-2023-{n:04}" for n in range(1, ROUNDS + 1)]
    assert len({s.code for s in issued}) == ROUNDS


async def test_writers_that_all_fit_are_all_issued(scheduler: Scheduler, seeded_url: str) -> None:
    rounds = await _race(seeded_url, 2, 4, legs=25)
    assert rounds == [Counter(issued=8)] * ROUNDS
    assert sorted(s.seq for s in await _issued(scheduler)) == list(range(1, 8 * ROUNDS + 1))
