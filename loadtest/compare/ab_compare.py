"""`python -m loadtest turns OTHER`: what the work costs with another checkout's worker and Python, and with our own.

A shared machine changes by a third within the hour, so both run by turns within minutes, on the same endpoints. The
figure of a run that goes on is the lower quartile of its half seconds: whatever disturbs makes them dearer, nothing
makes them cheaper.
"""

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from loadtest.bench.compose_minimum import SENDERS
from loadtest.bench.worker_cost import (
    MIXED,
    STEADY_S,
    composed_s,
    join_cost,
    received,
    seat_cameras,
    seat_viewers,
    seat_voices,
)
from loadtest.bench.worker_harness import Meeting, bench_room
from loadtest.load import procfs
from loadtest.media.clip import FPS

WINDOW_S = 0.5
MICROSECONDS, PERCENT = 1e6, 100.0

Figures = tuple[float, ...]
"""What one run of a work tells, in the order of its names."""
Pair = tuple[Figures, Figures]
"""What one round cost: the other, and this server."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is done, in which units its costs are told, and how they are measured in so many seconds.

    What stands at the path does it, or our own worker where there is none.
    """

    names: tuple[str, ...]
    cost: Callable[[Path | None, float], Awaitable[Figures]]


async def run(other: Path, work: Work, seconds: float, rounds: int, progress: Callable[[str], None]) -> list[Pair]:
    """A pair for each round. Raises ValueError when the checkout `other` has no compiled media worker."""
    parts = (
        ("mediaserver/_packet_io*.so", "mediaserver/_wire*.so"),
        (".venv/bin/python",),
    )  # _wire: its name until 0.9.0
    if not all(any(any(other.glob(name)) for name in names) for names in parts):  # noqa: ASYNC240 - before anything runs
        raise ValueError(f"no compiled media worker in {other}: `make install` there makes one")
    return await alternate(other, work, seconds, rounds, progress)


async def alternate(
    other: Path, work: Work, seconds: float, rounds: int, progress: Callable[[str], None]
) -> list[Pair]:
    """A pair for each round; who goes first changes with every round."""
    pairs = []
    for number in range(rounds):
        progress(f"{', '.join(work.names)}: round {number + 1} of {rounds}")
        order = (other, None) if number % 2 == 0 else (None, other)
        cost = {at: await work.cost(at, seconds) for at in order}
        pairs.append((cost[other], cost[None]))
    return pairs


@dataclass(frozen=True, slots=True)
class Steady:
    """Work that goes on: who is seated, and what is then done, of which so many units are a second of CPU."""

    seat: Callable[[Meeting], Awaitable[None]]
    done: Callable[[Meeting], float]
    unit: float

    async def checkout(self, at: Path | None, seconds: float) -> Figures:
        """What it costs the worker of a checkout."""
        return await self.cost(bench_room(at=at), seconds)

    async def cost(self, room: AbstractAsyncContextManager[Meeting], seconds: float) -> Figures:
        """CPU for one of what is done: packets that arrived, or seconds."""
        async with room as meeting:
            await self.seat(meeting)
            await asyncio.sleep(STEADY_S)
            windows = [await self._window(meeting) for _ in range(max(2, round(seconds / WINDOW_S)))]
        return (self.unit * lower_quartile(windows),)

    async def _window(self, meeting: Meeting) -> float:
        cpu, before = procfs.running_seconds(meeting.pid), self.done(meeting)
        await asyncio.sleep(WINDOW_S)
        return (procfs.running_seconds(meeting.pid) - cpu) / max(1 / FPS, self.done(meeting) - before)


def forwarding(receivers: int) -> Steady:
    """One camera and voice to so many."""
    return Steady(partial(seat_viewers, receivers=receivers), received, MICROSECONDS)


COMPOSING = Steady(seat_cameras, composed_s, PERCENT)
MIXING = Steady(seat_voices, lambda _meeting: time.monotonic(), PERCENT)


def lower_quartile(windows: list[float]) -> float:
    """The lower quartile, never beyond what was measured: two that differ much would be drawn out below zero."""
    return statistics.quantiles(windows, n=4, method="inclusive")[0]


WORKS: dict[str, Callable[[int], Work]] = {
    "forward": lambda receivers: Work((f"forward to {receivers}, µs per packet",), forwarding(receivers).checkout),
    "compose": lambda _receivers: Work((f"compose {SENDERS}, core-%",), COMPOSING.checkout),
    "mix": lambda _receivers: Work((f"mix {MIXED}, core-%",), MIXING.checkout),
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
