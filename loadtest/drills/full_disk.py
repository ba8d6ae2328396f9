"""The drills `leader-disk` and `worker-disk`: the disk of a machine is full to the last byte.

Each machine of a server or of a media worker has a small disk of its own. Recordings and documents lie in the folder
that all share, and PostgreSQL is on a machine of its own.
"""

import asyncio
import resource
import subprocess
import time
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, suppress
from itertools import pairwise
from pathlib import Path
from typing import Any

from loadtest.drills.drill import Drill, percentiles, until
from loadtest.drills.faults import BACK_S, signs_in
from loadtest.drills.lost_worker import recording_machine
from loadtest.drills.recording import composed_parts
from loadtest.drills.several_servers import SeveralServers, prepared
from loadtest.server.machines import Machine
from loadtest.server.postgresql import PostgreSql
from loadtest.time_limit import within

DISK_MB = 64
CHUNK = bytes(1 << 20)
FULL_S = 20.0
"""Seconds for which a disk is full."""
TOLD_S = 60.0
FREE, SIZE = 'diemcau_disk_free_bytes{folder="data"}', 'diemcau_disk_size_bytes{folder="data"}'
LOW_SHARE = 0.1
"""Of the alert `DiemcauDiskSpace`."""


def small_disks(workers: int, points: int, **settings: str) -> AbstractAsyncContextManager[SeveralServers[PostgreSql]]:
    """Return two servers and media workers on machines with small disks."""
    return prepared(workers, points, settings, _mount)


def _mount(folder: Path) -> Mapping[str, str]:
    """Mount the disk of a machine, unless it has one. Raises CalledProcessError."""
    folder.mkdir(exist_ok=True)
    if not folder.is_mount():
        mount = ("mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(folder))
        subprocess.run(mount, check=True)  # noqa: S603 - of ours
    return {"TMPDIR": str(folder)}


async def of_leader(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Fill the disk of the server that leads; return when administrators are told, by what the alert looks at."""
    servers = drill.server
    filler, began = _fill(servers, servers.leading.machine), time.monotonic()
    try:
        async with within(TOLD_S, "a full disk that is told"):
            while not _tells(await servers.metrics()):  # noqa: ASYNC110 - no event says so
                await asyncio.sleep(0.5)
        told = time.monotonic() - began
        return {"told_s": [told], **await _goes_on(drill, began)}
    finally:
        filler.unlink()


async def of_worker(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Fill the disk of the media worker that records, and let it write nothing more into the shared folder, either, as
    with a quota there; its recording goes on on another one. It comes back once it may write."""
    servers, machine = drill.server, await recording_machine(drill.server)
    host = next(each for each in drill.meetings if each.recorded).host
    process = servers.media[machine]
    filler, began = _fill(servers, machine), time.monotonic()
    _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, most))
    await until(lambda: not host.recorded.is_set(), BACK_S, "a host who is told that the recording stopped")
    told = [time.monotonic() - began]
    await until(host.recorded.is_set, BACK_S, "a recording that goes on elsewhere")
    found = {"recorded_again_s": [time.monotonic() - began], **await _goes_on(drill, began)}
    admitted = (await servers.metrics())[f'diemcau_media_records{{worker="{machine.name}/1"}}'] == 0
    gaps = [watcher.sound_gap_s for watcher in drill.watchers]
    filler.unlink()
    process.terminate()
    await process.wait()
    await servers.start_worker(machine)
    await servers.served(machine)
    return {"told_s": told, "told_to_administrators": admitted, "sound_gap_s": gaps, **found}


async def outcome(drill: Drill[Any]) -> dict[str, Any]:
    """Stop the recording; return whether it is whole in its parts, and the seconds between one and the next."""
    whole, parts = await composed_parts(drill)
    between = sorted(max(0.0, begin - end) for (_, end), (begin, _) in pairwise(parts))
    return {"recordings_whole": whole and len(parts) > 1, "parts": len(parts), "between_s": percentiles(between)}


def _fill(servers: SeveralServers[PostgreSql], machine: Machine) -> Path:
    """Write a file until the disk of a machine takes no byte more; return it."""
    filler = servers.folder / machine.name / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(CHUNK):
            pass
    return filler


async def _goes_on(drill: Drill[SeveralServers[PostgreSql]], began: float) -> dict[str, Any]:
    """Let somebody sign in and hosts command while a disk is full; return how fast meetings obey."""
    await signs_in(drill)
    obeys = await drill.obeyed(time.monotonic())
    await asyncio.sleep(max(0.0, began + FULL_S - time.monotonic()))
    recorded = all(each.host.recorded.is_set() for each in drill.meetings if each.recorded)
    return {"obeys_s": obeys, "recorded_on": recorded}


def _tells(metrics: Mapping[str, float]) -> bool:
    """Return whether the alert looks at a disk that is full."""
    return FREE in metrics and metrics[FREE] < LOW_SHARE * metrics[SIZE]
