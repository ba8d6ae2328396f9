"""Runs a primary, its replica and Sentinels on a machine, as processes of its own."""

import asyncio
import signal
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis
from redis.exceptions import RedisError

from loadtest.server.machines import HERE, Machine
from loadtest.server.ports import free_port
from loadtest.server.process import end_with_parent
from loadtest.time_limit import within
from signaling.core.valkey_binary import server_program

NAME = "diemcau"
DOWN_MS = 300
"""Milliseconds without an answer after which Sentinels call the primary down."""
START_S = 60.0
"""Sentinels look for replicas each ten seconds, and do nothing for thirty after they got no core for two."""


class Replicated:
    """A primary with a replica, and the Sentinels that make the one the other."""

    def __init__(self, folder: Path, machine: Machine) -> None:
        self._folder = folder
        self._machine = machine
        self._host = machine.address
        self._processes: dict[int, Process] = {}
        self.servers = (free_port(), free_port())
        self.sentinels = tuple(free_port() for _ in range(3))

    @property
    def url(self) -> str:
        """The URL of the primary by its Sentinels."""
        return f"redis+sentinel://{','.join(f'{self._host}:{port}' for port in self.sentinels)}/{NAME}"

    async def start(self) -> None:
        """Start all, and wait until the Sentinels know of the replica and of each other."""
        primary, replica = self.servers
        await self.serve(primary)
        await self.serve(replica, of=primary)
        for port in self.sentinels:
            await self._watch(port, primary)
        await self._known()

    async def _known(self) -> None:
        async with within(START_S, "Sentinels that know of the replica and of each other"):
            for port in self.sentinels:
                while not await self._complete(port, len(self.sentinels) - 1):  # noqa: ASYNC110 - they set no event
                    await asyncio.sleep(0.05)

    async def serve(self, port: int, of: int | None = None) -> None:
        """Start a server, as a replica of another or as a primary."""
        words = ["--port", str(port), "--bind", self._host, "--save", "", "--dir", str(self._folder)]
        words += ["--repl-diskless-sync-delay", "0", "--protected-mode", "no"]
        await self._run(port, *words, *(() if of is None else ("--replicaof", f"{self._host} {of}")))

    async def _watch(self, port: int, primary: int) -> None:
        config = self._folder / f"sentinel-{port}.conf"
        config.write_text(
            f"port {port}\nbind {self._host}\ndir {self._folder}\nprotected-mode no\n"
            f"sentinel monitor {NAME} {self._host} {primary} 2\n"
            f"sentinel down-after-milliseconds {NAME} {DOWN_MS}\nsentinel failover-timeout {NAME} 3000\n"
        )
        await self._run(port, str(config), "--sentinel")

    async def _run(self, port: int, *words: str) -> None:
        self._processes[port] = await asyncio.create_subprocess_exec(
            *self._machine.command(server_program(), *words),
            stdout=DEVNULL,
            stderr=DEVNULL,
            preexec_fn=end_with_parent,
        )
        async with within(START_S, f"Valkey at port {port}"), Redis(host=self._host, port=port) as client:
            while not await _answers(client):  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.02)

    async def succeed(self) -> None:
        """Wait until the replica is the primary."""
        awaited = "the replica that Sentinels make the primary"
        async with within(START_S, awaited), Redis(host=self._host, port=self.servers[1]) as client:
            while (await client.role())[0] != b"master":  # noqa: ASYNC110 - it sets no event
                await asyncio.sleep(0.05)
        self.servers = (self.servers[1], self.servers[0])

    async def complete(self) -> None:
        """Start the server that was killed as the replica, and wait until the Sentinels know of it."""
        primary, replica = self.servers
        await self.serve(replica, of=primary)
        await self._known()

    async def _complete(self, port: int, others: int) -> bool:
        """Return whether a Sentinel knows of the replica and of the other Sentinels."""
        async with Redis(host=self._host, port=port, decode_responses=True) as client:
            state = await client.sentinel_master(NAME)
            assert isinstance(state, dict)
            return (state["num-slaves"], state["num-other-sentinels"]) == (1, others)

    def signal(self, port: int, number: signal.Signals) -> None:
        """Send a signal to the process of a port."""
        self._processes[port].send_signal(number)

    async def stop(self) -> None:
        """End all."""
        for process in self._processes.values():
            if process.returncode is None:
                process.kill()
            await process.wait()


async def _answers(client: Redis) -> bool:
    try:
        return bool(await client.ping())
    except RedisError:
        return False


@asynccontextmanager
async def replicated(folder: Path, machine: Machine = HERE) -> AsyncIterator[Replicated]:
    """Yield a primary with a replica and three Sentinels on a machine. Raises TimeoutError, OSError."""
    made = Replicated(folder, machine)
    try:
        await made.start()
        yield made
    finally:
        await made.stop()
