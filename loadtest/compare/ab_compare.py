"""`python -m loadtest turns OTHER`: compares the cost of another checkout's worker and Python with this one's.

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
"""Figures of one run, in the order of their names."""
Pair = tuple[Figures, Figures]
"""Costs of one round: the other server's, and this one's."""


@dataclass(frozen=True, slots=True)
class Work:
    """Work to compare: its name, the units of its costs, and the function that measures them in so many seconds.

    What stands at the path does it, or our own worker where there is none.
    """

    names: tuple[str, ...]
    cost: Callable[[Path | None, float], Awaitable[Figures]]


async def run(other: Path, work: Work, seconds: float, rounds: int, progress: Callable[[str], None]) -> list[Pair]:
    """Return a pair for each round. Raises ValueError when the checkout `other` has no compiled media worker."""
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
    """Return a pair for each round; the order changes with every round."""
    pairs = []
    for number in range(rounds):
        progress(f"{', '.join(work.names)}: round {number + 1} of {rounds}")
        order = (other, None) if number % 2 == 0 else (None, other)
        cost = {at: await work.cost(at, seconds) for at in order}
        pairs.append((cost[other], cost[None]))
    return pairs


@dataclass(frozen=True, slots=True)
class Steady:
    """Continuous work: the function that seats peers, and the work that is then counted, in units of a second of
    CPU."""

    seat: Callable[[Meeting], Awaitable[None]]
    done: Callable[[Meeting], float]
    unit: float

    async def checkout(self, at: Path | None, seconds: float) -> Figures:
        """Return the cost for the worker of a checkout."""
        return await self.cost(bench_room(at=at), seconds)

    async def cost(self, room: AbstractAsyncContextManager[Meeting], seconds: float) -> Figures:
        """Return CPU for each unit of work: packets that arrived, or seconds."""
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
    """Forward one camera and voice to so many viewers."""
    return Steady(partial(seat_viewers, receivers=receivers), received, MICROSECONDS)


COMPOSING = Steady(seat_cameras, composed_s, PERCENT)
MIXING = Steady(seat_voices, lambda _meeting: time.monotonic(), PERCENT)


def lower_quartile(windows: list[float]) -> float:
    """Return the lower quartile within the measured values: extrapolation from two far values would be below zero."""
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
    """Return a row of Markdown for each figure: its rounds, and the median change of this version."""
    return "\n".join(
        _row(name, [(theirs[at], mine[at]) for theirs, mine in pairs]) for at, name in enumerate(work.names)
    )


def _row(name: str, pairs: list[tuple[float, float]]) -> str:
    before, now = (" · ".join(f"{pair[at]:.1f}" for pair in pairs) for at in (0, 1))
    change = statistics.median(mine / theirs for theirs, mine in pairs) - 1
    return f"| {name} | {before} | {now} | {change:+.0%} |"
