"""A PostgreSQL behind a relay that can fall silent, as behind a network that drops whatever is sent, or break."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

SOCKET = ".s.PGSQL.5432"


class SilentPostgreSql:
    """The relay: connections stay, and nothing comes through once it is silent; one breaks before a lost answer."""

    def __init__(self, url: str, server: Path) -> None:
        self.url = url
        self._server = server
        self._passes = asyncio.Event()
        self._passes.set()
        self._lost = b""
        self._tasks: set[asyncio.Task[None]] = set()
        self._ends: set[StreamWriter] = set()

    def fall_silent(self) -> None:
        """Pass nothing on any more."""
        self._passes.clear()

    def lose(self, answer: bytes) -> None:
        """Break the connection whose server gives this answer next, before it is passed on."""
        self._lost = answer

    async def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection."""
        from_server, to_server = await asyncio.open_unix_connection(self._server)
        self._ends |= {to_server, writer}
        for source, sink in ((reader, to_server), (from_server, writer)):
            self._tasks.add(asyncio.create_task(self._pass_on(source, sink)))

    async def _pass_on(self, source: StreamReader, sink: StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65_536):
                await self._passes.wait()
                if self._lost and self._lost in data:
                    self._lost = b""
                    sink.transport.abort()
                    break
                sink.write(data)
                await sink.drain()
        await self._passes.wait()
        sink.close()

    async def stop(self) -> None:
        """End all connections."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for end in self._ends:
            end.transport.abort()
        await asyncio.gather(*(end.wait_closed() for end in self._ends), return_exceptions=True)


@asynccontextmanager
async def silent_postgresql(url: str, folder: Path) -> AsyncIterator[SilentPostgreSql]:
    """Yield a relay with a socket in a folder, before the server of a URL."""
    base, _, directory = url.partition("?host=")
    made = SilentPostgreSql(f"{base}?host={folder}", Path(directory) / SOCKET)
    server = await asyncio.start_unix_server(made.accept, folder / SOCKET)
    try:
        yield made
    finally:
        server.close()
        await made.stop()
