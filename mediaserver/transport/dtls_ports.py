"""DTLS-SRTP of one m-line without multiplexing: an association on the RTP port and one on the RTCP port (RFC 5764
§4.1)."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from functools import partial

from aiortc.rtcdtlstransport import RTCCertificate

from mediaserver.transport.dtls import Dtls, DtlsFailed, DtlsRole
from mediaserver.transport.srtp import Srtp

logger = logging.getLogger(__name__)

FIRST_BYTES = range(20, 64)
"""First bytes of DTLS records (RFC 7983 §7)."""


class DtlsPorts:
    """Both associations. `send` takes a port's number (0: RTP, 1: RTCP) and a record to send there."""

    def __init__(
        self,
        certificate: RTCCertificate,
        role: DtlsRole,
        fingerprints: Sequence[tuple[str, str]],
        send: Callable[[int, bytes], None],
    ) -> None:
        """Begin the handshakes."""
        self._dtls = [Dtls(certificate, role, partial(send, number)) for number in (0, 1)]
        self.srtp: list[Srtp | None] = [None, None]
        """What protects the packets of each port; None until its handshake is done."""
        self._tasks = [asyncio.ensure_future(self._connect(number, list(fingerprints))) for number in (0, 1)]

    async def _connect(self, number: int, fingerprints: list[tuple[str, str]]) -> None:
        try:
            self.srtp[number] = await self._dtls[number].handshake(fingerprints)
        except DtlsFailed as exc:  # nothing is sent or taken then, and the call ends as silent
            logger.info("x DTLS handshake of %s failed: %s", ("RTP", "RTCP")[number], exc)

    def receive(self, number: int, data: bytes) -> None:
        """Take one datagram of records."""
        self._dtls[number].receive(data)

    def close(self) -> None:
        """Tell the peer, and forget the keys."""
        for task in self._tasks:
            task.cancel()
        self._tasks = [asyncio.ensure_future(dtls.close()) for dtls in self._dtls]
