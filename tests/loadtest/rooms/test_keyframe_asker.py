"""Requests for key frames leave from a port beside a room's, and what the server answers there reaches the room."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from loadtest.rooms.keyframe_asker import KeyframeAsker
from mediaserver.rtp import rtcp

Sockets = tuple[socket.socket, ...]


@pytest.fixture
def ports() -> Iterator[Sockets]:
    """Return sockets of the server, the room and a stranger."""
    held = tuple(socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3))
    for each in held:
        each.bind(("127.0.0.1", 0))
        each.settimeout(5)
    yield held
    for each in held:
        each.close()


async def test_it_asks_and_passes_on_what_the_server_sends(ports: Sockets) -> None:
    server, room, stranger = ports
    asker = KeyframeAsker(server.getsockname(), room.getsockname())
    await asker.open()
    try:
        assert asker.ask()
        data, address = await asyncio.to_thread(server.recvfrom, 2048)
        assert [type(each) for each in rtcp.parse(data, 0.0)] == [rtcp.KeyframeRequest]
        assert address != room.getsockname()
        stranger.sendto(b"of a stranger", address)
        server.sendto(b"of the server", address)
        assert await asyncio.to_thread(room.recvfrom, 2048) == (b"of the server", address)
    finally:
        asker.close()
