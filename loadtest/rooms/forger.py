"""Somebody who calls in the name of a room system, from its address, and answers nothing that comes there.

`python -m loadtest.rooms.forger HOST:PORT HZ ADDRESS=NAME...` sends so many INVITEs a second to a server, in turn from
each address by its name, until it is ended.
"""

import asyncio
import secrets
import socket
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager

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
    flood = asyncio.create_task(forge([(host, user)], server, CALLS_HZ))
    try:
        await asyncio.sleep(HEADSTART_S)
        yield
    finally:
        flood.cancel()


async def forge(callers: Sequence[tuple[str, str]], server: Address, hertz: float) -> None:
    """Send so many INVITEs a second, in turn from each address by its user name, and catch up when late. Raises
    OSError."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) for _ in callers]
        for sock, (host, _) in zip(sockets, callers, strict=True):
            sock.setblocking(False)
            sock.bind((host, 0))
            sock.connect(server)
        began, sent = time.monotonic(), 0
        while True:
            while sent < hertz * (time.monotonic() - began):
                at = sent % len(callers)
                sockets[at].send(_invite(callers[at][1], *sockets[at].getsockname()))
                sent += 1
            await asyncio.sleep(1 / hertz)


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


def main(words: Sequence[str]) -> None:
    """Send INVITEs as the arguments say."""
    server, hertz, *callers = words
    host, _, port = server.rpartition(":")
    names = [(address, name) for address, _, name in (each.partition("=") for each in callers)]
    asyncio.run(forge(names, (host, int(port)), float(hertz)))


if __name__ == "__main__":
    main(sys.argv[1:])
