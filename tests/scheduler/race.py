"""Starts several processes with several writers each, which all book the same hour, round after round."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections import Counter
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from tests.scheduler.world import NOW

ROOT = Path(__file__).parents[2]
NEXT_WEEK = NOW + timedelta(days=7)
"""Early enough for every deadline."""


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


async def race(url: str, processes: int, writers: int, legs: int, rounds: int) -> list[Counter[str]]:
    """Let all writers book the same hour, a new one each round; return the results of each round."""
    async with AsyncExitStack() as stack:
        racers = [await _start(stack, url, writers, legs) for _ in range(processes)]
        for racer in racers:
            assert racer.stdout
            assert await racer.stdout.readline() == b"ready\n"
        counted = []
        for number in range(1, rounds + 1):
            line = (NEXT_WEEK + timedelta(hours=number)).isoformat()
            outcomes = await asyncio.gather(*(_ask(racer, line) for racer in racers))
            counted.append(Counter(word for words in outcomes for word in words))
    return counted
