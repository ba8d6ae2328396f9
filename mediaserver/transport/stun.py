"""STUN (RFC 8489) as far as ICE needs it: binding requests and responses with message integrity by a password. Pure."""

import hmac
from dataclasses import dataclass
from socket import AF_INET, AF_INET6, inet_pton
from struct import Struct
from zlib import crc32

REQUEST, RESPONSE = 0x0001, 0x0101
"""Message types of the method Binding (RFC 8489 §5)."""
USERNAME, INTEGRITY, MAPPED, PRIORITY, USE_CANDIDATE = 0x0006, 0x0008, 0x0020, 0x0024, 0x0025
FINGERPRINT, CONTROLLED = 0x8028, 0x8029
COOKIE = 0x2112A442
_HEADER, _ATTRIBUTE = Struct("!HHI12s"), Struct("!HH")
_INTEGRITY_BYTES, _FINGERPRINT_BYTES = 24, 8


@dataclass(slots=True)
class Message:
    """A parsed message. Until :meth:`has_integrity` returned True, anybody may have written it."""

    kind: int
    transaction_id: bytes
    username: bytes = b""
    nominates: bool = False
    """Whether it has USE-CANDIDATE (RFC 8445 §7.1.1)."""
    body: bytes = b""
    """The attributes before MESSAGE-INTEGRITY."""
    integrity: bytes = b""

    def has_integrity(self, password: bytes) -> bool:
        """Return whether its writer knows the password (MESSAGE-INTEGRITY, RFC 8489 §14.5)."""
        return hmac.compare_digest(
            self.integrity, _message_integrity(self.kind, self.transaction_id, self.body, password)
        )


def is_stun(first_byte: int) -> bool:
    """Return whether a datagram's first byte says STUN (RFC 7983 §7)."""
    return first_byte < 4


def parse(data: bytes) -> Message:
    """Read a message; raises ValueError when it is malformed or its FINGERPRINT is wrong."""
    if len(data) < _HEADER.size:
        raise ValueError("STUN message without a whole header")
    kind, length, cookie, transaction_id = _HEADER.unpack_from(data)
    if cookie != COOKIE or length % 4 or _HEADER.size + length != len(data):
        raise ValueError("STUN message of another length than it says")
    message = Message(kind, transaction_id)
    at = _HEADER.size
    while at < len(data):
        name, size = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) < size:
            raise ValueError("STUN attribute cut off")
        if name == FINGERPRINT and value != _fingerprint(data[:at]):
            raise ValueError("STUN message with a wrong fingerprint")
        if not message.integrity:  # whatever follows MESSAGE-INTEGRITY is not covered by it (RFC 8489 §14.5)
            _take(message, name, value)
            if message.integrity:
                message.body = data[_HEADER.size : at]
        at += 4 + size + -size % 4
    return message


def _take(message: Message, name: int, value: bytes) -> None:
    if name == USERNAME:
        message.username = value
    elif name == USE_CANDIDATE:
        message.nominates = True
    elif name == INTEGRITY:
        message.integrity = value


def write(kind: int, transaction_id: bytes, attributes: bytes, password: bytes) -> bytes:
    """Return a message with its MESSAGE-INTEGRITY and FINGERPRINT."""
    authenticated = attributes + attribute(INTEGRITY, _message_integrity(kind, transaction_id, attributes, password))
    data = _head(kind, transaction_id, len(authenticated) + _FINGERPRINT_BYTES) + authenticated
    return data + attribute(FINGERPRINT, _fingerprint(data))


def attribute(name: int, value: bytes) -> bytes:
    """Return an attribute, padded to a whole word (RFC 8489 §14)."""
    return _ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4)


def mapped(host: str, port: int, transaction_id: bytes) -> bytes:
    """Return the attribute that tells a peer its own address (XOR-MAPPED-ADDRESS, RFC 8489 §14.2)."""
    six = ":" in host
    ip = inet_pton(AF_INET6 if six else AF_INET, host.partition("%")[0])
    mask = COOKIE.to_bytes(4) + transaction_id
    hidden = bytes([a ^ b for a, b in zip(port.to_bytes(2) + ip, mask[:2] + mask, strict=False)])
    return attribute(MAPPED, (b"\0\2" if six else b"\0\1") + hidden)


def _head(kind: int, transaction_id: bytes, length: int) -> bytes:
    return _HEADER.pack(kind, length, COOKIE, transaction_id)


def _message_integrity(kind: int, transaction_id: bytes, attributes: bytes, password: bytes) -> bytes:
    head = _head(kind, transaction_id, len(attributes) + _INTEGRITY_BYTES)
    return hmac.digest(password, head + attributes, "sha1")


def _fingerprint(data: bytes) -> bytes:
    return (crc32(data) ^ 0x5354554E).to_bytes(4)
