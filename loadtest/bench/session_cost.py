"""Measures what a session of twelve points costs the media worker, by the way in which its points see each other."""

import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from loadtest.bench.seating import POINTS, seat_session
from loadtest.bench.worker_harness import BenchRoom, WorkerRoom, bench_room
from loadtest.endpoint.receive_counters import Tally
from loadtest.media.clip import FPS

SESSIONS = 4
"""Sessions that are forwarded in one worker: one alone costs little more than the worker's waking up. A province's
workers hold five each."""
STEADY_S = 6.0
"""Seconds before measuring: a single voice is forwarded unchanged once it has been steady for five seconds."""
SETTLE_S = 3.0
"""Seconds until every point sees what it shall."""
MIN_SHARE = 0.9
"""Least share of the pictures that each point must receive; with less the run fails."""


async def session_core_pct(seconds: float, rounds: int) -> dict[str, float]:
    """Return percent of a core for one session, by what is done for it; medians of so many rounds."""
    ways = {"forwarded": forwarded_pct, "composed": composed_pct, "recorded": recorded_pct}
    return {"points": POINTS} | {way: await _median(cost, seconds, rounds) for way, cost in ways.items()}


async def _median(cost: Callable[[float], Awaitable[float]], seconds: float, rounds: int) -> float:
    return round(statistics.median([await cost(seconds) for _ in range(rounds)]), 2)


async def forwarded_pct(seconds: float, sessions: int = SESSIONS) -> float:
    """Return percent of a core for a session whose points are forwarded the cameras of all others.

    So many are held in one worker. Raises RuntimeError when cameras are missing.
    """
    async with bench_room() as room:
        await seat_sessions(room, sessions)
        await asyncio.sleep(SETTLE_S)
        return await _core_pct(room, seconds, POINTS - 1) / sessions


async def composed_pct(seconds: float) -> float:
    """Return percent of a core for a session that is composed for all of its points. Raises RuntimeError when it is
    late."""
    async with bench_room() as room:
        await seat_session(room, composed=True)
        await asyncio.sleep(SETTLE_S)
        return await _core_pct(room, seconds, 1)


async def recorded_pct(seconds: float, sessions: int = SESSIONS) -> float:
    """Return percent of a core that a forwarded session costs more while it is recorded as tracks.

    So many are held in one worker; in each one point speaks, whose voice is relayed as it comes unless it is recorded.
    Raises RuntimeError when cameras are missing, or a recording.
    """
    with tempfile.TemporaryDirectory(prefix="diemcau-bench-") as directory:
        async with bench_room() as room:
            await seat_sessions(room, sessions, speaks=True)
            await asyncio.sleep(STEADY_S)
            before = await _core_pct(room, seconds, POINTS - 1)
            await _record(room, sessions, Path(directory))
            return (await _core_pct(room, seconds, POINTS - 1) - before) / sessions


async def _record(room: WorkerRoom, sessions: int, directory: Path) -> None:
    """Begin to record each session as tracks."""
    for number in range(sessions):
        name = f"session-{number}"
        await room.engine.start_recording(name, str(directory / f"{name}.mp4"), "afterwards")
    await asyncio.sleep(SETTLE_S)
    for number in range(sessions):
        recorded = await room.engine.recorded(f"session-{number}")
        if recorded is None or recorded < MIN_SHARE * SETTLE_S:
            raise RuntimeError(f"of a session {recorded} s were recorded only")


async def seat_sessions(room: BenchRoom, sessions: int = SESSIONS, *, speaks: bool = False) -> None:
    """Seat so many sessions, each in a room of its own, whose points are forwarded the cameras of all others; in each
    one point speaks, or nobody."""
    for number in range(sessions):
        await seat_session(room, f"session-{number}", speaks=speaks)


def session_seconds(room: BenchRoom) -> float:
    """Return the seconds of sessions that were forwarded so far, by the pictures that came, so that missing ones do not
    make them cheaper."""
    frames = sum(endpoint.counters.picture().frames for endpoint in room.endpoints)
    return frames / (FPS * POINTS * (POINTS - 1))


async def _core_pct(room: BenchRoom, seconds: float, streams: int) -> float:
    """Return percent of a core. Raises RuntimeError when a point lacks pictures of the `streams` that it is sent."""
    before = [endpoint.counters.picture() for endpoint in room.endpoints]
    cpu = await room.cpu_s(seconds)
    for endpoint, earlier in zip(room.endpoints, before, strict=True):
        _check_pictures(endpoint.counters.picture() - earlier, seconds * streams)
    return 100 * cpu / seconds


def _check_pictures(got: Tally, seconds: float) -> None:
    if (rate := got.frames / seconds) < MIN_SHARE * FPS:
        raise RuntimeError(f"each camera came with {rate:.1f} pictures/s only")
