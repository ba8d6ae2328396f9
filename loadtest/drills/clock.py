"""The drills `worker-clock` and `leader-clock`: the clock of a machine is five minutes off, forwards and back.

All programs of the machines of servers and media workers follow clocks of their own, by Debian's libfaketime; the
kernel's times of packets, the monotonic clock, and what waits by it stay right.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from loadtest.drills.drill import Drill, until
from loadtest.drills.faults import signs_in
from loadtest.drills.lost_worker import recording_machine
from loadtest.drills.several_servers import SeveralServers, prepared
from loadtest.server.machines import Machine
from loadtest.server.postgresql import PostgreSql
from loadtest.time_limit import within

LIBRARY = "faketime/libfaketimeMT.so.1"
TIMER = b"\0timerfd_settime\0"
"""Where the library's table of symbols names the function that sets a timer."""
OFFSETS_S = (300, -300)
WRONG_S = 20.0
"""Seconds for which a clock is off."""
TOLD_S = 60.0
OFFSET = "diemcau_media_clock_offset_seconds"
TOLERATED_S = 5.0
"""Of the alert `DiemcauClock`."""


def clocks(workers: int, points: int, **settings: str) -> AbstractAsyncContextManager[SeveralServers[PostgreSql]]:
    """Return two servers and media workers on machines with clocks of their own. Raises OSError."""
    library = next(Path("/usr/lib").glob(f"*/{LIBRARY}"), None)
    if library is None:
        raise OSError("libfaketime is not installed: apt-get install libfaketime")

    def prepare(folder: Path) -> Mapping[str, str]:
        return environment(library, folder)

    return prepared(workers, points, settings, prepare)


def environment(library: Path, folder: Path) -> dict[str, str]:
    """Return the environment of programs that follow the clock of a machine, by its folder; make the clock.

    libfaketime would disturb the monotonic clock in two ways. It shifts absolute times of `timerfd_settime(2)` as if
    all were of the wall clock: a timer that is set while the clock is 300 s back fires 300 s late. So a copy is used
    that does not have the function. And it has a thread of Python that waits for the interpreter's lock by
    `pthread_cond_timedwait(3)` wake up at once, again and again, unless FAKETIME_FORCE_MONOTONIC_FIX is off: several
    threads then take six times the CPU.
    """
    copy = folder.with_suffix(".faketime.so")
    copy.write_bytes(library.read_bytes().replace(TIMER, b"\0" + b"_" * (len(TIMER) - 2) + b"\0", 1))
    clock_file(folder).write_text("+0")
    return {
        "LD_PRELOAD": str(copy),
        "FAKETIME_TIMESTAMP_FILE": str(clock_file(folder)),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "NO_FAKE_STAT": "1",
    }


def clock_file(folder: Path) -> Path:
    """Return the file that says by how many seconds the clock of a machine is off, by its folder."""
    return folder.with_suffix(".clock")


async def of_worker(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Set the clock of the machine of the media worker that records."""
    return await _set(drill, await recording_machine(drill.server), told=lambda offset: offset)


async def of_leader(drill: Drill[SeveralServers[PostgreSql]]) -> dict[str, Any]:
    """Set the clock of the machine of the server that leads, by which those of all media workers are off."""
    return await _set(drill, drill.server.leading.machine, told=lambda offset: -offset)


async def _set(
    drill: Drill[SeveralServers[PostgreSql]], machine: Machine, told: Callable[[int], int]
) -> dict[str, Any]:
    """Set a clock forwards, back, and right again; somebody signs in each time. Return when administrators are told,
    by what the alert looks at, and the host of the recorded meeting: an offset that is `told`."""
    servers, file = drill.server, clock_file(drill.server.folder / machine.name)
    host = next(each for each in drill.meetings if each.recorded).host
    found: dict[str, Any] = {"told_s": [], "host_told_s": [], "obeys_s": []}
    try:
        for offset in OFFSETS_S:
            began = time.monotonic()
            file.write_text(f"{offset:+}")
            async with within(TOLD_S, f"a clock that is told to be {told(offset):+} s off"):
                while not _tells(await servers.metrics(), told(offset)):  # noqa: ASYNC110 - no event says so
                    await asyncio.sleep(0.5)
            found["told_s"].append(time.monotonic() - began)
            ahead = told(offset)
            await until(lambda: abs(host.clock_ahead - ahead) < TOLERATED_S, TOLD_S, "a host who is told")  # noqa: B023
            found["host_told_s"].append(time.monotonic() - began)
            await signs_in(drill)
            found["obeys_s"] += await drill.obeyed(time.monotonic())
            await asyncio.sleep(max(0.0, began + WRONG_S - time.monotonic()))
    finally:
        file.write_text("+0")
    return found


def _tells(metrics: Mapping[str, float], offset: int) -> bool:
    """Return whether a worker's clock is told to be ahead by an offset."""
    return any(abs(value - offset) < TOLERATED_S for name, value in metrics.items() if name.startswith(OFFSET))
