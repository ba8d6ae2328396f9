"""Measures a load: what each endpoint receives, and the CPU of the server's processes and of the machine."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.endpoint.frame_timing import ArrivalWatcher
from loadtest.endpoint.participant_group import SeatedParticipant
from loadtest.endpoint.receive_counters import Tally
from loadtest.load import procfs
from loadtest.load.cases import COMPOSED_HEIGHT
from loadtest.load.runner import LoadRunner

CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class ProcessUsage:
    """One process of the server; CPU in percent of a core, memory in MB."""

    name: str
    pid: int
    cpu_pct: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class CpuUsage:
    """CPU in percent of a core: the server by process, these endpoints, and everything else on the machine."""

    processes: tuple[ProcessUsage, ...]
    endpoints_pct: float
    idle_pct: float

    @property
    def server_pct(self) -> float:
        """CPU of all processes of the server."""
        return sum(process.cpu_pct for process in self.processes)

    @property
    def others_pct(self) -> float:
        """CPU of all processes but the server and the endpoints."""
        return max(0.0, 100 * CORES - self.idle_pct - self.server_pct - self.endpoints_pct)


@dataclass(frozen=True, slots=True)
class EndpointResult:
    """Media that one endpoint received during the measured time; pauses in seconds, heights in pixels.

    Of an endpoint that was forwarded the `tiles` of its layout, rate and pause are those of its poorest tile; `whole`
    says that each tile had its camera, or that the composed picture always had its full height. Pauses in sound count
    where somebody else has the floor: of silence hardly anything is sent.
    """

    name: str
    connected: bool
    pictures_per_s: float
    lost: int
    received: int
    sound_gaps: int
    sound_pause_s: float
    picture_pause_s: float
    lowest_height: int
    tiles: int = 0
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Measurement:
    """Media that all endpoints received, and CPU that was used, in so many seconds."""

    seconds: float
    endpoints: tuple[EndpointResult, ...]
    cpu: CpuUsage

    @property
    def median_rate(self) -> float:
        """Pictures a second at the median endpoint."""
        return statistics.median(each.pictures_per_s for each in self.endpoints) if self.endpoints else 0.0


class Meter:
    """Measures from its construction to :meth:`stop`; `server_pid` is the root of the server's process tree."""

    def __init__(self, runner: LoadRunner, server_pid: int) -> None:
        self._server_pid = server_pid
        self._seated: Sequence[SeatedParticipant[ArrivalWatcher]] = runner.seated
        self._tallies = [seated.participant.tally() for seated in self._seated]
        self._usage_before = procfs.processes(server_pid)
        self._own_cpu_before = time.process_time()
        self._idle_before = procfs.idle_seconds()
        self._began_at = time.monotonic()
        for seated in self._seated:
            seated.watcher.restart(self._began_at)

    def stop(self) -> Measurement:
        """Return the results of all participants that were seated at the start."""
        now = time.monotonic()
        seconds = now - self._began_at
        cpu = self._cpu_usage(seconds)
        endpoints = [received(s, before, seconds, now) for s, before in zip(self._seated, self._tallies, strict=True)]
        return Measurement(seconds, tuple(endpoints), cpu)

    def _cpu_usage(self, seconds: float) -> CpuUsage:
        endpoints, idle = time.process_time() - self._own_cpu_before, procfs.idle_seconds() - self._idle_before
        found = []
        for pid, usage in procfs.processes(self._server_pid).items():
            before = self._usage_before.get(pid, procfs.Usage(0.0, 0)).cpu_s
            name = process_name(procfs.command(pid))
            found.append(ProcessUsage(name, pid, 100 * (usage.cpu_s - before) / seconds, usage.rss_bytes / 1e6))
        return CpuUsage(tuple(found), 100 * endpoints / seconds, 100 * idle / seconds)


async def measure(runner: LoadRunner, server_pid: int, seconds: float) -> Measurement:
    """Measure for so many seconds."""
    meter = Meter(runner, server_pid)
    await asyncio.sleep(seconds)
    return meter.stop()


def received(
    seated: SeatedParticipant[ArrivalWatcher], before: tuple[Tally, Tally], seconds: float, now: float
) -> EndpointResult:
    """Return what a participant received in the last `seconds`; `before` are its counters at their beginning."""
    watcher, participant = seated.watcher, seated.participant
    watcher.stop(now)
    sound, picture = participant.tally()
    total = sound + picture - before[0] - before[1]
    tiles = [watcher.stream(ssrc) for ssrc in participant.tile_ssrcs]
    pictures = tiles or [watcher.picture]
    full = not participant.misses_tiles if tiles else watcher.lowest_height >= COMPOSED_HEIGHT
    return EndpointResult(
        participant.name,
        participant.connected,
        min(stream.arrivals for stream in pictures) / seconds,
        total.lost,
        total.packets,
        watcher.sound.gaps if participant.hears_others else 0,
        watcher.sound.longest_s if participant.hears_others else 0.0,
        max(stream.longest_s for stream in pictures),
        watcher.lowest_height,
        tiles=len(tiles),
        whole=full,
    )


def process_name(words: Sequence[str]) -> str:
    """Return the name of a server process in reports: ``roof`` for the server itself, ``media-<n>``, ``valkey``, or its
    program's name."""
    if "mediaserver" in words:
        socket = next((word for word in words if word.endswith(".sock")), "media")
        return os.path.basename(socket).removesuffix(".sock")
    if "signaling" in words:
        return "roof"
    program = os.path.basename(words[0]) if words else "ended"
    return "valkey" if "valkey" in program else program


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which such a share lies (nearest rank); 0 for no values."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))] if ordered else 0.0


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Return median, 95th percentile, and largest value."""
    return {
        "median": round(quantile(values, 0.5), 2),
        "p95": round(quantile(values, 0.95), 2),
        "max": round(max(values, default=0.0), 2),
    }
