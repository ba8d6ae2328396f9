"""Passes RTP that comes within an RTSP connection on to the media engine as UDP, and what the engine answers back.

So the engine receives every camera in one way. The sockets take datagrams from the engine's ports alone.
"""

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from signaling.cameras.rtsp_message import DISCARD_PORT

MAX_DATAGRAM = 2048
"""Bytes of a packet that the media engine takes."""


class RtpRelay:
    """A socket for each channel of a connection: those of RTP are even, those of RTCP follow them (RFC 2326 §10.12)."""

    def __init__(self, engine_host: str, channels: int, back: Callable[[int, bytes], None]) -> None:
        """Open sockets towards the engine; `back` takes what it sends for a channel."""
        self._engine_host = engine_host
        self._back = back
        family = socket.AF_INET6 if ":" in engine_host else socket.AF_INET
        self._sockets = [socket.socket(family, socket.SOCK_DGRAM) for _ in range(channels)]
        for each in self._sockets:
            each.setblocking(False)
        self._sockets[0].connect((engine_host, DISCARD_PORT))  # of UDP this sends nothing
        self.host = str(self._sockets[0].getsockname()[0])
        """The address that the engine sees."""

    def aim(self, ports: Sequence[int]) -> None:
        """Send to these RTP ports of the engine, one for each track, and to the RTCP ports above them."""
        loop = asyncio.get_running_loop()
        for channel, each in enumerate(self._sockets):
            each.connect((self._engine_host, ports[channel // 2] + channel % 2))
            loop.add_reader(each, self._read, channel)

    def send(self, channel: int, data: bytes) -> None:
        """Pass a packet on; one of an unknown channel is dropped, and one that the kernel does not take."""
        if channel < len(self._sockets):
            with suppress(OSError):
                self._sockets[channel].send(data)

    def _read(self, channel: int) -> None:
        with suppress(OSError):  # of a port that is closed, or closing
            self._back(channel, self._sockets[channel].recv(MAX_DATAGRAM))

    def close(self) -> None:
        """Close the sockets."""
        loop = asyncio.get_running_loop()
        for each in self._sockets:
            loop.remove_reader(each)
            each.close()
