"""Runs two PostgreSQL servers under Debian's Patroni, which agree on the primary by an etcd: on three machines.

A transaction is acknowledged once both have it (`synchronous_mode`), as long as both are there.
"""

import asyncio
import json
import os
import shutil
import signal
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncpg
from aiohttp import ClientError, ClientSession

from loadtest.server import postgresql
from loadtest.server.machines import NETWORK, Machine
from loadtest.server.process import end_with_parent
from loadtest.time_limit import within

PROGRAMS = ("/usr/bin/etcd", "/usr/bin/patroni")
POSTGRESQL_PORT, REST_PORT, CLIENT_PORT, PEER_PORT = 5432, 8008, 2379, 2380
DATABASE = "diemcau"
TTL_S = 20
"""Seconds after which another one may become the primary; Patroni takes no less."""
START_S = 120.0
LOG_END = 2000
"""Characters of the end of a log in an error."""
CONNECT_S = 2.0


class Node:
    """PostgreSQL and Patroni of a machine."""

    def __init__(self, machine: Machine, folder: Path, etcd: str) -> None:
        self.machine = machine
        self.directory = folder / machine.name
        self._etcd = etcd
        self._process: Process | None = None

    def write_configuration(self) -> None:
        """Write what Patroni reads; JSON is YAML, too."""
        self.directory.mkdir()
        address = self.machine.address
        allowed = [f"{kind} all {NETWORK}.0/24 trust" for kind in ("host all", "host replication")]
        rest, listen = f"{address}:{REST_PORT}", f"{address}:{POSTGRESQL_PORT}"
        configuration = {
            "scope": DATABASE,
            "name": self.machine.name,
            "restapi": {"listen": rest, "connect_address": rest},
            "etcd3": {"host": self._etcd},
            "bootstrap": {
                "dcs": {"ttl": TTL_S, "loop_wait": 1, "retry_timeout": 3, "synchronous_mode": True},
                "initdb": [{"encoding": "UTF8"}, "no-locale", {"auth": "trust"}],
            },
            "postgresql": {
                "listen": listen,
                "connect_address": listen,
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
        shutil.chown(self.directory, postgresql.USER, postgresql.USER)

    async def start(self) -> None:
        """Start Patroni, which starts PostgreSQL. Raises OSError."""
        with (self.directory / "log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.machine.command(PROGRAMS[1], str(self.directory / "patroni.yml"), user=postgresql.USER),
                cwd="/",
                stdout=log,
                stderr=log,
            )

    @property
    def said(self) -> str:
        """The end of its log."""
        return f"its log ends with: {(self.directory / 'log').read_text()[-LOG_END:]}"

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
                host=self.machine.address, user=postgresql.USER, database="postgres", timeout=CONNECT_S
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
            async with (
                ClientSession() as http,
                http.get(f"http://{self.machine.address}:{REST_PORT}/cluster") as response,
            ):
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
        hosts = ",".join(f"{node.machine.address}:{POSTGRESQL_PORT}" for node in self.nodes)
        return f"postgresql://postgres@{hosts}/{DATABASE}"

    async def start(self) -> None:
        """Start the primary, then its standby; make the database. Raises OSError, TimeoutError."""
        primary, standby = self.nodes
        await primary.start()
        await _until(primary.takes_writes, "a first node of Patroni that takes writes", primary)
        await standby.start()
        await _until(primary.synchronous, "a second node of Patroni that is the standby", standby)
        connection = await asyncpg.connect(host=primary.machine.address, user=postgresql.USER, database="postgres")
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
        await _until(self.nodes[0].takes_writes, "the other node of Patroni that takes writes", self.nodes[0])

    async def complete(self) -> None:
        """Start the node that was killed, and wait until it is the standby."""
        await self.nodes[1].start()
        await _until(self.nodes[0].synchronous, "the killed node of Patroni that is the standby", self.nodes[1])


async def _until(so: Callable[[], Awaitable[bool]], awaited: str, node: Node) -> None:
    async with within(START_S, lambda: f"{awaited}; {node.said}"):
        while not await so():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.1)


@asynccontextmanager
async def cluster(etcd: Machine, *machines: Machine) -> AsyncIterator[Cluster]:
    """Yield nodes on two machines with an empty database, and etcd on one. Raises OSError, TimeoutError."""
    if missing := [each for each in PROGRAMS if shutil.which(each) is None]:
        raise OSError(f"{', '.join(missing)}: apt-get install patroni etcd-server python3-etcd")
    folder = Path(tempfile.mkdtemp(prefix="diemcau-patroni-"))
    os.chmod(folder, 0o755)  # noqa: S103 - of a moment; Patroni is another user
    clients, peers = (f"http://{etcd.address}:{port}" for port in (CLIENT_PORT, PEER_PORT))
    words = (PROGRAMS[0], "--data-dir", str(folder / "etcd"), "--initial-cluster", f"default={peers}")
    listening = ("--listen-client-urls", clients, "--listen-peer-urls", peers)
    advertised = ("--advertise-client-urls", clients, "--initial-advertise-peer-urls", peers)
    etcd_process = await asyncio.create_subprocess_exec(
        *etcd.command(*words, *listening, *advertised), stdout=DEVNULL, stderr=DEVNULL, preexec_fn=end_with_parent
    )
    nodes = [Node(machine, folder, clients.removeprefix("http://")) for machine in machines]
    try:
        for node in nodes:
            node.write_configuration()
        made = Cluster(list(nodes))
        await made.start()
        yield made
    finally:
        for node in nodes:
            await node.stop()
        etcd_process.kill()
        await etcd_process.wait()
        shutil.rmtree(folder, ignore_errors=True)
