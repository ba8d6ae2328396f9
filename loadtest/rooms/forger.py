"""Somebody who calls in the name of a room system, from its address, and answers nothing that comes there."""

import asyncio
import secrets
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from loadtest.rooms.descriptions import generic
from mediaserver.transport.ice import Address

CALLS_HZ = 40
"""INVITEs a second: ten times what the server takes of one name."""
HEADSTART_S = 0.8
"""Time after which the server takes no more of them."""
WRONG_CODE = "0000000000"
NO_MEDIA = {"audio": 4000, "video": 4002}


@asynccontextmanager
async def forging(host: str, user: str, server: Address) -> AsyncIterator[None]:
    """Send INVITEs with a user name from an address of this machine for the time of the block. Raises OSError."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind((host, 0))
        sock.connect(server)
        flood = asyncio.create_task(_call(sock, user))
        try:
            await asyncio.sleep(HEADSTART_S)
            yield
        finally:
            flood.cancel()


async def _call(sock: socket.socket, user: str) -> None:
    began, sent = time.monotonic(), 0
    while True:
        while sent < CALLS_HZ * (time.monotonic() - began):
            sent += 1
            sock.send(_invite(user, *sock.getsockname()))
        await asyncio.sleep(1 / CALLS_HZ)


def _invite(user: str, host: str, port: int) -> bytes:
    offer = generic(host, NO_MEDIA)
    head = (
        f"INVITE sip:{WRONG_CODE}@{host} SIP/2.0\n"
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(8)};rport\n"
        f"From: <sip:{user}@{host}>;tag={secrets.token_hex(4)}\n"
        f"To: <sip:{WRONG_CODE}@{host}>\n"
        f"Call-ID: {secrets.token_hex(8)}\n"
        "CSeq: 1 INVITE\n"
        f"Contact: <sip:{user}@{host}:{port}>\n"
        "Max-Forwards: 70\n"
        "Content-Type: application/sdp\n"
        f"Content-Length: {len(offer)}\n\n"
    )
    return head.replace("\n", "\r\n").encode() + offer.encode()
