"""`python -m loadtest bench`: measures the CPU seconds of the media worker process, from /proc.

The worker is driven directly over its unix socket, without signaling; the endpoints run in this process and are not
counted. A figure holds everything the worker did during the measured time; only from the cost of joins that of the
room's other work is subtracted, which is measured before and after them.
"""

import asyncio
import json
import os
import platform
import statistics
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from loadtest.bench import receivers_cost
from loadtest.bench.seating import (
    MIXED,
    POINTS,
    camera,
    composed_s,
    filler_clip,
    no_camera,
    received,
    seat_cameras,
    seat_viewers,
    seat_voices,
)
from loadtest.bench.session_cost import session_core_pct
from loadtest.bench.worker_harness import BenchRoom, bench_room, run_module
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.receive_counters import Tally
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.endpoint.sender import PTIME_MS
from loadtest.load import procfs
from loadtest.media.clip import FPS, Material

RECEIVERS = (10, 30, 60)
BEFORE, JOINS = 20, 60
"""Peers that join before the measurement, so that the cost of the first ones is over; peers that join during it."""
TILES, TILE_CAMERAS = 16, 10
"""M-lines for tiles of a receiver whose memory is measured, and cameras: as many as a new line is trusted to carry."""
TILES_BEFORE, TILES_JOINS = 24, 48
"""Such receivers that join before the measurement, and during it."""
PATIENCE = 10
"""How often it is looked whether they see all cameras, once in `SETTLE_S`."""
BACKGROUND_S = 2.0
SETTLE_S = 2.0
MIN_SHARE = 0.9
"""Least share of the pictures, or of the mix, that must be received; with less the run fails."""
SOUND_BYTES = 40
"""An RTP packet of silence has 19 bytes, one of thirty tones about 90."""
STEADY_S = 6.0
"""Seconds before measuring: a single voice is forwarded unchanged once it has been steady for five seconds."""


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """Measured seconds of each figure, and the number of rounds of which the median is taken."""

    seconds: float = 20.0
    rounds: int = 3


QUICK = BenchSettings(seconds=4.0, rounds=1)


async def run(settings: BenchSettings, progress: Callable[[str], None]) -> dict[str, Any]:
    """Return all figures; each is the median of its rounds."""
    progress(f"{receivers_cost.RECEIVERS} receivers, forwarded and composed")
    many = await receivers_cost.figures(settings.seconds, settings.rounds)
    forward = {}
    for receivers in RECEIVERS:
        progress(f"forward to {receivers} receivers")
        forward[str(receivers)] = round(await _median(settings, partial(forward_us, receivers)), 2)
    progress("compose 16, and the least that it can cost")
    composed, least = await _compose(settings)
    progress(f"mix {MIXED}")
    mixed = await _median(settings, mix_pct)
    progress(f"a session of {POINTS} points, forwarded and composed")
    session = await session_core_pct(settings.seconds, settings.rounds)
    progress("forward without upper temporal layers")
    layers = await run_module("loadtest.bench.temporal_layers_cost", RECEIVERS[-1], settings.rounds)
    progress("the least that forwarding and mixing can cost")
    limits = {
        receivers: await run_module("loadtest.bench.forward_minimum", receivers, MIXED) for receivers in RECEIVERS
    }
    progress(f"{JOINS} joins")
    joins = [await join_cost() for _ in range(settings.rounds)]
    progress(f"memory of receivers with {TILES} m-lines for tiles")
    tiles_kb = [await tiles_kib() for _ in range(settings.rounds)]
    return {
        "forward_us_per_packet": forward,
        "forward_limit_us_per_packet": {str(n): round(limit["forward_us"], 2) for n, limit in limits.items()},
        "forward_paced_limit_us_per_packet": {
            str(n): round(limit["forward_paced_us"], 2) for n, limit in limits.items()
        },
        "temporal_layers_us_per_packet": {name: round(cost, 2) for name, cost in layers.items()},
        "compose_core_pct": round(composed, 1),
        "compose_floor_core_pct": round(least["core_pct"], 1),
        "compose_paced_floor_core_pct": round(least["paced_core_pct"], 1),
        "mix30_core_pct": round(mixed, 1),
        "mix30_limit_core_pct": round(_middle(limits.values(), "mix_pct"), 1),
        "mix30_paced_limit_core_pct": round(_middle(limits.values(), "mix_paced_pct"), 1),
        "session_core_pct": session,
        "receivers": many,
        "join_cpu_ms": round(statistics.median(ms for ms, _ in joins), 2),
        "memory_per_receiver_kb": round(statistics.median(kb for _, kb in joins)),
        "memory_per_receiver_of_tiles_kb": round(statistics.median(tiles_kb)),
        "conditions": conditions(settings),
    }


async def _median(settings: BenchSettings, measure: Callable[[float], Awaitable[float]]) -> float:
    return statistics.median([await measure(settings.seconds) for _ in range(settings.rounds)])


def _middle(runs: Iterable[dict[str, float]], name: str) -> float:
    return statistics.median(run[name] for run in runs)


async def _compose(settings: BenchSettings) -> tuple[float, dict[str, float]]:
    """Measure the worker and the least possible cost by turns, because a shared machine changes."""
    workers, minima = [], []
    for _ in range(settings.rounds):
        workers.append(await compose_pct(settings.seconds))
        minima.append(await run_module("loadtest.bench.compose_minimum", max(1, round(settings.seconds))))
    return statistics.median(workers), {name: _middle(minima, name) for name in minima[0]}


async def forward_us(receivers: int, seconds: float) -> float:
    """Return CPU microseconds per packet that reached a receiver: 150 video and 50 Opus packets a second to each.

    The publisher has the floor and everyone views its camera; its steady sound is forwarded, too.
    """
    async with bench_room() as room:
        await seat_viewers(room, receivers)
        await asyncio.sleep(STEADY_S)
        before = received(room)
        cpu = await room.cpu_s(seconds)
        return cpu * 1e6 / (received(room) - before)


async def compose_pct(seconds: float) -> float:
    """Return percent of a core for :func:`seat_cameras`. Raises RuntimeError when the composed picture is late."""
    async with bench_room() as room:
        await seat_cameras(room)
        await asyncio.sleep(SETTLE_S)
        before = composed_s(room)
        cpu = await room.cpu_s(seconds)
        shown_s = composed_s(room) - before
        if shown_s < seconds * MIN_SHARE:
            raise RuntimeError(f"the composed picture came with {FPS * shown_s / seconds:.1f} pictures/s only")
        return 100 * cpu / shown_s


async def mix_pct(seconds: float) -> float:
    """Return percent of a core for :func:`seat_voices`. Raises RuntimeError when somebody does not hear the mix."""
    async with bench_room() as room:
        await seat_voices(room)
        await asyncio.sleep(SETTLE_S)
        before = [endpoint.counters.audio() for endpoint in room.endpoints]
        cpu = await room.cpu_s(seconds)
        for endpoint, earlier in zip(room.endpoints, before, strict=True):
            _check_mix(endpoint.counters.audio() - earlier, seconds)
        return 100 * cpu / seconds


def _check_mix(got: Tally, seconds: float) -> None:
    """Raise RuntimeError unless so many seconds of sound came, a packet every 20 ms."""
    rate = got.packets / seconds
    if rate < MIN_SHARE * 1000 / PTIME_MS:
        raise RuntimeError(f"the mix came with {rate:.1f} packets/s only")
    if (size := got.bytes / got.packets) < SOUND_BYTES:
        raise RuntimeError(f"the mix came with {size:.0f} bytes a packet only, which is silence")


async def join_cost(checkout: Path | None = None) -> tuple[float, float]:
    """Return CPU milliseconds (seat, SDP, ICE, DTLS) and KiB per peer, over 60 joins of peers that view a camera.

    They offer microphone, camera and picture, and send nothing. `checkout` is the directory of the version whose
    worker is measured; None for this one. Raises RuntimeError when one of them does not see the camera.
    """
    async with bench_room(checkout=checkout) as room:
        await seat_viewers(room, BEFORE)
        await asyncio.sleep(STEADY_S)
        before_joins = await _per_packet(room)
        before, had = procfs.usage(room.pid), received(room)
        for _ in range(JOINS):
            await _join_silent(room)
        after, got = procfs.usage(room.pid), received(room)
        after_joins = await _per_packet(room)
        if blind := sum(not endpoint.counters.picture().frames for endpoint in room.endpoints[1:]):
            raise RuntimeError(f"{blind} of the peers that joined see nothing")
    cpu = after.cpu_s - before.cpu_s - (got - had) * (before_joins + after_joins) / 2
    return 1000 * cpu / JOINS, (after.rss_bytes - before.rss_bytes) / 1024 / JOINS


async def tiles_kib() -> float:
    """Return KiB for each receiver that offers 16 m-lines for tiles, and is forwarded ten cameras of 180 lines.

    More would be composed at first, and the compositor's memory comes and goes. Raises RuntimeError when one of the
    receivers lacks a camera.
    """
    async with bench_room() as room:
        for index in range(TILE_CAMERAS):
            sender = await room.seat(camera(index), OfferOptions(("VP8",), picture=False), counts="all")
            sender.sending.mic, sender.sending.layers = False, 1
        rss = []
        for receivers in (TILES_BEFORE, TILES_JOINS):
            for _ in range(receivers):
                await _join_tiles(room)
            await _tiles_seen(room)
            rss.append(procfs.usage(room.pid).rss_bytes)
    return (rss[1] - rss[0]) / 1024 / TILES_JOINS


async def _tiles_seen(room: BenchRoom) -> None:
    """Wait until each receiver sees all cameras. Raises RuntimeError when one still lacks some after a while."""
    for _ in range(PATIENCE):
        await asyncio.sleep(SETTLE_S)
        if not (blind := sum(not _sees_tiles(endpoint) for endpoint in room.endpoints[TILE_CAMERAS:])):
            return
    raise RuntimeError(f"{blind} of the receivers lack a camera")


async def _join_tiles(room: BenchRoom) -> None:
    offered = OfferOptions(("VP8", "H264"), camera=False, tiles=TILES, rtx=True)
    endpoint = await room.seat(Material((), no_camera), offered, visible=False, counts="all")
    endpoint.sending.mic = False


def _sees_tiles(endpoint: Endpoint) -> bool:
    """Return whether an endpoint is forwarded all cameras."""
    tiles = set(endpoint.tile_ssrcs.values())
    return sum(ssrc in tiles for ssrc in endpoint.counters.streams) == TILE_CAMERAS


async def _per_packet(room: BenchRoom) -> float:
    """Return CPU seconds for each packet that reaches a receiver."""
    before = received(room)
    return await room.cpu_s(BACKGROUND_S) / (received(room) - before)


async def _join_silent(room: BenchRoom) -> None:
    silent = Material((b"\xf8\xff\xfe",), lambda _codec, layers: (filler_clip(),) * layers)
    endpoint = await room.seat(silent, OfferOptions(), view="camera:0")
    endpoint.sending.mic = endpoint.sending.camera = False


def conditions(settings: BenchSettings) -> dict[str, Any]:
    """Return the conditions that the figures hold for."""
    model = next((line.split(": ")[1] for line in _cpuinfo() if line.startswith("model name")), platform.machine())
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "seconds": settings.seconds,
        "rounds": settings.rounds,
        "load_average": round(os.getloadavg()[0], 1),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _cpuinfo() -> list[str]:
    try:
        return Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return []


def write(figures: dict[str, Any], path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
