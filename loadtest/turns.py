"""`python -m loadtest turns OTHER`: what forwarding costs with another checkout's worker and Python, and with our own.

A shared machine changes by a third within the hour, so both run by turns within minutes, on the same endpoints. A run's
figure is the lower quartile of its half seconds: whatever disturbs makes them dearer, nothing makes them cheaper.
"""

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path

from loadtest import probe
from loadtest.bench import STEADY_S, received, seat_viewers
from loadtest.media import Bench, bench_room

WINDOW_S = 0.5

Pair = tuple[float, float]
"""CPU microseconds per packet that reached a receiver: the other version's, and this one's."""


async def run(other: Path, receivers: int, seconds: float, rounds: int, progress: Callable[[str], None]) -> list[Pair]:
    """A pair for each round, whose order turns. Raises ValueError when `other` has no compiled media worker."""
    parts = "mediaserver/_wire*.so", ".venv/bin/python"
    if not all(any(other.glob(part)) for part in parts):  # noqa: ASYNC240 - before anything runs
        raise ValueError(f"no compiled media worker in {other}: `make install` there makes one")
    pairs = []
    for number in range(rounds):
        progress(f"round {number + 1} of {rounds}")
        order = (other, None) if number % 2 == 0 else (None, other)
        cost = {at: await _forward_us(at, receivers, seconds) for at in order}
        pairs.append((cost[other], cost[None]))
    return pairs


async def _forward_us(at: Path | None, receivers: int, seconds: float) -> float:
    async with bench_room(at=at) as bench:
        await seat_viewers(bench, receivers)
        await asyncio.sleep(STEADY_S)
        windows = [await _window(bench) for _ in range(max(2, round(seconds / WINDOW_S)))]
    return lower_quartile(windows)


async def _window(bench: Bench) -> float:
    cpu, packets = probe.running_seconds(bench.pid), received(bench)
    await asyncio.sleep(WINDOW_S)
    return (probe.running_seconds(bench.pid) - cpu) * 1e6 / max(1, received(bench) - packets)


def lower_quartile(windows: list[float]) -> float:
    """The lower quartile, never beyond what was measured: two that differ much would be drawn out below zero."""
    return statistics.quantiles(windows, n=4, method="inclusive")[0]


def table(pairs: list[Pair], receivers: int) -> str:
    """The rounds as Markdown, and by how much this version is cheaper or dearer in their median."""
    before, now = (" · ".join(f"{pair[at]:.1f}" for pair in pairs) for at in (0, 1))
    change = statistics.median(mine / theirs for theirs, mine in pairs) - 1
    return (
        f"| by turns | other | this one | change |\n| --- | --- | --- | --- |\n"
        f"| forward to {receivers}, µs | {before} | {now} | {change:+.0%} |"
    )
