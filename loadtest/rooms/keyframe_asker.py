"""Asks the server for key frames in the name of a room system that has no command for it.

Requests leave from another port of the room's address. The server sends its own RTCP there for a while, as to a room
that moved its port, so whatever comes is passed on to the room.
"""

import asyncio
from typing import cast

from mediaserver.rtp import rtcp
from mediaserver.transport.ice import Address

SSRC = 1


class KeyframeAsker(asyncio.DatagramProtocol):
    """A port beside those of a room system; what comes there from the server's port for RTCP goes on to the room's."""

    def __init__(self, server: Address, room: Address) -> None:
        self._server, self._room = server, room
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Bind a port of the room's address. Raises OSError."""
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, (self._room[0], 0))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the port."""
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """Pass on what the server sends."""
        if addr == self._server:
            self._send(data, self._room)

    @property
    def address(self) -> Address:
        """Its own address, from which packets have no mark (DSCP) of the server."""
        assert self._transport is not None
        host, port = self._transport.get_extra_info("sockname")[:2]
        return host, port

    def ask(self) -> bool:
        """Ask for a key frame by a PLI (RFC 4585); return that it was asked for."""
        self._send(rtcp.receiver_report(SSRC, []) + rtcp.name(SSRC) + rtcp.picture_loss(SSRC, 0), self._server)
        return True

    def _send(self, data: bytes, to: Address) -> None:
        assert self._transport is not None
        self._transport.sendto(data, to)

    def close(self) -> None:
        """Close the port."""
        if self._transport is not None:
            self._transport.close()
