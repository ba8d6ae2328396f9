"""`python -m loadtest turns OTHER`: compares the cost of another checkout's worker and Python with this one's.

A shared machine changes by a third within the hour, so both run by turns within minutes, on the same endpoints. The
figure of a continuous run is the lower quartile of its half seconds: disturbances of the machine only add cost.
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
from loadtest.bench.seating import MIXED, POINTS, composed_s, received, seat_cameras, seat_viewers, seat_voices
from loadtest.bench.session_cost import SESSIONS, seat_sessions, session_seconds
from loadtest.bench.worker_cost import STEADY_S, join_cost
from loadtest.bench.worker_harness import BenchRoom, bench_room
from loadtest.load import procfs
from loadtest.media.clip import FPS
from loadtest.table import Row

WINDOW_S = 0.5
MICROSECONDS, PERCENT = 1e6, 100.0

Figures = tuple[float, ...]
"""Figures of one run, in the order of their names."""
Pair = tuple[Figures, Figures]
"""Figures of one round: the other server's, and this one's."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The most that this version should cost: as a change against the other (−0.1 is a tenth less), and itself."""

    change: float
    most: float | None = None


@dataclass(frozen=True, slots=True)
class Workload:
    """Work to compare: the names of its figures, and the function that measures them in so many seconds.

    `cost` measures the other program or version at a path, or this version's worker for None.
    """

    names: tuple[str, ...]
    cost: Callable[[Path | None, float], Awaitable[Figures]]
    reach: Reach | None = None
    other: str = "other"
    """The name of the other program or version."""


async def run(
    other: Path, workload: Workload, seconds: float, rounds: int, progress: Callable[[str], None]
) -> list[Pair]:
    """Return a pair for each round. Raises ValueError when the checkout `other` has no compiled media worker."""
    parts = (
        ("mediaserver/_packet_io*.so", "mediaserver/_wire*.so"),
        (".venv/bin/python",),
    )  # _wire: its name until 0.9.0
    if not all(any(any(other.glob(name)) for name in names) for names in parts):  # noqa: ASYNC240 - before anything runs
        raise ValueError(f"no compiled media worker in {other}: `make install` there makes one")
    return await alternate(other, workload, seconds, rounds, progress)


async def alternate(
    other: Path, workload: Workload, seconds: float, rounds: int, progress: Callable[[str], None]
) -> list[Pair]:
    """Return a pair for each round; the order changes with every round."""
    pairs = []
    for number in range(rounds):
        progress(f"{', '.join(workload.names)}: round {number + 1} of {rounds}")
        order = (other, None) if number % 2 == 0 else (None, other)
        cost = {checkout: await workload.cost(checkout, seconds) for checkout in order}
        pairs.append((cost[other], cost[None]))
    return pairs


@dataclass(frozen=True, slots=True)
class SteadyWorkload:
    """Continuous work: `seat` seats the peers, `done` returns the work done so far, `unit` scales the CPU seconds for
    each piece of work to the figure printed."""

    seat: Callable[[BenchRoom], Awaitable[None]]
    done: Callable[[BenchRoom], float]
    unit: float

    async def cost_of_checkout(self, checkout: Path | None, seconds: float) -> Figures:
        """Return the cost for the worker of a checkout, or of this version for None."""
        return await self.cost(bench_room(checkout=checkout), seconds)

    async def cost(self, opened_room: AbstractAsyncContextManager[BenchRoom], seconds: float) -> Figures:
        """Return CPU for each unit of work: packets that arrived, or seconds."""
        async with opened_room as room:
            await self.seat(room)
            await asyncio.sleep(STEADY_S)
            windows = [await self._window(room) for _ in range(max(2, round(seconds / WINDOW_S)))]
        return (self.unit * lower_quartile(windows),)

    async def _window(self, room: BenchRoom) -> float:
        cpu, before = procfs.running_seconds(room.pid), self.done(room)
        await asyncio.sleep(WINDOW_S)
        return (procfs.running_seconds(room.pid) - cpu) / max(1 / FPS, self.done(room) - before)


def forwarding(receivers: int) -> SteadyWorkload:
    """Return the work of forwarding one camera and voice to so many viewers."""
    return SteadyWorkload(partial(seat_viewers, receivers=receivers), received, MICROSECONDS)


COMPOSING = SteadyWorkload(seat_cameras, composed_s, PERCENT)
SHARING = SteadyWorkload(seat_sessions, session_seconds, PERCENT)
"""Sessions whose points are forwarded the cameras of all others."""
MIXING = SteadyWorkload(seat_voices, lambda _room: time.monotonic(), PERCENT)


def lower_quartile(windows: list[float]) -> float:
    """Return the lower quartile, interpolated within the values: extrapolation from two could be below zero."""
    return statistics.quantiles(windows, n=4, method="inclusive")[0]


WORKLOADS: dict[str, Callable[[int], Workload]] = {
    "forward": lambda receivers: Workload(
        (f"forward to {receivers}, µs per packet",), forwarding(receivers).cost_of_checkout
    ),
    "compose": lambda _receivers: Workload((f"compose {SENDERS}, core-%",), COMPOSING.cost_of_checkout),
    "session": lambda _receivers: Workload(
        (f"one of {SESSIONS} sessions of {POINTS}, forwarded, core-%",), SHARING.cost_of_checkout
    ),
    "mix": lambda _receivers: Workload((f"mix {MIXED}, core-%",), MIXING.cost_of_checkout),
    "join": lambda _receivers: Workload(
        ("join, ms", "memory per receiver, KiB"), lambda checkout, _seconds: join_cost(checkout)
    ),
}
"""The rows of `python -m loadtest bench`; the argument is the number of viewers of a forwarded camera."""


def rows(workload: Workload, pairs: list[Pair]) -> list[Row]:
    """Return a row for each figure: the median change of this version, beside all rounds of both."""
    return [
        _row(workload, name, [(theirs[number], mine[number]) for theirs, mine in pairs])
        for number, name in enumerate(workload.names)
    ]


def _row(workload: Workload, name: str, pairs: list[tuple[float, float]]) -> Row:
    theirs, mine = (" · ".join(f"{pair[at]:.1f}" for pair in pairs) for at in (0, 1))
    change, cost = statistics.median(ours / other for other, ours in pairs) - 1, statistics.median(b for _, b in pairs)
    beside = f"this {mine}; {workload.other} {theirs}"
    reach = workload.reach
    if reach is None:
        return Row(name, _percent(change), beside=beside)
    if reach.most is None:
        return Row(name, _percent(change), f"≤ {_percent(reach.change)}", change <= reach.change, beside)
    reached = change <= reach.change and cost <= reach.most
    figure = f"{cost:.2f}, {_percent(change)}"
    return Row(name, figure, f"≤ {reach.most:g}, ≤ {_percent(reach.change)}", reached, beside)


def _percent(change: float) -> str:
    return f"{100 * change:+.0f} %".replace("-", "−")
