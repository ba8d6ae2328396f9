"""`python -m loadtest delay`: measures the latency of composed picture and mix, and their lip sync.

Sixteen cameras are composed, as in `bench`. One of them turns white at the moment its microphone beeps, once in two
seconds. Delay runs from the moment the flash or beep leaves that endpoint to the moment it has come to another one that
sees the composed picture and hears the mix; both are in one process and read one clock. The measurement is repeated in
several takes, because the phase between the clocks of endpoint and server differs in each. In some takes both endpoints
are behind an emulated network: a lossy one loses half of all datagrams for 0.7 s before each measured span, a stalling
one holds them back for up to 0.1 s again and again.
"""

import asyncio
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from loadtest.bench import av_sync_probe
from loadtest.bench.av_sync_probe import AvSyncListener, AvSyncProbe, Moments, after
from loadtest.bench.compose_minimum import SENDERS
from loadtest.bench.seating import camera
from loadtest.bench.worker_cost import SETTLE_S
from loadtest.bench.worker_harness import ROOM, WorkerRoom, bench_room
from loadtest.endpoint.network_emulator import NetworkEmulator
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.load.meter import quantile
from mediaserver.transport.ice import Address

PathKind = Literal["good", "lossy", "stalling"]
TAKES: dict[PathKind, int] = {"good": 8, "lossy": 4, "stalling": 4}
PAIRS = 8
"""Flash and beep pairs in each take, but for lossy paths."""
BURSTS = 2
"""Bursts of loss in each take on a lossy network; three flashes are measured after each."""
PAIRS_AFTER_BURST = 3
PATH_BPS = 10e6
STALL_S = 0.1
LOSS = 0.5
BURST_S = 0.7
CALM_S = 0.2
"""Seconds from a flash to the burst. The next flash is more than a second after its end, when pictures must be
received again."""
LONGEST_S = 0.9
"""Longest latency in seconds; what takes longer is missing."""
NEAR_S = 0.4
"""A flash and a beep that are nearer belong together, in seconds."""
OFFERED = OfferOptions(("H264",), 1, picture=False)
SHARES = (0.0, 0.05, 0.5, 0.95, 1.0)


@dataclass(slots=True)
class Delays:
    """Latencies of all takes over one kind of network path, in seconds."""

    picture: list[float] = field(default_factory=list)
    sound: list[float] = field(default_factory=list)
    skew: list[float] = field(default_factory=list)
    """Seconds by which sound is later than its picture, beyond their difference at the sending endpoint."""
    recorded: list[float] = field(default_factory=list)
    """The same, in the recording."""


async def run(progress: Callable[[str], None]) -> dict[PathKind, Delays]:
    """Measure all takes over each kind of path. Raises RuntimeError when a flash or beep was not received."""
    found = {kind: Delays() for kind in TAKES}
    for kind, takes in TAKES.items():
        for number in range(1, takes + 1):
            progress(f"{kind} network: take {number} of {takes}")
            await _take(found[kind], kind)
    return found


async def _take(delays: Delays, kind: PathKind) -> None:
    listener, probe = AvSyncListener(), AvSyncProbe()
    with tempfile.TemporaryDirectory(prefix="diemcau-delay-") as directory:
        film = Path(directory) / "film.mp4"
        async with bench_room() as room:
            with NetworkEmulator(await _fill(room), PATH_BPS) as emulator:
                emulator.stall_s = STALL_S if kind == "stalling" else 0.0
                await _seat(room, None if kind == "good" else emulator, probe, listener)
                await asyncio.sleep(SETTLE_S)
                await probe.flashed()
                await asyncio.sleep(LONGEST_S)
                listener.reset()
                await room.engine.start_recording(ROOM, str(film))
                await (_bursts(emulator, probe) if kind == "lossy" else probe.measure(PAIRS, LONGEST_S))
                await room.engine.stop_recording(ROOM)
        with film.open("rb") as file:
            flashes, beeps = av_sync_probe.recorded(file)
    add(delays, probe.measured(probe.flashes), probe.measured(probe.beeps), listener)
    delays.recorded += [skew - probe.beep_delay_s for skew in after(flashes, beeps, -NEAR_S, NEAR_S).values()]


async def _fill(room: WorkerRoom) -> Address:
    """Seat all cameras but one; return the worker's address for media."""
    for index in range(1, SENDERS):
        silent = await room.seat(camera(index), OFFERED)
        silent.sending.mic = False
    return silent.server


async def _seat(
    room: WorkerRoom, emulator: NetworkEmulator | None, probe: AvSyncProbe, listener: AvSyncListener
) -> None:
    endpoint = await room.seat(av_sync_probe.material(), OFFERED, floor=True, emulator=emulator)
    endpoint.sending.on_loop_start = probe.loop_started
    offered = OfferOptions(("H264",), camera=False)
    viewer = await room.seat(camera(0), offered, visible=False, watcher=listener, emulator=emulator)
    viewer.sending.mic = False


async def _bursts(emulator: NetworkEmulator, probe: AvSyncProbe) -> None:
    for _ in range(BURSTS):
        await probe.flashed()
        await asyncio.sleep(CALM_S)
        emulator.loss = LOSS
        await asyncio.sleep(BURST_S)
        emulator.loss = 0.0
        await probe.measure(PAIRS_AFTER_BURST, LONGEST_S)


class ReceivedPairs(Protocol):
    """The received flashes and beeps."""

    @property
    def flashes(self) -> Moments:
        """Times at which the flashes were received."""

    @property
    def beeps(self) -> Moments:
        """Times at which the beeps could be heard."""


def add(delays: Delays, flashes: Moments, beeps: Moments, received: ReceivedPairs) -> None:
    """Add the latency of each flash and beep that was sent. Raises RuntimeError when one was not received."""
    seen = after(flashes, received.flashes, 0, LONGEST_S)
    heard = after(beeps, received.beeps, 0, LONGEST_S)
    if (len(seen), len(heard)) != (len(flashes), len(beeps)):
        raise RuntimeError(f"of {len(flashes)} flashes {len(seen)} came, of {len(beeps)} beeps {len(heard)}")
    delays.picture += seen.values()
    delays.sound += heard.values()
    delays.skew += [late - early for early, late in zip(seen.values(), heard.values(), strict=True)]


def table(found: Mapping[PathKind, Delays]) -> str:
    """Return a table in Markdown, in ms."""
    good, lossy, stalling = (found[kind] for kind in TAKES)
    rows = [
        ["ms", "least", *(f"{share:.0%}" for share in SHARES[1:-1]), "most"],
        ["---"] * (1 + len(SHARES)),
        ["delay of the picture", *_shares(good.picture)],
        ["delay of the mix", *_shares(good.sound)],
        ["sound after picture, live", *_shares(good.skew)],
        ["sound after picture, recorded", *_shares(good.recorded)],
        ["after bursts of loss, live", *_shares(lossy.skew)],
        ["with bursts of loss, recorded", *_shares(lossy.recorded)],
        ["on a line that stalls, live", *_shares(stalling.skew)],
        ["on a line that stalls, recorded", *_shares(stalling.recorded)],
    ]
    return "\n".join("| " + " | ".join(row) + " |" for row in rows)


def _shares(values: list[float]) -> list[str]:
    return [f"{1000 * quantile(values, share):.0f}" for share in SHARES]
