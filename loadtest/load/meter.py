"""Measuring a hall for a while: what each endpoint got, and what the server's processes and the machine spent on it."""

import asyncio
import os
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from loadtest.endpoint.frame_timing import Listener
from loadtest.endpoint.participant_group import Seated
from loadtest.endpoint.receive_counters import Tally
from loadtest.load import procfs
from loadtest.load.runner import LoadRunner

CORES = os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Process:
    """One process of the server; CPU in percent of a core, memory in MB."""

    name: str
    pid: int
    cpu_pct: float
    memory_mb: float


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU in percent of a core: the server by process, these endpoints, and whatever else ran on the machine."""

    processes: tuple[Process, ...]
    endpoints_pct: float
    idle_pct: float

    @property
    def server_pct(self) -> float:
        """All processes of the server."""
        return sum(process.cpu_pct for process in self.processes)

    @property
    def others_pct(self) -> float:
        """Neither server nor endpoints."""
        return max(0.0, 100 * CORES - self.idle_pct - self.server_pct - self.endpoints_pct)


@dataclass(frozen=True, slots=True)
class Got:
    """What one endpoint got during the measured time; pauses in seconds."""

    name: str
    connected: bool
    pictures_per_s: float
    lost: int
    received: int
    sound_gaps: int
    sound_pause_s: float
    picture_pause_s: float
    fewest_lines: int


@dataclass(frozen=True, slots=True)
class Measured:
    """A measured time."""

    seconds: float
    got: tuple[Got, ...]
    spent: Spent

    @property
    def median_rate(self) -> float:
        """Pictures a second at the median endpoint."""
        return statistics.median(got.pictures_per_s for got in self.got) if self.got else 0.0


class Meter:
    """Measures from its making to :meth:`stop`."""

    def __init__(self, hall: LoadRunner, server_pid: int) -> None:
        # given
        self._server_pid = server_pid
        # owned
        self._seated: Sequence[Seated[Listener]] = hall.seated
        self._tallies = [seated.participant.tally() for seated in self._seated]
        self._used = procfs.processes(server_pid)
        self._own = time.process_time()
        self._idle = procfs.idle_seconds()
        self._began = time.monotonic()
        for seated in self._seated:
            seated.watcher.restart(self._began)

    def stop(self) -> Measured:
        """What was measured; those who left meanwhile are not counted."""
        now = time.monotonic()
        seconds = now - self._began
        spent = self._spent(seconds)
        got = [_got(s, before, seconds, now) for s, before in zip(self._seated, self._tallies, strict=True)]
        return Measured(seconds, tuple(got), spent)

    def _spent(self, seconds: float) -> Spent:
        endpoints, idle = time.process_time() - self._own, procfs.idle_seconds() - self._idle
        found = []
        for pid, usage in procfs.processes(self._server_pid).items():
            before = self._used.get(pid, procfs.Usage(0.0, 0)).cpu_s
            name = process_name(procfs.command(pid))
            found.append(Process(name, pid, 100 * (usage.cpu_s - before) / seconds, usage.rss_bytes / 1e6))
        return Spent(tuple(found), 100 * endpoints / seconds, 100 * idle / seconds)


async def measure(hall: LoadRunner, server_pid: int, seconds: float) -> Measured:
    """Let so much time pass and tell what came of it."""
    meter = Meter(hall, server_pid)
    await asyncio.sleep(seconds)
    return meter.stop()


def _got(seated: Seated[Listener], before: tuple[Tally, Tally], seconds: float, now: float) -> Got:
    listener, participant = seated.watcher, seated.participant
    listener.stop(now)
    sound, picture = participant.tally()
    total = sound + picture - before[0] - before[1]
    return Got(
        participant.name,
        participant.connected,
        listener.picture.beats / seconds,
        total.lost,
        total.packets,
        listener.sound.gaps,
        listener.sound.longest_s,
        listener.picture.longest_s,
        listener.fewest_lines,
    )


def process_name(words: Sequence[str]) -> str:
    """What a process of the server is: ``roof``, ``media-<n>``, ``valkey``, or its program's name."""
    if "mediaserver" in words:
        socket = next((word for word in words if word.endswith(".sock")), "media")
        return os.path.basename(socket).removesuffix(".sock")
    if "signaling" in words:
        return "roof"
    program = os.path.basename(words[0]) if words else "ended"
    return "valkey" if "valkey" in program else program


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which so large a share lies (nearest rank); 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered)) - 1))] if ordered else 0.0


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, 95th percentile, and largest."""
    return {
        "median": round(quantile(values, 0.5), 2),
        "p95": round(quantile(values, 0.95), 2),
        "max": round(max(values, default=0.0), 2),
    }
