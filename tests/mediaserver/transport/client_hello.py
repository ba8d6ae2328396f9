"""The first datagram of a DTLS handshake, as a browser sends it."""

import asyncio
from contextlib import suppress

from mediaserver.transport.dtls import Dtls
from tests.mediaserver.meeting import CERTIFICATE


def client_hello() -> bytes:
    """Return the first record of a DTLS handshake."""
    sent: list[bytes] = []

    async def begin() -> None:
        dtls = Dtls(CERTIFICATE, "client", sent.append)
        handshake = asyncio.ensure_future(dtls.handshake([("sha-256", "00")]))
        while not sent:
            await asyncio.sleep(0)
        handshake.cancel()
        with suppress(asyncio.CancelledError):
            await handshake
        await dtls.close()

    asyncio.run(begin())
    return sent[0]


HELLO = client_hello()
