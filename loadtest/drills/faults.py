"""Faults of the drills: each function causes one, and returns figures of its effects."""

import asyncio
import os
import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

import aiohttp

from loadtest.drills.drill import POLL_S, Drill, until
from loadtest.drills.meeting_record import Telling
from loadtest.drills.server import RestartedServer
from loadtest.server.rest_client import Client, Refused
from loadtest.time_limit import within

FREE_PART = 50
"""A fiftieth of the disk stays free, which is less than the reserve at which recordings stop."""
LOCKED_S = 30.0
"""Seconds in which nobody can write to the database."""
LOGIN_S = 60.0
BACK_S = 60.0


async def restart(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill the server (kill -9) and start it by hand."""
    began = time.monotonic()
    await drill.server.kill()
    listening = await drill.server.start()
    return {"start_s": round(listening - began, 2), "obeys_s": await drill.obeyed(listening)}


async def take_over(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Start another server with ``--take-over``."""
    began = time.monotonic()
    listening = await drill.server.start("--take-over")
    return {"start_s": round(listening - began, 2), "obeys_s": await drill.obeyed(listening)}


async def reload(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Have the server re-execute itself (SIGUSR2), as ``systemctl reload`` does."""
    began = time.monotonic()
    listening = await drill.server.reload()
    return {"start_s": round(listening - began, 2), "obeys_s": await drill.obeyed(listening)}


async def valkey(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Kill the embedded Valkey (kill -9); measure how long nobody can sign in."""
    (pid,) = drill.server.processes(b"valkey.sock")
    os.kill(pid, signal.SIGKILL)
    began = time.monotonic()
    await signs_in(drill)
    return {"login_s": [time.monotonic() - began], "obeys_s": await drill.obeyed(began)}


async def sql(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Lock the database for half a minute; meetings obey all the same, and sign-ins fail at once."""
    lock, telling = sqlite3.connect(drill.server.data / "diemcau.sqlite3", isolation_level=None), Telling(drill)
    async with telling.throughout():
        lock.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        try:
            refused = await _refused(drill)
            responded = time.monotonic() - began
            await asyncio.sleep(max(0.0, LOCKED_S - (time.monotonic() - began)))
        finally:
            lock.execute("ROLLBACK")
            lock.close()
        back = time.monotonic()
        await signs_in(drill)
        login = time.monotonic() - back
    return {
        "obeys_s": telling.obeys,
        "refused_with": refused,
        "refused_s": [responded],
        "login_s": [login],
        **await telling.kept(),
    }


async def disk(drill: Drill[RestartedServer]) -> dict[str, Any]:
    """Fill the disk up to a part of the reserve; measure how soon recordings stop, while the database still writes."""
    host = next(each for each in drill.meetings if each.recorded).host
    filler = drill.server.data / "filler"
    space = os.statvfs(drill.server.data)
    began = time.monotonic()
    await asyncio.to_thread(_fill, filler, (space.f_bavail - space.f_blocks // FREE_PART) * space.f_frsize)
    await until(lambda: not host.recorded.is_set(), BACK_S, "a host who is told that the recording stopped")
    stopped = time.monotonic() - began
    await signs_in(drill)
    filler.unlink()
    return {"told_s": [stopped], "obeys_s": await drill.obeyed(time.monotonic())}


def _fill(path: Path, size: int) -> None:
    """Write a file of so many bytes."""
    with path.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, size)


async def _refused(drill: Drill[RestartedServer]) -> int:
    """Try to sign in; return the status of a refusal, 0 for success."""
    async with Client(drill.server.url) as client:
        try:
            await client.login(*drill.visitor)
        except Refused as refusal:
            return refusal.status
    return 0


async def signs_in(drill: Drill[Any]) -> None:
    """Wait until somebody can sign in."""
    failure = "no attempt"
    async with within(LOGIN_S, lambda: f"a sign-in; {failure}"):
        while True:
            try:
                async with Client(drill.server.url) as client:
                    await client.login(*drill.visitor)
                return
            except (Refused, aiohttp.ClientError, OSError) as error:
                failure = repr(error)
                await asyncio.sleep(POLL_S)
