"""The floor control of a room system by libre, a BFCP that is not ours (`bfcp_client.c`, UDP alone)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from loadtest.rooms.room import RoomFailed

SOURCE = Path(__file__).with_name("bfcp_client.c")
PATIENCE_S = 20.0
"""Longest wait for a line, in seconds: long enough for a busy machine."""
FLAGS = ("-DHAVE_INTTYPES_H", "-DHAVE_STDBOOL_H", "-I/usr/include/re")


class BfcpClient:
    """A running client. `lines` are those it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def line(self) -> str:
        """Return the next line it prints. Raises RoomFailed, TimeoutError."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        if not line:
            raise RoomFailed("the BFCP client ended")
        self.lines.append(line.decode().strip())
        return self.lines[-1]

    async def connect(self, _server: str, port: int) -> None:
        """Send to a port of the server, at its own address, from now on."""
        await self.say(str(port))

    async def ask(self) -> None:
        """Ask for the floor, and wait until it is granted. Raises RoomFailed, TimeoutError."""
        await self.say("ask", "FloorRequestStatus Granted")

    async def say(self, command: str, *until: str) -> None:
        """Give a command, and wait for lines that begin so, one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        for start in until:
            while not (await self.line()).startswith(start):
                pass


@asynccontextmanager
async def bfcp_client(
    folder: Path, host: str, *, version: int, confid: int, user: int, floor: int
) -> AsyncIterator[tuple[BfcpClient, int]]:
    """Compile and run the client at an address; yield it with its port. Raises RoomFailed."""
    program = folder / "bfcp_client"
    compiler = await asyncio.create_subprocess_exec("cc", *FLAGS, str(SOURCE), "-lre", "-o", str(program))
    if await compiler.wait() != 0:
        raise RoomFailed("the BFCP client cannot be compiled: make packages")
    pipe = asyncio.subprocess.PIPE
    words = map(str, (host, version, confid, user, floor))
    process = await asyncio.create_subprocess_exec(str(program), *words, stdin=pipe, stdout=pipe)
    client = BfcpClient(process)
    try:
        yield client, int(await client.line())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
