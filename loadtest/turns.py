"""`python -m loadtest turns OTHER`: what the work costs with another checkout's worker and Python, and with our own.

A shared machine changes by a third within the hour, so both run by turns within minutes, on the same endpoints. The
figure of a run that goes on is the lower quartile of its half seconds: whatever disturbs makes them dearer, nothing
makes them cheaper.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtest import probe
from loadtest.bench import MIXED, STEADY_S, composed_s, join_cost, received, seat_cameras, seat_viewers, seat_voices
from loadtest.floor import SENDERS
from loadtest.media import Bench, bench_room
from loadtest.sender import FPS

WINDOW_S = 0.5
MICROSECONDS, PERCENT = 1e6, 100.0

Figures = tuple[float, ...]
"""What one run of a work tells, in the order of its names."""
Pair = tuple[Figures, Figures]
"""What one round cost: the other version's worker, and this one's."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done, in which units its costs are told, and how they are measured in so many seconds at a checkout."""

    names: tuple[str, ...]
    cost: Callable[[Path | None, float], Awaitable[Figures]]


async def run(other: Path, work: Work, seconds: float, rounds: int, progress: Callable[[str], None]) -> list[Pair]:
    """A pair for each round, whose order turns. Raises ValueError when `other` has no compiled media worker."""
    parts = "mediaserver/_wire*.so", ".venv/bin/python"
    if not all(any(other.glob(part)) for part in parts):  # noqa: ASYNC240 - before anything runs
        raise ValueError(f"no compiled media worker in {other}: `make install` there makes one")
    pairs = []
    for number in range(rounds):
        progress(f"{', '.join(work.names)}: round {number + 1} of {rounds}")
        order = (other, None) if number % 2 == 0 else (None, other)
        cost = {at: await work.cost(at, seconds) for at in order}
        pairs.append((cost[other], cost[None]))
    return pairs


async def _steady(
    seat: Callable[[Bench], Awaitable[None]],
    done: Callable[[Bench], float],
    unit: float,
    at: Path | None,
    seconds: float,
) -> Figures:
    """CPU for one of what is `done`: packets that arrived, or seconds; so many of its `unit` are a second of CPU."""
    async with bench_room(at=at) as bench:
        await seat(bench)
        await asyncio.sleep(STEADY_S)
        windows = [await _window(bench, done) for _ in range(max(2, round(seconds / WINDOW_S)))]
    return (unit * lower_quartile(windows),)


async def _window(bench: Bench, done: Callable[[Bench], float]) -> float:
    cpu, before = probe.running_seconds(bench.pid), done(bench)
    await asyncio.sleep(WINDOW_S)
    return (probe.running_seconds(bench.pid) - cpu) / max(1 / FPS, done(bench) - before)


def lower_quartile(windows: list[float]) -> float:
    """The lower quartile, never beyond what was measured: two that differ much would be drawn out below zero."""
    return statistics.quantiles(windows, n=4, method="inclusive")[0]


WORKS: dict[str, Callable[[int], Work]] = {
    "forward": lambda receivers: Work(
        (f"forward to {receivers}, µs per packet",),
        partial(_steady, partial(seat_viewers, receivers=receivers), received, MICROSECONDS),
    ),
    "compose": lambda _receivers: Work(
        (f"compose {SENDERS}, core-%",), partial(_steady, seat_cameras, composed_s, PERCENT)
    ),
    "mix": lambda _receivers: Work(
        (f"mix {MIXED}, core-%",), partial(_steady, seat_voices, lambda _bench: time.monotonic(), PERCENT)
    ),
    "join": lambda _receivers: Work(("join, ms", "memory per receiver, KiB"), lambda at, _seconds: join_cost(at)),
}
"""As the rows of `bench`, in their order; those who look at a camera forwarded are so many."""

HEAD = "| by turns | other | this one | change |\n| --- | --- | --- | --- |"


def rows(work: Work, pairs: list[Pair]) -> str:
    """A row of Markdown for each figure: its rounds, and how much cheaper or dearer this version is in the median."""
    return "\n".join(
        _row(name, [(theirs[at], mine[at]) for theirs, mine in pairs]) for at, name in enumerate(work.names)
    )


def _row(name: str, pairs: list[tuple[float, float]]) -> str:
    before, now = (" · ".join(f"{pair[at]:.1f}" for pair in pairs) for at in (0, 1))
    change = statistics.median(mine / theirs for theirs, mine in pairs) - 1
    return f"| {name} | {before} | {now} | {change:+.0%} |"
