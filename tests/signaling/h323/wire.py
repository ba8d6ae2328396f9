"""An H.323 caller that sends bytes as they are given, and reads what comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from signaling.h323.protocol import h225, q931
from signaling.h323.protocol.q931 import Message
from tests.signaling.sip.agents import soon


class Wire:
    """One TCP connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, data: bytes) -> None:
        """Send bytes."""
        self._writer.write(data)

    async def packet(self) -> bytes:
        """Return the payload of the next packet; empty once the other side has closed the connection."""
        try:
            head = await soon(self._reader.readexactly(4))
        except (asyncio.IncompleteReadError, ConnectionError):
            return b""
        return await soon(self._reader.readexactly(int.from_bytes(head[2:], "big") - 4))

    async def message(self) -> Message:
        """Return the next message of call signalling."""
        return q931.parse(await self.packet())

    async def until(self, kind: int) -> Message:
        """Return the next message of a type."""
        while (message := await self.message()).kind != kind:
            pass
        return message

    async def h245_address(self) -> tuple[str, int]:
        """Return where the callee listens for H.245, as its Connect says."""
        where = h225.parse((await self.until(q931.CONNECT)).body).h245_address
        assert where is not None
        return where

    def close(self) -> None:
        """Close the connection."""
        self._writer.close()


@asynccontextmanager
async def wire(where: tuple[str, int], local: str = "127.0.0.1") -> AsyncIterator[Wire]:
    """Open a connection from a local address."""
    held = Wire(*await asyncio.open_connection(*where, local_addr=(local, 0)))
    try:
        yield held
    finally:
        held.close()
