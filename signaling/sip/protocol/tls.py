"""TLS for SIP (RFC 3261 §26.2, RFC 5922): our certificate, and the judgement of a remote party's.

A folder has `cert.pem` and `key.pem`, and may have `authority.pem`: the authority by which every remote party must then
show a certificate that names its IP address, whichever side opened the connection. Without it TLS encrypts, and nobody
proves who they are. Who replaces these files need not restart the server.
"""

import ipaddress
import logging
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.errors import BadMessage

log = logging.getLogger(__name__)

CERTIFICATE, KEY, AUTHORITY = "cert.pem", "key.pem", "authority.pem"


class Certificates:
    """Our certificate and the authority of others, as they lie in a folder when a connection begins; those that exist
    keep theirs. Files that cannot be used are told once, and those before them stay in use."""

    def __init__(self, folder: Path) -> None:
        """Read the folder. Raises OSError, also for files that cannot be used."""
        self._folder = folder
        self._read = self._state()
        self._server, self._client = self._contexts()

    @property
    def server(self) -> ssl.SSLContext:
        """Return the context of connections that come."""
        self._follow()
        return self._server

    @property
    def client(self) -> ssl.SSLContext:
        """Return the context of connections that we open."""
        self._follow()
        return self._client

    def _follow(self) -> None:
        """Read the folder again where a file in it was replaced."""
        state = self._state()
        if state == self._read:
            return
        self._read = state
        try:
            self._server, self._client = self._contexts()
        except OSError as error:
            log.error("x the certificate in %s cannot be used, the previous one stays in use: %s", self._folder, error)
        else:
            log.info("= the certificate in %s was loaded", self._folder)

    def _state(self) -> list[tuple[int, int, int] | None]:
        """Return what changes with the files: None for one that is not there."""
        return [_stamp(self._folder / name) for name in (CERTIFICATE, KEY, AUTHORITY)]

    def _contexts(self) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        protocols = ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT
        server, client = (_context(self._folder, ssl.SSLContext(protocol)) for protocol in protocols)
        return server, client


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _context(folder: Path, context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # :func:`names` does, also for connections that come
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY, password="")  # nobody is there to be asked
    if (authority := folder / AUTHORITY).exists():
        context.load_verify_locations(authority)
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def names(certificate: dict[str, Any], host: str) -> bool:
    """Return whether a verified certificate is that of an IP address: by its address, or its SIP URI (RFC 5922 §7.1).

    `certificate` is what `getpeercert` returns.
    """
    address = ipaddress.ip_address(host)
    return any(_is(name, address) for name in _hosts(certificate.get("subjectAltName", ())))


def _hosts(names_: Iterable[tuple[str, str]]) -> Iterable[str]:
    for kind, name in names_:
        if kind == "IP Address":
            yield name
        elif kind == "URI":
            try:
                uri = Uri.parse(name)
            except BadMessage:
                continue
            if uri.scheme in ("sip", "sips") and not uri.user:
                yield uri.host


def _is(name: str, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    try:
        return ipaddress.ip_address(name) == address
    except ValueError:
        return False
