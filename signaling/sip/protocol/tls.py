"""TLS for SIP (RFC 3261 §26.2, RFC 5922): our certificate, and the judgement of a remote party's.

A folder has `cert.pem` and `key.pem`, and may have `authority.pem`: the authority by which every remote party must then
show a certificate that names its IP address, whichever side opened the connection. Without it TLS encrypts, and nobody
proves who they are.
"""

import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.errors import BadMessage


def server_context(folder: Path) -> ssl.SSLContext:
    """Return the context of connections that come. Raises OSError, also for files that cannot be used."""
    return _context(folder, ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))


def client_context(folder: Path) -> ssl.SSLContext:
    """Return the context of connections that we open. Raises OSError, also for files that cannot be used."""
    return _context(folder, ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))


def _context(folder: Path, context: ssl.SSLContext) -> ssl.SSLContext:
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.check_hostname = False  # :func:`names` does, also for connections that come
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem", password="")  # nobody is there to be asked
    if (authority := folder / "authority.pem").exists():
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
