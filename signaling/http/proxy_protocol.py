"""PROXY protocol, version 2: whoever passes a TCP connection on says first where it came from.

Source: HAProxy Technologies, "The PROXY protocol", section 2.2. Addresses of TCP over IPv4 and IPv6 are read;
extensions (TLV) are skipped. A connection of the proxy itself (LOCAL), as for its health check, names nobody.
"""

import ipaddress
import struct

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
FIXED_BYTES = 16
MAX_BYTES = 512
"""Longest header that is read: addresses need 52 bytes, the rest is for extensions."""
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_FIXED = struct.Struct("!12sBBH")

Address = tuple[str, int]
"""IP address and port."""


def write(source: Address, destination: Address) -> bytes:
    """Return the header of a connection from `source` to `destination`."""
    ends = [ipaddress.ip_address(host) for host, _ in (source, destination)]
    if all(each.version == 4 for each in ends):
        family, packed = _TCP4, b"".join(each.packed for each in ends)
    else:
        family, packed = _TCP6, b"".join(_mapped(each).packed for each in ends)
    addresses = packed + struct.pack("!HH", source[1], destination[1])
    return _FIXED.pack(SIGNATURE, _PROXY, family, len(addresses)) + addresses


def rest_length(fixed: bytes) -> int:
    """Return the number of bytes that follow the first 16 of a header. Raises ValueError."""
    signature, command, _, length = _FIXED.unpack(fixed)
    if signature != SIGNATURE or command not in (_LOCAL, _PROXY):
        raise ValueError("no header of the PROXY protocol, version 2")
    if length > MAX_BYTES - FIXED_BYTES:
        raise ValueError(f"the header of the PROXY protocol is longer than {MAX_BYTES} bytes")
    return int(length)


def source(fixed: bytes, rest: bytes) -> Address | None:
    """Return where a connection came from, None for one of the proxy itself. Raises ValueError."""
    _, command, family, _ = _FIXED.unpack(fixed)
    if command == _LOCAL:
        return None
    size = {_TCP4: 4, _TCP6: 16}.get(family)
    if size is None:
        raise ValueError("the connection that was passed on is not TCP")
    if len(rest) < 2 * size + 4:
        raise ValueError("the header of the PROXY protocol has no addresses")
    address = ipaddress.ip_address(rest[:size])
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return str(address), int(struct.unpack_from("!H", rest, 2 * size)[0])


def _mapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    if isinstance(address, ipaddress.IPv6Address):
        return address
    return ipaddress.IPv6Address(b"\0" * 10 + b"\xff\xff" + address.packed)
