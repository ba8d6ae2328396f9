"""Links that carry the messages of :mod:`mediaserver.rpc.protocol`: the interface, and one over a unix socket."""

import asyncio
import logging
import os
import socket
import struct
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

from mediaserver.rpc import protocol

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 16
MAX_WAITING = 10_000
"""Messages that may wait to be sent; when more wait, the other end counts as dead."""
MAX_DESCRIPTORS = 128
"""Descriptors with one message; the kernel takes 253 (SCM_RIGHTS, unix(7))."""


class Link(Protocol):
    """A connection that carries messages in order, both ways."""

    async def read(self) -> dict[str, Any] | None:
        """Return the next message; None at the end. Raises ValueError when it is malformed."""

    def write(self, message: dict[str, Any]) -> None:
        """Queue one message; after the end of the connection it is dropped. Raises
        :class:`mediaserver.errors.TooLarge`."""

    def close(self) -> None:
        """Close the connection once everything is sent; :meth:`read` then ends, too."""


class SocketLink:
    """A link over a unix socket to a process on this machine. Messages may carry descriptors (SCM_RIGHTS, unix(7)).

    A received message has them under ``descriptors``; the reader closes them. Only an end with `accepts_descriptors`
    receives any: otherwise the kernel closes them.
    """

    def __init__(self, connection: socket.socket, accepts_descriptors: bool = False) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._accepts_descriptors = accepts_descriptors
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._descriptors: deque[int] = deque()
        """Received descriptors of messages that are not read yet."""
        self._waiting: deque[tuple[memoryview, Sequence[int]]] = deque()
        self._readable: asyncio.Future[None] | None = None
        self._closing = False
        """True when nothing more may be queued."""
        self._close_when_sent = False
        """True when the connection closes once everything is sent."""
        self._closed = False

    @classmethod
    async def dial(cls, path: str) -> "SocketLink":
        """Connect to a socket. Raises OSError."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_connect(connection, path)
        except BaseException:
            connection.close()
            raise
        return cls(connection)

    @property
    def peer(self) -> int:
        """Return the user id of the process at the other end (SO_PEERCRED, unix(7)). Raises OSError."""
        size = struct.calcsize("3i")
        _, user, _ = struct.unpack("3i", self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return int(user)

    async def read(self) -> dict[str, Any] | None:
        """See :meth:`Link.read`; so for the calls below."""
        while (message := protocol.take(self._received)) is None:
            if not await self._receive():
                return None
        return self._with_descriptors(message)

    def _with_descriptors(self, message: dict[str, Any]) -> dict[str, Any]:
        count = message.get("descriptors", 0)
        if not isinstance(count, int) or not 0 <= count <= len(self._descriptors):
            raise ValueError("message without its descriptors")
        return message | {"descriptors": [self._descriptors.popleft() for _ in range(count)]} if count else message

    async def _receive(self) -> bool:
        """Read what has come; return False at the end."""
        while not self._closed:
            try:
                data = self._receive_bytes()
            except BlockingIOError:
                await self._wait()
                continue
            except OSError:
                return False
            self._received += data
            return bool(data)
        return False

    def _receive_bytes(self) -> bytes:
        if not self._accepts_descriptors:
            return self._socket.recv(CHUNK_BYTES)
        data, descriptors, flags, _ = socket.recv_fds(
            self._socket, CHUNK_BYTES, MAX_DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
        )
        self._descriptors.extend(descriptors)
        if flags & socket.MSG_CTRUNC or len(self._descriptors) > MAX_DESCRIPTORS:
            raise ValueError("too many descriptors")
        return data

    async def _wait(self) -> None:
        """Wait until the socket is readable or this end is closed."""
        self._readable = ready = self._loop.create_future()
        self._loop.add_reader(self._socket, _wake, ready)
        try:
            await ready
        finally:
            self._readable = None
            if not self._closed:
                self._loop.remove_reader(self._socket)

    def write(self, message: dict[str, Any], descriptors: Sequence[int] = ()) -> None:
        """Queue one message; its descriptors are closed once it is sent or dropped."""
        if self._closing:
            close_descriptors(descriptors)
            return
        framed = message | {"descriptors": len(descriptors)} if descriptors else message
        self._waiting.append((memoryview(protocol.frame(framed)), descriptors))
        if len(self._waiting) == 1:
            self._send()
        elif len(self._waiting) > MAX_WAITING:
            logger.warning("x %d messages wait for the other end", MAX_WAITING)
            self._end()

    def _send(self) -> None:
        """Send as much as the kernel takes, and the rest when it takes more."""
        while self._waiting:
            data, descriptors = self._waiting[0]
            try:
                sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else self._socket.send(data)
            except BlockingIOError:
                self._loop.add_writer(self._socket, self._send)
                return
            except OSError:  # what the other end said before it went can still be read
                self._closing = True
                self._drop()
                break
            close_descriptors(descriptors)
            if sent < len(data):
                self._waiting[0] = data[sent:], ()
            else:
                self._waiting.popleft()
        self._loop.remove_writer(self._socket)
        if self._close_when_sent:
            self._end()

    def _drop(self) -> None:
        """Drop all waiting messages."""
        for _, descriptors in self._waiting:
            close_descriptors(descriptors)
        self._waiting.clear()

    def close(self) -> None:
        """Hang up."""
        self._closing = self._close_when_sent = True
        if not self._waiting:
            self._end()

    def _end(self) -> None:
        """Close the socket and everything that waits."""
        if self._closed:
            return
        self._closing = self._closed = True
        self._loop.remove_writer(self._socket)
        self._loop.remove_reader(self._socket)
        self._socket.close()
        if self._readable is not None:
            _wake(self._readable)
        self._drop()
        close_descriptors(self._descriptors)
        self._descriptors.clear()


def _wake(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_result(None)


def close_descriptors(descriptors: Sequence[int]) -> None:
    """Close descriptors that nobody needs; errors are ignored."""
    for each in descriptors:
        with suppress(OSError):  # what waits for the disk finds no room: it is nobody's
            os.close(each)
