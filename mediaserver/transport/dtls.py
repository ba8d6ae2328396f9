"""DTLS-SRTP (RFC 5764): aiortc's transport does the handshake and derives the keys; packets are ours.

aiortc's transport reads datagrams from an ICE transport and hands decrypted RTP to its own router. We feed it DTLS
records only and take the SRTP sessions it derives. Names in camelCase stop here.

Private parts of aiortc: `RTCDtlsTransport._set_role`, `._tx_srtp` and `._rx_srtp`; `_create_ssl_context` of
`RTCCertificate`; and that an ICE transport is called by `_recv` and `_send` and asked for its `role`. They are why
pyproject.toml pins aiortc to one release.

When they break (`tests/test_private_parts.py` says so): see in aiortc's `rtcdtlstransport.py` where the role, the SSL
context and the two SRTP sessions are now, and change this file; nothing else knows them.
"""

import asyncio
from collections.abc import Callable
from functools import cache, cached_property
from typing import Literal, cast

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)
from aiortc.rtcicetransport import RTCIceTransport
from OpenSSL import SSL

from mediaserver.transport.srtp import Srtp

MAX_QUEUED_RECORDS = 32
"""Waiting datagrams; a handshake has about ten. Further ones are dropped, and DTLS sends them again."""
HANDSHAKE_TIMEOUT_S = 15.0

DtlsRole = Literal["client", "server"]


class DtlsFailed(Exception):
    """The handshake did not end with keys: wrong fingerprint, no common SRTP profile, or silence."""


class Certificate(RTCCertificate):
    """A certificate that makes one OpenSSL context for all handshakes: one for each would cost 0.3 ms and 20 kB a peer.

    Buffers that hold no record are released, which are 9 kB a peer: after the handshake hardly any comes.
    """

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            self._context.set_mode(SSL.MODE_RELEASE_BUFFERS)
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # it would keep every peer's session
        return self._context

    @cached_property
    def tls_context(self) -> SSL.Context:
        """The context of TLS servers; whose certificate a client has is looked at after the handshake."""
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        context.set_verify(SSL.VERIFY_PEER, lambda *_: True)
        context.use_certificate(self._cert)
        context.use_privatekey(self._key)
        return context


def make_certificate() -> Certificate:
    """Make a fresh self-signed certificate; its fingerprint travels in the SDP."""
    return Certificate.generateCertificate()


@cache
def fingerprint(certificate: RTCCertificate) -> str:
    """Return the certificate's SHA-256 fingerprint as an SDP value (RFC 8122 §5)."""
    return next(f"{f.algorithm} {f.value}" for f in certificate.getFingerprints() if f.algorithm == "sha-256")


class Dtls:
    """One peer's DTLS association."""

    def __init__(self, certificate: RTCCertificate, role: DtlsRole, send: Callable[[bytes], None]) -> None:
        self._records = _Records(send)
        self._transport = RTCDtlsTransport(cast("RTCIceTransport", self._records), [certificate])
        self._transport._set_role(role)

    def receive(self, data: bytes) -> None:
        """Take one datagram from a validated address."""
        self._records.put(data)

    async def handshake(self, fingerprints: list[tuple[str, str]]) -> Srtp:
        """Run the handshake; raises DtlsFailed unless the peer's certificate has the signalled fingerprints."""
        remote = RTCDtlsParameters(fingerprints=[RTCDtlsFingerprint(a, v) for a, v in fingerprints])
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_S):
                await self._transport.start(remote)
        except TimeoutError as exc:
            raise DtlsFailed("no answer") from exc
        if self._transport.state != "connected":
            raise DtlsFailed(self._transport.state)
        return Srtp(self._transport._tx_srtp, self._transport._rx_srtp)

    def on_closed(self, callback: Callable[[], None]) -> None:
        """Call back once when the peer ends the association (close_notify)."""

        def changed() -> None:
            if self._transport.state == "closed":
                callback()

        self._transport.on("statechange", changed)

    async def close(self) -> None:
        """Tell the peer and stop."""
        self._transport.remove_all_listeners()
        await self._transport.stop()
        self._records.close()


class _Records:
    """The ICE transport that aiortc expects: one queue in, one call out."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._out = send
        self._queue: asyncio.Queue[bytes | None] = asyncio.Queue(MAX_QUEUED_RECORDS)

    def put(self, data: bytes) -> None:
        if not self._queue.full():
            self._queue.put_nowait(data)

    def close(self) -> None:
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait(None)

    async def _recv(self) -> bytes:
        data = await self._queue.get()
        if data is None:
            raise ConnectionError
        return data

    async def _send(self, data: bytes) -> None:
        self._out(data)
