"""The server's end of TLS on a connection that others read and write; a client is known by the fingerprint of its
certificate in the session description (RFC 8122 §6)."""

from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate
from OpenSSL import SSL

_HASHES: dict[str, Callable[[], hashes.HashAlgorithm]] = {
    "sha-256": hashes.SHA256,
    "sha-384": hashes.SHA384,
    "sha-512": hashes.SHA512,
}
_MAX_RECORD = 16 * 1024


class TlsFailed(Exception):
    """There is no TLS on the connection, or no longer: wrong bytes, another certificate, or an end."""


class TlsEnd:
    """One connection's TLS. `fingerprints` are those of the client's certificate; without any it needs none."""

    def __init__(self, context: SSL.Context, fingerprints: Sequence[tuple[str, str]]) -> None:
        self._fingerprints = fingerprints
        self._connection = SSL.Connection(context, None)
        self._connection.set_accept_state()
        self._agreed = False

    def read(self, data: bytes) -> bytes:
        """Take bytes that came, and return what they say. Raises TlsFailed."""
        said = b""
        try:
            self._connection.bio_write(data)
            if not self._agreed:
                self._connection.do_handshake()
                self._check(self._connection.get_peer_certificate(as_cryptography=True))
                self._agreed = True
            while True:
                said += self._connection.recv(_MAX_RECORD)
        except SSL.WantReadError:
            return said
        except SSL.Error as exc:
            raise TlsFailed(str(exc) or type(exc).__name__) from exc

    def _check(self, certificate: Certificate | None) -> None:
        """Raise TlsFailed where the client's certificate has none of the fingerprints."""
        has = certificate is not None and any(
            certificate.fingerprint(_HASHES[algorithm]()) == bytes.fromhex(value.replace(":", ""))
            for algorithm, value in self._fingerprints
        )
        if self._fingerprints and not has:
            raise TlsFailed("another certificate")

    def write(self, data: bytes) -> None:
        """Say something; before the handshake is done there is nobody to hear it."""
        if self._agreed:
            self._connection.sendall(data)

    def outgoing(self) -> bytes:
        """Return the bytes that the connection has to carry now."""
        found = b""
        try:
            while True:
                found += self._connection.bio_read(_MAX_RECORD)
        except SSL.WantReadError:
            return found
