"""ICE-lite (RFC 8445 §2.5): answer the browser's connectivity checks, never send any to find a path.

A binding request of ours only measures the round trip of the path the browser selected. Only addresses whose check
carried our password are *validated*; the transport drops everything else, so forged datagrams never reach DTLS, and
remote candidates are never dialled.
"""

import hmac
import secrets
import struct
from base64 import b64encode
from ipaddress import ip_address
from zlib import crc32

from aioice import stun

Address = tuple[str, int]

_FRAGMENT_LENGTH = 8
_PRIORITY = 126 << 24 | 65535 << 8 | 255
"""A host candidate's (RFC 8445 §5.1.2.1); Firefox answers no request without one."""
_COOKIE = 0x2112A442
_HEADER, _MAPPED, _FINGERPRINT = struct.Struct("!HHI12s"), struct.Struct("!HHxBH"), struct.Struct("!HHI")
MAX_VALIDATED = 8
"""Addresses one peer may have at once; the oldest is forgotten (a peer that moves keeps the newest)."""


def is_stun(first_byte: int) -> bool:
    """Whether a datagram's first byte says STUN (RFC 7983 §7)."""
    return first_byte < 4


def parse(data: bytes) -> stun.Message:
    """Read a STUN message; raises ValueError on anything else (aioice lets struct and index errors through)."""
    try:
        return stun.parse_message(data)
    except (struct.error, IndexError, KeyError, UnicodeDecodeError) as exc:
        raise ValueError("malformed STUN message") from exc


def local_fragment(message: stun.Message) -> str:
    """Our half of a binding request's USERNAME, by which the shared port finds the peer.

    Responses have none; our requests carry it as the beginning of their transaction id, 32 bits of which are random.
    """
    if message.message_class == stun.Class.RESPONSE:
        return message.transaction_id[:_FRAGMENT_LENGTH].decode(errors="replace")
    username = message.attributes.get("USERNAME", "")
    return username.partition(":")[0] if isinstance(username, str) else ""


class IceLite:
    """One peer's credentials and validated addresses."""

    def __init__(self, remote_fragment: str, remote_password: str) -> None:
        # given
        self._remote_fragment = remote_fragment
        self._remote_password = remote_password
        # owned
        self.fragment = _token(_FRAGMENT_LENGTH)
        self.password = _token(24)
        self.selected: Address | None = None
        self.validated: list[Address] = []
        self._tie_breaker = secrets.randbits(64)
        self._asked: tuple[bytes, float] | None = None
        """The newest request of ours, and when it left; older ones do not count any more."""

    def request(self, message: stun.Message, address: Address) -> bytes | None:
        """Answer a binding request from `address`, validating it; None when the request is not for us."""
        if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
            return None
        if message.attributes.get("USERNAME") != f"{self.fragment}:{self._remote_fragment}":
            return None
        if not message.check_message_integrity(self.password.encode()):
            return None
        self._validate(address, nominated="USE-CANDIDATE" in message.attributes)
        return _response(message.transaction_id, address, self.password.encode())

    def ask(self, now: float) -> bytes:
        """A binding request of ours, which the browser answers at once (RFC 8445 §7.3)."""
        transaction_id = self.fragment.encode() + secrets.token_bytes(12 - _FRAGMENT_LENGTH)
        message = stun.Message(
            message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST, transaction_id=transaction_id
        )
        message.attributes["USERNAME"] = f"{self._remote_fragment}:{self.fragment}"
        message.attributes["PRIORITY"] = _PRIORITY
        message.attributes["ICE-CONTROLLED"] = self._tie_breaker
        message.add_message_integrity(self._remote_password.encode())  # and the fingerprint
        self._asked = transaction_id, now
        return bytes(message)

    def answered(self, message: stun.Message, now: float) -> float | None:
        """The round trip in seconds when this is the browser's answer to our newest request; it counts once."""
        if self._asked is None or message.message_class != stun.Class.RESPONSE:
            return None
        transaction_id, left = self._asked
        if message.transaction_id != transaction_id:
            return None
        if not message.check_message_integrity(self._remote_password.encode()):
            return None
        self._asked = None
        return now - left

    def _validate(self, address: Address, *, nominated: bool) -> None:
        if address not in self.validated:
            self.validated.append(address)
        if nominated or self.selected is None:
            self.selected = address


def _token(length: int) -> str:
    """Letters, digits, "+" and "/" (RFC 8839 §5.4); `length` is a multiple of four."""
    return b64encode(secrets.token_bytes(length * 3 // 4)).decode()


def _response(transaction_id: bytes, address: Address, key: bytes) -> bytes:
    """A binding success response (RFC 8489 §14.2, §14.5, §14.7): aioice writes every message three times, and there is
    hardly any that goes out more often."""
    ip = ip_address(address[0]).packed
    mask = (_COOKIE.to_bytes(4) + transaction_id)[: len(ip)]
    hidden = (int.from_bytes(ip) ^ int.from_bytes(mask)).to_bytes(len(ip))
    mapped = _MAPPED.pack(0x0020, 4 + len(ip), 1 if len(ip) == 4 else 2, address[1] ^ _COOKIE >> 16) + hidden
    data = _HEADER.pack(0x0101, len(mapped) + 24, _COOKIE, transaction_id) + mapped
    data += b"\0\x08\0\x14" + hmac.digest(key, data, "sha1")
    data = _HEADER.pack(0x0101, len(mapped) + 32, _COOKIE, transaction_id) + data[_HEADER.size :]
    return data + _FINGERPRINT.pack(0x8028, 4, crc32(data) ^ 0x5354554E)
