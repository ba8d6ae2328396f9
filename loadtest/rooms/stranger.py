"""A stranger who reads along: what a room system sends it sends a moment before, from an address of its own."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

from loadtest.media.perception import Colour
from loadtest.rooms.plain_media import PlainMedia, payloads
from mediaserver.transport.ice import Address


class Stranger:
    """Sends each packet of `media` before that does, under the same SSRC and number, with its own tone and colour in
    the place of the other ones."""

    def __init__(self, media: PlainMedia, sock: socket.socket, tone_hz: int, colour: Colour) -> None:
        own = payloads(media.tone_hz, media.colour)
        self._instead = dict(zip(own, payloads(tone_hz, colour), strict=True))
        self._socket = sock

    def send(self, head: bytes, payload: bytes, address: Address) -> None:
        """Send a packet that goes to an address."""
        self._socket.sendto(head + self._instead.get(payload, payload), address)

    @property
    def gets_anything(self) -> bool:
        """True once a packet has come, as to a peer whose media are taken."""
        try:
            return bool(self._socket.recv(1))
        except BlockingIOError:
            return False


@contextmanager
def overhearing(media: PlainMedia, host: str, tone_hz: int, colour: Colour) -> Iterator[Stranger]:
    """Give a stranger at an address who reads along. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((host, 0))
        stranger = Stranger(media, sock, tone_hz, colour)
        media.overheard = stranger.send
        try:
            yield stranger
        finally:
            media.overheard = None
