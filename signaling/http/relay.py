"""Passes the connections of a server that stands by on to the one that leads, byte by byte, so that any server answers.

TLS ends at the leading server; it learns by the PROXY protocol where a connection came from.
"""

import asyncio
import logging
import socket
from contextlib import suppress

from signaling.http import proxy_protocol
from signaling.http.proxy_protocol import Address

log = logging.getLogger(__name__)

MOST = 4096
"""Largest number of connections; a further one is closed."""
CONNECT_SECONDS = 2.0
BUFFER_BYTES = 64 * 1024
"""Bytes that wait in each direction of a connection; its sender is slowed down then."""
PAUSE_SECONDS = 0.1
"""Pause of accepting when a connection cannot be accepted."""


class Relay:
    """Accepts connections on a listening socket and passes each on to `target`; without one they are closed."""

    def __init__(self, listening: socket.socket) -> None:
        self._listening = listening
        self.target: Address | None = None
        self._accepting: asyncio.Task[None] | None = None
        self._passing: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Begin to accept."""
        self._listening.setblocking(False)
        self._accepting = asyncio.create_task(self._accept_forever())

    async def stop(self) -> None:
        """Close all connections; the listening socket stays open, and who connects meanwhile waits in its backlog."""
        tasks = [*self._passing, *([] if self._accepting is None else [self._accepting])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _accept_forever(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(self._listening)
            except OSError as error:
                log.warning("x a connection cannot be accepted: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
                continue
            if self.target is None or len(self._passing) >= MOST:
                accepted.close()
                continue
            task = asyncio.create_task(_pass_on(accepted, (str(address[0]), int(address[1])), self.target))
            self._passing.add(task)
            task.add_done_callback(self._passing.discard)


async def _pass_on(accepted: socket.socket, source: Address, target: Address) -> None:
    """Connect to the target and pass bytes on in both directions until one side is lost or both have ended."""
    writers: list[asyncio.StreamWriter] = []
    try:
        own = accepted.getsockname()
        reader, writer = await asyncio.open_connection(sock=accepted, limit=BUFFER_BYTES)
        writers.append(writer)
        async with asyncio.timeout(CONNECT_SECONDS):
            there, back = await asyncio.open_connection(*target, limit=BUFFER_BYTES)
        writers.append(back)
        back.write(proxy_protocol.write(source, (str(own[0]), int(own[1]))))
        await asyncio.gather(_copy(reader, back), _copy(there, writer))
    except (OSError, TimeoutError) as error:
        log.debug("x a connection of %s ended: %s", source[0], error)
    finally:
        accepted.close()
        for each in writers:
            each.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Copy until the reader ends, and say so to the writer. Raises OSError."""
    while data := await reader.read(BUFFER_BYTES):
        writer.write(data)
        await writer.drain()
    with suppress(OSError, RuntimeError):  # closed by now, or of a kind that has no half
        writer.write_eof()
