"""Connections to a syslog server: by TLS (RFC 5425) or by UDP (RFC 5426)."""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol
from urllib.parse import urlsplit

PORTS = {"tls": 6514, "udp": 514}
CONNECT_S = SEND_S = 10.0
CONFIRM_S = 1.0
"""A TLS connection is watched so long after messages: syslog has no acknowledgement, and one that broke closes by
then."""


@dataclass(frozen=True, slots=True)
class SyslogSettings:
    """A syslog server, and the certificates (PEM) of its authority; None: those that this machine knows."""

    scheme: Literal["tls", "udp"]
    host: str
    port: int
    authority: Path | None = None


def parse(text: str) -> SyslogSettings:
    """Parse ``tls://host:6514`` or ``udp://host:514``. Raises ValueError."""
    url = urlsplit(text)
    scheme: Literal["tls", "udp"]
    match url.scheme:
        case "tls":
            scheme = "tls"
        case "udp":
            scheme = "udp"
        case _:
            raise ValueError("must look like tls://host:6514 or udp://host:514")
    if not url.hostname or url.username or url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError("must look like tls://host:6514 or udp://host:514")
    return SyslogSettings(scheme, url.hostname, url.port or PORTS[scheme])


class Target(Protocol):
    """An open way to a syslog server."""

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send messages, in order. Raises OSError, TimeoutError if the server may have missed some."""

    async def close(self) -> None:
        """Close it."""


async def connect(settings: SyslogSettings) -> Target:
    """Open the way to a syslog server. Raises OSError, TimeoutError."""
    async with asyncio.timeout(CONNECT_S):
        if settings.scheme == "udp":
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(
                asyncio.DatagramProtocol, remote_addr=(settings.host, settings.port)
            )
            return UdpTarget(transport)
        context = ssl.create_default_context(cafile=settings.authority)
        return TlsTarget(*await asyncio.open_connection(settings.host, settings.port, ssl=context))


class UdpTarget:
    """Sends each message in a datagram of its own; a lost one is lost."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send messages."""
        for message in messages:
            self._transport.sendto(message)

    async def close(self) -> None:
        """Close the socket."""
        self._transport.close()


class TlsTarget:
    """Sends messages with their length before them (RFC 5425 §4.3)."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    async def send(self, messages: Sequence[bytes]) -> None:
        """Send messages. Raises OSError, TimeoutError; ConnectionResetError where the server closed."""
        for message in messages:
            self._writer.write(b"%d %b" % (len(message), message))
        async with asyncio.timeout(SEND_S):
            await self._writer.drain()
        try:
            async with asyncio.timeout(CONFIRM_S):
                while await self._reader.read(1024):  # a server has nothing to say
                    pass
        except TimeoutError:
            return
        raise ConnectionResetError("the syslog server closed the connection")

    async def close(self) -> None:
        """Close the connection; one that does not answer is left."""
        self._writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CONFIRM_S):
                await self._writer.wait_closed()
