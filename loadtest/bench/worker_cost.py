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
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from loadtest.bench import compose_minimum
from loadtest.bench.worker_harness import BenchRoom, bench_room
from loadtest.endpoint.receive_counters import Tally
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.endpoint.sender import PTIME_MS
from loadtest.load import procfs
from loadtest.media.clip import FPS, Clip, Codec, Frame, Material
from loadtest.media.picture import cache_directory, clips
from loadtest.media.tone import encode_tone, tone_hz

RECEIVERS = (10, 30, 60)
MIXED = 30
DRAWING = 12
"""Points of a meeting in which everybody is forwarded everybody else's camera, of 180 lines."""
BEFORE, JOINS = 20, 60
"""Peers that join before the measurement, so that the cost of the first ones is over; peers that join during it."""
BACKGROUND_S = 2.0
VIDEO_PACKETS_PER_PICTURE = 6
"""150 packets/s at 25 pictures/s."""
VIDEO_PACKET_BYTES = 1100
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
    forward = {}
    for receivers in RECEIVERS:
        progress(f"forward to {receivers} receivers")
        forward[str(receivers)] = round(await _median(settings, partial(forward_us, receivers)), 2)
    progress("compose 16, and the least that it can cost")
    composed, least = await _compose(settings)
    progress(f"mix {MIXED}")
    mixed = await _median(settings, mix_pct)
    progress(f"{DRAWING} points that see each other")
    drawn = await _median(settings, tiles_pct)
    progress("the least that forwarding and mixing can cost")
    limits = {
        receivers: await _run_module("loadtest.bench.forward_minimum", receivers, MIXED) for receivers in RECEIVERS
    }
    progress(f"{JOINS} joins")
    joins = [await join_cost() for _ in range(settings.rounds)]
    return {
        "forward_us_per_packet": forward,
        "forward_limit_us_per_packet": {str(n): round(limit["forward_us"], 2) for n, limit in limits.items()},
        "forward_paced_limit_us_per_packet": {
            str(n): round(limit["forward_paced_us"], 2) for n, limit in limits.items()
        },
        "compose_core_pct": round(composed, 1),
        "compose_floor_core_pct": round(least["core_pct"], 1),
        "compose_paced_floor_core_pct": round(least["paced_core_pct"], 1),
        "mix30_core_pct": round(mixed, 1),
        "mix30_limit_core_pct": round(_middle(limits.values(), "mix_pct"), 1),
        "mix30_paced_limit_core_pct": round(_middle(limits.values(), "mix_paced_pct"), 1),
        "tiles12_core_pct": round(drawn, 2),
        "join_cpu_ms": round(statistics.median(ms for ms, _ in joins), 2),
        "memory_per_receiver_kb": round(statistics.median(kb for _, kb in joins)),
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
        minima.append(await _run_module("loadtest.bench.compose_minimum", max(1, round(settings.seconds))))
    return statistics.median(workers), {name: _middle(minima, name) for name in minima[0]}


async def forward_us(receivers: int, seconds: float) -> float:
    """Return CPU microseconds per packet that reached a receiver: 150 video and 50 Opus packets a second to each.

    The publisher has the floor and everyone views its camera; its steady sound is forwarded, too.
    """
    async with bench_room() as room:
        await seat_viewers(room, receivers)
        await asyncio.sleep(STEADY_S)
        before = received(room)
        cpu = await _cpu(room, seconds)
        return cpu * 1e6 / (received(room) - before)


async def seat_viewers(room: BenchRoom, receivers: int) -> None:
    """Seat one publisher with the floor, and so many viewers of its camera and voice."""
    publisher = Material(encode_tone(tone_hz(0)), lambda _codec, _layers: (_filler_clip(),))
    await room.seat(publisher, OfferOptions(("VP8",), 1, picture=False), floor=True)
    for _ in range(receivers):
        endpoint = await room.seat(publisher, OfferOptions(("VP8",), camera=False), view="camera:0")
        endpoint.sending.mic = False


def received(room: BenchRoom) -> int:
    """Return the packets that reached the viewers."""
    return sum((c.counters.audio() + c.counters.picture()).packets for c in room.endpoints[1:])


def _filler_clip() -> Clip:
    """Return a clip that is VP8 as far as a forwarder reads it: descriptor, key frame header of 640x360, then noise."""
    frames = []
    for at in range(2 * FPS):
        tag = bytes([0x10 | (at != 0), 0, 0]) + (b"\x9d\x01\x2a\x80\x02\x68\x01" if at == 0 else b"")
        first, rest = b"\x90\x80\x80\x00" + tag, b"\x80\x80\x80\x00"
        heads = [first] + [rest] * (VIDEO_PACKETS_PER_PICTURE - 1)
        frames.append(Frame(tuple(h + os.urandom(VIDEO_PACKET_BYTES - 12 - len(h)) for h in heads), at == 0))
    return Clip("VP8", 640, 360, tuple(frames))


async def compose_pct(seconds: float) -> float:
    """Return percent of a core for :func:`seat_cameras`. Raises RuntimeError when the composed picture is late."""
    async with bench_room() as room:
        await seat_cameras(room)
        await asyncio.sleep(SETTLE_S)
        before = composed_s(room)
        cpu = await _cpu(room, seconds)
        shown_s = composed_s(room) - before
        if shown_s < seconds * MIN_SHARE:
            raise RuntimeError(f"the composed picture came with {FPS * shown_s / seconds:.1f} pictures/s only")
        return 100 * cpu / shown_s


def composed_s(room: BenchRoom) -> float:
    """Return the seconds of composed picture received, by its pictures, so that skipped ones do not make it cheaper."""
    return room.endpoints[-1].counters.picture().frames / FPS


async def seat_cameras(room: BenchRoom) -> None:
    """Seat 16 senders of H.264 640x360 at 25 pictures/s, and last one viewer of the composed 720p25; no sound."""
    for index in range(compose_minimum.SENDERS):
        endpoint = await room.seat(camera(index), OfferOptions(("H264",), 1, picture=False))
        endpoint.sending.mic = False
    viewer = await room.seat(Material((), _no_camera), OfferOptions(("H264",), camera=False), visible=False)
    viewer.sending.mic = False


def camera(index: int) -> Material:
    """Return one of four moving pictures, without sound."""
    return Material(
        (), partial(clips, compose_minimum.CARDS[index % len(compose_minimum.CARDS)], cache=cache_directory())
    )


async def _run_module(module: str, *numbers: int) -> dict[str, float]:
    """Run a module in a process of its own; return the figures that it prints as JSON."""
    arguments = ["-m", module, *map(str, numbers)]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    output, _ = await process.communicate()
    return dict(json.loads(output))


async def mix_pct(seconds: float) -> float:
    """Return percent of a core for :func:`seat_voices`. Raises RuntimeError when somebody does not hear the mix."""
    async with bench_room() as room:
        await seat_voices(room)
        await asyncio.sleep(SETTLE_S)
        before = [endpoint.counters.audio() for endpoint in room.endpoints]
        cpu = await _cpu(room, seconds)
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


async def tiles_pct(seconds: float) -> float:
    """Return percent of a core for :func:`seat_viewers_of_each_other`. Raises RuntimeError when cameras are missing."""
    async with bench_room() as room:
        await seat_viewers_of_each_other(room)
        await asyncio.sleep(SETTLE_S)
        before = [endpoint.counters.picture() for endpoint in room.endpoints]
        cpu = await _cpu(room, seconds)
        for endpoint, earlier in zip(room.endpoints, before, strict=True):
            rate = (endpoint.counters.picture() - earlier).frames / seconds / (DRAWING - 1)
            if rate < MIN_SHARE * FPS:
                raise RuntimeError(f"each camera came with {rate:.1f} pictures/s only")
        return 100 * cpu / seconds


async def seat_viewers_of_each_other(room: BenchRoom) -> None:
    """Seat 12 senders of VP8 at 180 lines and 25 pictures/s, to which the cameras of all others are forwarded."""
    for place in range(DRAWING):
        endpoint = await room.seat(camera(place), OfferOptions(("VP8",), tiles=DRAWING))
        endpoint.sending.mic, endpoint.sending.layers = False, 1


async def seat_voices(room: BenchRoom) -> None:
    """Seat 30 peers with the floor that send tones, each gets the mix without its own; no picture."""
    for index in range(MIXED):
        tone = Material(encode_tone(tone_hz(index)), _no_camera)
        await room.seat(tone, OfferOptions(camera=False, picture=False), floor=True)


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


async def _per_packet(room: BenchRoom) -> float:
    """Return CPU seconds for each packet that reaches a receiver."""
    before = received(room)
    return await _cpu(room, BACKGROUND_S) / (received(room) - before)


async def _join_silent(room: BenchRoom) -> None:
    silent = Material((b"\xf8\xff\xfe",), lambda _codec, layers: (_filler_clip(),) * layers)
    endpoint = await room.seat(silent, OfferOptions(), view="camera:0")
    endpoint.sending.mic = endpoint.sending.camera = False


def _no_camera(_codec: Codec, _layers: int) -> tuple[Clip, ...]:
    return ()


async def _cpu(room: BenchRoom, seconds: float) -> float:
    before = procfs.usage(room.pid).cpu_s
    await asyncio.sleep(seconds)
    return procfs.usage(room.pid).cpu_s - before


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


TARGETS = {"10": "7", "30": "5", "60": "4.5"}
OTHER_SERVERS = {
    "10": "mediasoup 10.0 · Galene 14.0 · Janus tuned 16.2, default 24.5",
    "30": "mediasoup 6.6 · Galene 12.1 · Janus tuned 11.8, default 20.8",
    "60": "mediasoup 6.2 · Galene 8.4 · Janus tuned 9.1, default 20.2",
}
"""Figures of other servers, measured once on a machine of two such cores in the same way."""
NAIVE = "For scale: aiortc's MediaRelay, which encodes for each receiver anew, takes 10 to 15 core-% for one."


def table(figures: dict[str, Any]) -> str:
    """Return the figures as Markdown, beside the least possible costs, the targets, and other servers."""
    host, limits, paced = (
        figures["conditions"],
        figures["forward_limit_us_per_packet"],
        figures["forward_paced_limit_us_per_packet"],
    )
    rows = [
        (f"forward, 1 to {n}: µs per packet", us, limits[n], paced[n], f"≤ {TARGETS[n]}", OTHER_SERVERS[n])
        for n, us in figures["forward_us_per_packet"].items()
    ]
    rows += [
        (
            "16 × H.264 640x360@25 composed to 720p25, core-%",
            figures["compose_core_pct"],
            figures["compose_floor_core_pct"],
            figures["compose_paced_floor_core_pct"],
            "≤ 25",
            "FreeSWITCH 35.1, mix too · from files: FFmpeg xstack 29.6, GStreamer compositor 27.2",
        ),
        (
            "mix of 30 senders, core-%",
            figures["mix30_core_pct"],
            figures["mix30_limit_core_pct"],
            figures["mix30_paced_limit_core_pct"],
            "≤ 10",
            "Janus 41.6",
        ),
        (
            f"{DRAWING} points, each forwarded the {DRAWING - 1} others at 180 lines, core-%",
            figures["tiles12_core_pct"],
            "–",
            "–",
            "≤ 2.5",
            "–",
        ),
        (
            "join (seat, SDP, ICE, DTLS), ms",
            figures["join_cpu_ms"],
            "–",
            "–",
            "≤ 4",
            "Janus 2–6 · Galene 5 · mediasoup 5–9",
        ),
        (
            "memory per receiver, KiB",
            figures["memory_per_receiver_kb"],
            "–",
            "–",
            "≤ 150",
            "mediasoup 160 · Janus 181–233 · Galene 420",
        ),
    ]
    heads = ("CPU of the media worker", "this server", "plain limit", "in the media's rhythm", "reach", "peers")
    lines = [f"| {' | '.join(heads)} |", f"|{' --- |' * len(heads)}"]
    lines += [f"| {' | '.join(map(str, row))} |" for row in rows]
    note = f"{host['cpu']}, {host['cores']} cores, Python {host['python']}, Linux {host['kernel']}; "
    note += f"{host['seconds']:g} s each, median of {host['rounds']}, load {host['load_average']}, {host['date']}."
    return "\n".join([*lines, "", NAIVE, "", note])


def write(figures: dict[str, Any], path: Path) -> None:
    """Write the figures as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(figures, indent=2) + "\n")
