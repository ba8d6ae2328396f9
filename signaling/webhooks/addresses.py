"""Says where webhooks may go: to public addresses, and to networks that the server's configuration names.

A name is judged by the addresses that it has when a delivery is sent, so that nobody who controls a name reaches what
only this server should (server-side request forgery).
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from yarl import URL

from signaling.core.errors import BadInput, Fault

MAX_URL = 500
Network = IPv4Network | IPv6Network
NAT64 = IPv6Network("64:ff9b::/96")
"""Addresses that hold an IPv4 address (RFC 6052), as mapped ones, 6to4 and Teredo do."""
_NAME = re.compile(r"(?=.{1,253}\.?$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?")
"""A host name whose last label begins with a letter: others are read as addresses by some systems."""


class NotPermitted(Exception):
    """No address of a host may be reached."""


def permitted(address: str, networks: Sequence[Network]) -> bool:
    """Return whether webhooks may go to an address."""
    ip = ip_address(address)
    return any(ip.version == network.version and ip in network for network in networks) or _public(ip)


def _public(ip: IPv4Address | IPv6Address) -> bool:
    inner = _inner(ip) if isinstance(ip, IPv6Address) else None
    return _public(inner) if inner is not None else ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inner(ip: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to."""
    if ip in NAT64:
        return IPv4Address(ip.packed[12:])
    return ip.ipv4_mapped or ip.sixtofour or (None if ip.teredo is None else ip.teredo[1])


def checked_url(text: str, networks: Sequence[Network]) -> str:
    """Return the URL of a webhook in its usual form. Raises BadInput.

    It is that of HTTPS, without user, password and fragment. An address in it is judged at once, a name when deliveries
    are sent.
    """
    try:
        url = URL(text.strip())
        host, plain = url.raw_host or "", url.user is None and url.password is None and not url.raw_fragment
    except ValueError:
        raise BadInput([Fault("url", "webhook-url")]) from None
    if url.scheme != "https" or not plain or not url.port or len(str(url)) > MAX_URL:
        raise BadInput([Fault("url", "webhook-url")])
    if not _NAME.fullmatch(host.lower()):
        try:
            reached = "%" not in host and permitted(host, networks)
        except ValueError:
            raise BadInput([Fault("url", "webhook-url")]) from None
        if not reached:
            raise BadInput([Fault("url", "webhook-address")])
    return str(url)


async def resolve(host: str, port: int, networks: Sequence[Network]) -> Sequence[tuple[socket.AddressFamily, str]]:
    """Return the addresses of a host that webhooks may go to. Raises NotPermitted, OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = list(dict.fromkeys((family, str(at[0])) for family, *_, at in found))
    allowed = [(family, address) for family, address in addresses if permitted(address.partition("%")[0], networks)]
    if not allowed:
        raise NotPermitted
    return allowed
