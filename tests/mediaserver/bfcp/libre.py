"""The floor control of a room system by libre, a BFCP that is not ours (`bfcp_client.c`, UDP alone)."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.mediaserver.meeting import PATIENCE_S

SOURCE = Path(__file__).with_name("bfcp_client.c")
FLAGS = ("-DHAVE_INTTYPES_H", "-DHAVE_STDBOOL_H", "-I/usr/include/re")


class LibreClient:
    """A running client. `lines` are those it printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.lines: list[str] = []

    async def line(self) -> str:
        """Return the next line it prints."""
        assert self._process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self._process.stdout.readline()
        assert line, "the client ended"
        self.lines.append(line.decode().strip())
        return self.lines[-1]

    async def say(self, command: str, *until: str) -> None:
        """Give a command, and wait for lines that begin so, one after the other."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{command}\n".encode())
        for start in until:
            while not (await self.line()).startswith(start):
                pass


@asynccontextmanager
async def libre_client(
    folder: Path, *, version: int, confid: int, user: int, floor: int
) -> AsyncIterator[tuple[LibreClient, int]]:
    """Compile and run the client; yield it with its port."""
    program = folder / "bfcp_client"
    compiler = await asyncio.create_subprocess_exec("cc", *FLAGS, str(SOURCE), "-lre", "-o", str(program))
    assert await compiler.wait() == 0
    pipe = asyncio.subprocess.PIPE
    words = map(str, (version, confid, user, floor))
    process = await asyncio.create_subprocess_exec(str(program), *words, stdin=pipe, stdout=pipe)
    client = LibreClient(process)
    try:
        yield client, int(await client.line())
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
