"""A media worker as the server runs it: a process of its own behind a unix socket."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from mediaserver.rpc.client import RemoteEngine

START_S = 20.0


async def start(socket: Path, owner: str = "", user: int | None = None) -> tuple[Process, RemoteEngine]:
    """Start a worker and connect to it as soon as it can be. With another `user` it takes root as its server."""
    arguments = ["-m", "mediaserver", "--socket", str(socket), "--port", "0", "--address", "127.0.0.1"]
    arguments += ["--owner", owner] if owner else []
    other: dict[str, Any] = {} if user is None else {"user": user, "group": user, "extra_groups": []}
    arguments += [] if user is None else ["--server-user", "root"]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=PIPE, stderr=PIPE, **other)
    async with asyncio.timeout(START_S):
        while True:
            assert process.returncode is None, await process.stderr.read()  # type: ignore[union-attr]
            with suppress(FileNotFoundError, ConnectionRefusedError):
                return process, await RemoteEngine.dial(str(socket), owner)
            await asyncio.sleep(0.02)


async def ended(process: Process) -> tuple[int | None, bytes]:
    """Wait for the end; return the exit status and all output."""
    async with asyncio.timeout(START_S):
        out, err = await process.communicate()
    return process.returncode, out + err


@asynccontextmanager
async def worker(
    directory: Path, owner: str = "", user: int | None = None
) -> AsyncIterator[tuple[Process, RemoteEngine]]:
    """Start a worker and connect to it; it is killed if it still runs at the end."""
    process, engine = await start(directory / "media.sock", owner, user)
    try:
        yield process, engine
    finally:
        await engine.close()
        if process.returncode is None:
            process.kill()
        await process.communicate()
