"""Passes SIP over UDP between one room system and the server, and names a higher level of H.264 in its descriptions.

baresip says level 3.1 (720p30) whatever it encodes and decodes, and has no setting for it. Requests within the call go
past the relay: neither side names it as its contact.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from mediaserver.transport.ice import Address

SAID, NAMED = b"profile-level-id=42e01f", b"profile-level-id=42e028"
"""Levels 3.1 and 4 (1080p30), in as many letters: Content-Length stays."""


class _Relay(asyncio.DatagramProtocol):
    def __init__(self, server: Address) -> None:
        self._server = server
        self._room: Address | None = None
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        assert self._transport is not None
        if addr != self._server:
            self._room = addr
            self._transport.sendto(data.replace(SAID, NAMED), self._server)
        elif self._room is not None:
            self._transport.sendto(data, self._room)


@asynccontextmanager
async def level_relay(server: Address) -> AsyncIterator[Address]:
    """Yield the address at which a room system calls the server. Raises OSError."""
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _Relay(server), local_addr=(server[0], 0)
    )
    try:
        yield transport.get_extra_info("sockname")
    finally:
        transport.close()
