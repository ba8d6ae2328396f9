"""One TCP connection of a call: packets in and out (TPKT), for call signalling or for H.245."""

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable

from mediaserver.transport.dscp import mark
from signaling.h323.protocol import tpkt
from signaling.h323.protocol.errors import BadPdu

log = logging.getLogger(__name__)

READ_BYTES = 16_384
MAX_UNSENT = 262_144
"""Bytes that wait for a peer that does not read; beyond it the connection is closed."""
CLOSE_S = 2.0
CONNECT_S = 5.0
PDUS_PER_SECOND = 50
"""A peer that sends more than so many in each second is cut off: no call has so much to say."""
BURST = 300
TURN_S = 0.002
"""Others get their turn after a PDU that took longer than this."""


class Link:
    """A connection. `took` gets the payload of each packet, `lost` is called once when the peer closed it or broke the
    protocol."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.took: Callable[[bytes], None] = lambda _: None
        self.lost: Callable[[], None] = lambda: None
        self.remote: tuple[str, int] = (writer.get_extra_info("peername") or ("", 0))[:2]
        """The peer's address and port; none where it was gone at once."""
        self._reader = reader
        self._writer = writer
        self._splitter = tpkt.Splitter()
        self._tokens, self._since = float(BURST), asyncio.get_running_loop().time()
        self._reading: asyncio.Task[None] | None = None
        sock = writer.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)

    @property
    def local(self) -> tuple[str, int]:
        """Our address and port."""
        return self._writer.get_extra_info("sockname")[:2]  # type: ignore[no-any-return]

    def begin(self) -> None:
        """Begin to read."""
        self._reading = asyncio.create_task(self._read())

    def send(self, payload: bytes) -> None:
        """Send a packet; do nothing on a closed connection."""
        if self._writer.is_closing():
            return
        self._writer.write(tpkt.frame(payload))
        if self._writer.transport.get_write_buffer_size() > MAX_UNSENT:
            self._writer.transport.abort()

    async def close(self) -> None:
        """Stop reading, and close the connection once what was sent is away, or after 2 s."""
        if self._reading is not None and self._reading is not asyncio.current_task():
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        try:
            with contextlib.suppress(OSError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    self._writer.close()
                    await self._writer.wait_closed()
        finally:
            self.abort()

    def abort(self) -> None:
        """Close the connection at once."""
        if self._reading is not None:
            self._reading.cancel()
        self._writer.transport.abort()

    async def _read(self) -> None:
        now = asyncio.get_running_loop().time
        try:
            while data := await self._reader.read(READ_BYTES):
                for payload in self._splitter.feed(data):
                    if not self._admits():
                        raise BadPdu("too many PDUs")
                    begun = now()
                    self.took(payload)
                    if now() - begun > TURN_S:
                        await asyncio.sleep(0)  # a segment may hold a hundred that take ten milliseconds each
        except (OSError, BadPdu) as error:
            log.info("x connection with %s: %s", self.remote[0], error)
            self._writer.transport.abort()
        self.lost()

    def _admits(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._tokens, self._since = min(BURST, self._tokens + (now - self._since) * PDUS_PER_SECOND) - 1, now
        return self._tokens >= 0


async def listen(
    accepted: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]], host: str, port: int, dscp: int
) -> asyncio.Server:
    """Listen at a local address; connections are marked from their first packet, as the listener is. Raises OSError."""
    server = await asyncio.start_server(accepted, host, port, start_serving=False)
    for sock in server.sockets:
        mark(sock, dscp)
    await server.start_serving()
    return server


async def connect(host: str, port: int, dscp: int = 0, local: str | None = None) -> Link:
    """Connect to a peer, from a local address if one is given, marked from the first packet. Raises OSError,
    TimeoutError."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        mark(sock, dscp)
        if local is not None:
            sock.bind((local, 0))
        async with asyncio.timeout(CONNECT_S):
            await asyncio.get_running_loop().sock_connect(sock, (host, port))
        return Link(*await asyncio.open_connection(sock=sock))
    except BaseException:
        sock.close()
        raise
