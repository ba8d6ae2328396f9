"""How messages of :mod:`mediaserver.channel` travel: one connection, whatever carries it."""

import asyncio
from typing import Any, Protocol

from mediaserver import channel


class Link(Protocol):
    """A connection that carries messages in order, both ways."""

    async def read(self) -> dict[str, Any] | None:
        """The next message; None at the end. Raises ValueError for what is none."""

    def write(self, message: dict[str, Any]) -> None:
        """Queue one message; once the connection ends, nothing happens. Raises :class:`mediaserver.errors.TooLarge`."""

    def close(self) -> None:
        """End the connection; :meth:`read` ends, too."""


class StreamLink:
    """A link over a unix socket, to a process on this machine."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self) -> dict[str, Any] | None:
        """See :meth:`Link.read`; so for the calls below."""
        return await channel.read(self._reader)

    def write(self, message: dict[str, Any]) -> None:
        """Queue one message."""
        if not self._writer.is_closing():
            channel.write(self._writer, message)

    def close(self) -> None:
        """Hang up."""
        self._writer.close()
