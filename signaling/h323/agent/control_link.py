"""Carries the messages of H.245: tunnelled in call signalling, or by a connection of their own (H.323 §8.2)."""

import asyncio
import logging
from collections.abc import Callable

from signaling.h323.agent.context import AgentContext
from signaling.h323.agent.link import Link, connect, listen
from signaling.h323.protocol.h225 import Address

log = logging.getLogger(__name__)

MAX_WAITING = 64
"""Messages that wait for the connection."""


class ControlLink:
    """The way of H.245 in one call, whose call signalling goes by `signalling`. `took` gets each encoded message, and
    `lost` is called when its connection closes.

    Until it is known how they travel, messages wait. Connections are between the two addresses of call signalling
    alone: whoever has this connection says where media go.
    """

    def __init__(
        self,
        context: AgentContext,
        signalling: Link,
        tunnel: Callable[[list[bytes]], None],
        took: Callable[[bytes], None],
        lost: Callable[[], None],
    ) -> None:
        self._context = context
        self._signalling = signalling
        self._tunnel = tunnel
        self._took = took
        self._lost = lost
        self._tunnelled = False
        self._link: Link | None = None
        self._server: asyncio.Server | None = None
        self._waiting: list[bytes] = []
        self._connecting = False
        self._closed = False

    @property
    def known(self) -> bool:
        """True once it is decided how messages travel."""
        return self._tunnelled or self._connecting or self._server is not None

    def send(self, messages: list[bytes]) -> None:
        """Send encoded messages, or keep them until it is known how."""
        self._waiting = (self._waiting + messages)[-MAX_WAITING:]
        self._flush()

    def tunnel(self) -> None:
        """Decide for the connection of call signalling."""
        self._tunnelled = True
        self._flush()

    def untunnel(self) -> None:
        """Decide against it: a callee that tunnels says so in each of its answers (H.323 §8.2.1)."""
        self._tunnelled = False

    def connect(self, where: Address) -> None:
        """Decide for a connection to where the remote party listens; only at its own address."""
        if where[0] == self._signalling.remote[0] and not self.known:
            self._connecting = True
            self._context.spawn(self._connect(where))

    async def listen(self) -> Address:
        """Decide for a connection that the remote party opens; return where. Raises OSError."""
        self._server = await listen(self._accepted, self._signalling.local[0], 0, self._context.settings.dscp)
        host, port = self._server.sockets[0].getsockname()[:2]
        if self._closed:
            self._server.close()
        return host, port

    async def close(self) -> None:
        """Close the connection."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        if self._link is not None:
            await self._link.close()

    def abort(self) -> None:
        """Close the connection at once."""
        self._closed = True
        if self._server is not None:
            self._server.close()
        if self._link is not None:
            self._link.abort()

    async def _connect(self, where: Address) -> None:
        try:
            link = await connect(*where, self._context.settings.dscp, self._signalling.local[0])
        except (OSError, TimeoutError):
            self._lost()
            return
        if self._closed:
            link.abort()
        else:
            self._use(link)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link, remote = Link(reader, writer), self._signalling.remote[0]
        if self._link is not None or self._closed:
            link.abort()
        elif link.remote[0] != remote:
            log.warning("x %s came to the H.245 port of a call with %s", link.remote[0] or "nobody", remote)
            link.abort()  # and the port stays open for who was called there
        else:
            self._use(link)

    def _use(self, link: Link) -> None:
        if self._server is not None:
            self._server.close()
        self._link = link
        link.took, link.lost = self._took, self._lost
        link.begin()
        self._flush()

    def _flush(self) -> None:
        if not self._waiting or not (self._tunnelled or self._link is not None):
            return
        messages, self._waiting = self._waiting, []
        if self._link is not None:
            for each in messages:
                self._link.send(each)
        else:
            self._tunnel(messages)
