"""A link over a WebSocket between the server and a media worker on another machine: one text frame per message."""

import asyncio
import json
import logging
from typing import Any, Final

from aiohttp import ClientWebSocketResponse, WSCloseCode, WSMsgType, web

from mediaserver.rpc import protocol

logger = logging.getLogger(__name__)

PATH = "/api/v1/worker"
"""URL path at which the server accepts workers."""
LIMIT = protocol.MAX_MESSAGE_BYTES + 1
"""Size limit in bytes for aiohttp, which refuses a message of exactly its limit."""
MAX_WAITING = 10_000
"""Messages that may wait to be sent; when more wait, the other end counts as dead."""
SUPERSEDED: Final = 4001
"""Close code (RFC 6455 §7.4.2, private use) by which a worker leaves a server for one with a later epoch. It tells the
one that cannot reach its database, and so neither takes a worker nor finds out."""
CLOSE_S = 1.0
"""Seconds for the closing handshake."""
_ENDS = {WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED}

Socket = ClientWebSocketResponse | web.WebSocketResponse


async def receive(socket: Socket) -> dict[str, Any] | None:
    """Return the next message; None at the end. Raises ValueError when it is malformed."""
    message = await socket.receive()
    if message.type in _ENDS:
        return None
    if message.type is WSMsgType.ERROR:
        raise ValueError(f"no message: {message.data}")
    if message.type is not WSMsgType.TEXT:
        raise ValueError("message is no text")
    return protocol.decode(message.data)


async def send(socket: Socket, message: dict[str, Any]) -> None:
    """Send one message. Raises ConnectionError."""
    await socket.send_str(json.dumps(message))


class WebLink:
    """A `mediaserver.rpc.unix_socket.Link` over an open WebSocket. A task sends the queued messages."""

    def __init__(self, socket: Socket) -> None:
        self._socket = socket
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MAX_WAITING)
        self._writing = asyncio.ensure_future(self._write())
        self._closing: asyncio.Task[bool] | None = None

    @property
    def superseded(self) -> bool:
        """Return whether the other end, a worker, has left for a server with a later epoch."""
        return self._socket.close_code == SUPERSEDED

    async def read(self) -> dict[str, Any] | None:
        """See :meth:`mediaserver.rpc.unix_socket.Link.read`; so for the calls below."""
        return await receive(self._socket)

    def write(self, message: dict[str, Any]) -> None:
        """Queue one message; when too many wait, the link closes."""
        if self._closing is not None:
            return
        try:
            self._waiting.put_nowait(protocol.encode(message))
        except asyncio.QueueFull:
            logger.warning("x %d messages wait for the other end", MAX_WAITING)
            self.close()

    def close(self, code: int = WSCloseCode.OK) -> None:
        """Hang up."""
        if self._closing is None:
            self._writing.cancel()
            self._closing = asyncio.create_task(self._socket.close(code=code))

    async def wait_closed(self) -> None:
        """Wait until the other end has heard that we hang up."""
        if self._closing is not None:
            await self._closing

    async def _write(self) -> None:
        try:
            while True:
                await self._socket.send_str(await self._waiting.get())
        except ConnectionError:
            self.close()
