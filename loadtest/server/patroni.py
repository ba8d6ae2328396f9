"""Runs two PostgreSQL servers under Debian's Patroni on loopback, which agree on the primary by an etcd of their own.

A transaction is acknowledged once both have it (`synchronous_mode`), as long as both are there.
"""

import asyncio
import json
import os
import pwd
import shutil
import signal
import socket
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import asyncpg
from aiohttp import ClientError, ClientSession

from loadtest.server import postgresql
from loadtest.server.process import free_port

PROGRAMS = ("/usr/bin/etcd", "/usr/bin/patroni")
LOOPBACK = "127.0.0.1"
DATABASE = "diemcau"
TTL_S = 20
"""Seconds after which another one may become the primary; Patroni takes no less."""
START_S = 120.0
CONNECT_S = 2.0


class Node:
    """A machine with PostgreSQL and Patroni."""

    def __init__(self, name: str, folder: Path, etcd: str) -> None:
        self.name = name
        self.directory = folder / name
        self.port = free_port(socket.SOCK_STREAM)
        self._rest = free_port(socket.SOCK_STREAM)
        self._etcd = etcd
        self._process: Process | None = None

    def write_configuration(self) -> None:
        """Write what Patroni reads; JSON is YAML, too."""
        self.directory.mkdir()
        allowed = [f"{kind} all {LOOPBACK}/32 trust" for kind in ("host all", "host replication")]
        configuration = {
            "scope": DATABASE,
            "name": self.name,
            "restapi": {"listen": f"{LOOPBACK}:{self._rest}", "connect_address": f"{LOOPBACK}:{self._rest}"},
            "etcd3": {"host": self._etcd},
            "bootstrap": {
                "dcs": {"ttl": TTL_S, "loop_wait": 1, "retry_timeout": 3, "synchronous_mode": True},
                "initdb": [{"encoding": "UTF8"}, "no-locale", {"auth": "trust"}],
            },
            "postgresql": {
                "listen": f"{LOOPBACK}:{self.port}",
                "connect_address": f"{LOOPBACK}:{self.port}",
                "data_dir": str(self.directory / "data"),
                "bin_dir": str(postgresql.binaries()),
                "pgpass": str(self.directory / "pgpass"),
                "use_pg_rewind": True,
                "authentication": {who: {"username": "postgres"} for who in ("superuser", "replication", "rewind")},
                "parameters": {"unix_socket_directories": str(self.directory)},
                "pg_hba": ["local all all trust", *allowed],
            },
        }
        (self.directory / "patroni.yml").write_text(json.dumps(configuration))
        if os.getuid() == 0:
            shutil.chown(self.directory, "postgres", "postgres")

    async def start(self) -> None:
        """Start Patroni, which starts PostgreSQL. Raises OSError."""
        with (self.directory / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                PROGRAMS[1], str(self.directory / "patroni.yml"), stdout=log, stderr=log, **_as_postgres()
            )

    async def kill(self) -> None:
        """Kill Patroni and PostgreSQL at once, as a machine that loses its power does."""
        postgres = postgresql.processes(self.directory)
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()
        for pid in postgres:
            with suppress(ProcessLookupError):  # it ended with the one before
                os.kill(pid, signal.SIGKILL)

    async def stop(self) -> None:
        """End both."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def takes_writes(self) -> bool:
        """Return whether it is the primary, and accepts connections."""
        try:
            connection = await asyncpg.connect(
                host=LOOPBACK, port=self.port, user="postgres", database="postgres", timeout=CONNECT_S
            )
        except (OSError, TimeoutError, asyncpg.PostgresError):
            return False
        try:
            return not await connection.fetchval("SELECT pg_is_in_recovery()")
        finally:
            await connection.close()

    async def synchronous(self) -> bool:
        """Return whether another node confirms what it acknowledges, and may become the primary."""
        try:
            async with ClientSession() as http, http.get(f"http://{LOOPBACK}:{self._rest}/cluster") as response:
                members = (await response.json())["members"]
        except ClientError:
            return False
        return any(each["role"] == "sync_standby" and each["state"] == "streaming" for each in members)


class Cluster:
    """The nodes, of which the first one of the list is the primary."""

    def __init__(self, nodes: list[Node]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """The URL of the database on whichever node takes writes."""
        hosts = ",".join(f"{LOOPBACK}:{node.port}" for node in self.nodes)
        return f"postgresql://postgres@{hosts}/{DATABASE}"

    async def start(self) -> None:
        """Start the primary, then its standby; make the database. Raises OSError, TimeoutError."""
        primary, standby = self.nodes
        await primary.start()
        await _until(primary.takes_writes)
        await standby.start()
        await _until(primary.synchronous)
        connection = await asyncpg.connect(host=LOOPBACK, port=primary.port, user="postgres", database="postgres")
        try:
            await connection.execute(f"CREATE DATABASE {DATABASE}")
        finally:
            await connection.close()

    async def lose_primary(self) -> None:
        """Kill the node that takes writes."""
        await self.nodes[0].kill()

    async def succeed(self) -> None:
        """Wait until the other node takes writes."""
        self.nodes.reverse()
        await _until(self.nodes[0].takes_writes)

    async def complete(self) -> None:
        """Start the node that was killed, and wait until it is the standby."""
        await self.nodes[1].start()
        await _until(self.nodes[0].synchronous)


async def _until(so: Any) -> None:
    async with asyncio.timeout(START_S):
        while not await so():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.1)


def _as_postgres() -> dict[str, Any]:
    """Return how a program is run that refuses to run as root."""
    if os.getuid() != 0:
        return {}
    found = pwd.getpwnam("postgres")
    return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": [], "cwd": "/"}


@asynccontextmanager
async def cluster() -> AsyncIterator[Cluster]:
    """Yield two nodes with an empty database. Raises OSError, TimeoutError."""
    if missing := [each for each in PROGRAMS if shutil.which(each) is None]:
        raise OSError(f"{', '.join(missing)}: apt-get install patroni etcd-server")
    folder = Path(tempfile.mkdtemp(prefix="diemcau-patroni-"))
    os.chmod(folder, 0o755)  # noqa: S103 - of a moment; Patroni is another user
    clients, peers = (f"http://{LOOPBACK}:{free_port(socket.SOCK_STREAM)}" for _ in range(2))
    etcd = await asyncio.create_subprocess_exec(
        *(PROGRAMS[0], "--data-dir", str(folder / "etcd"), "--listen-client-urls", clients),
        *("--advertise-client-urls", clients, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
        *("--initial-cluster", f"default={peers}"),
        stdout=DEVNULL,
        stderr=DEVNULL,
    )
    nodes = [Node(name, folder, clients.removeprefix("http://")) for name in ("one", "two")]
    try:
        for node in nodes:
            node.write_configuration()
        made = Cluster(list(nodes))
        await made.start()
        yield made
    finally:
        for node in nodes:
            await node.stop()
        etcd.kill()
        await etcd.wait()
        shutil.rmtree(folder, ignore_errors=True)
