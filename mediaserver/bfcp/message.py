"""Reads and writes messages of BFCP (RFC 8855 §5), version 1 and 2, whole or in fragments. Pure.

Version 1 (RFC 4582) runs over TCP, version 2 over UDP; old room systems send version 1 over UDP. Attributes are read
one level deep: no request of a client needs what stands in a group.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct

HEADER = Struct("!BBHIHH")
"""Version and flags, primitive, payload length in words, confid, transaction, user (§5.1)."""
_FRAGMENT = Struct("!HH")
"""Offset and length in words."""
_NUMBER = Struct("!H")
WORD = 4
"""All lengths but those of attributes are counted in words of so many bytes."""
MAX_PAYLOAD = 4096
"""Bytes of a message without its header; requests of room systems take less than fifty."""
_RESPONDER, _FRAGMENTED = 0x10, 0x08


class Primitive(IntEnum):
    """Kinds of messages (§5.1, table 1)."""

    FLOOR_REQUEST = 1
    FLOOR_RELEASE = 2
    FLOOR_REQUEST_QUERY = 3
    FLOOR_REQUEST_STATUS = 4
    USER_QUERY = 5
    USER_STATUS = 6
    FLOOR_QUERY = 7
    FLOOR_STATUS = 8
    CHAIR_ACTION = 9
    CHAIR_ACTION_ACK = 10
    HELLO = 11
    HELLO_ACK = 12
    ERROR = 13
    FLOOR_REQUEST_STATUS_ACK = 14
    FLOOR_STATUS_ACK = 15
    GOODBYE = 16
    GOODBYE_ACK = 17


class Type(IntEnum):
    """Kinds of attributes (§5.2, table 2)."""

    BENEFICIARY_ID = 1
    FLOOR_ID = 2
    FLOOR_REQUEST_ID = 3
    PRIORITY = 4
    REQUEST_STATUS = 5
    ERROR_CODE = 6
    ERROR_INFO = 7
    PARTICIPANT_PROVIDED_INFO = 8
    STATUS_INFO = 9
    SUPPORTED_ATTRIBUTES = 10
    SUPPORTED_PRIMITIVES = 11
    USER_DISPLAY_NAME = 12
    USER_URI = 13
    BENEFICIARY_INFORMATION = 14
    FLOOR_REQUEST_INFORMATION = 15
    REQUESTED_BY_INFORMATION = 16
    FLOOR_REQUEST_STATUS = 17
    OVERALL_REQUEST_STATUS = 18


class Status(IntEnum):
    """States of a floor request (§5.2.5, table 4)."""

    PENDING = 1
    ACCEPTED = 2
    GRANTED = 3
    DENIED = 4
    CANCELLED = 5
    RELEASED = 6
    REVOKED = 7


class ErrorCode(IntEnum):
    """Errors (§5.2.6, table 5) that this server answers."""

    CONFID = 1
    UNKNOWN_PRIMITIVE = 3
    UNKNOWN_MANDATORY_ATTRIBUTE = 4
    UNAUTHORIZED = 5
    INVALID_FLOOR = 6
    UNKNOWN_FLOOR_REQUEST = 7
    TOO_MANY_FLOOR_REQUESTS = 8
    UNPARSABLE = 10
    VERSION = 12
    LENGTH = 13


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; `value` without its header and padding."""

    type: int
    value: bytes
    mandatory: bool = True

    @property
    def number(self) -> int | None:
        """Return the 16-bit number that is its value; None where it is none."""
        return _NUMBER.unpack(self.value)[0] if len(self.value) == _NUMBER.size else None


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a message; `confid` and `user` say whose. `responder` marks responses of version 2 (R flag)."""

    version: int
    primitive: int
    confid: int
    transaction: int
    user: int
    responder: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """A message with its attributes in order."""

    head: Head
    attributes: tuple[Attribute, ...] = ()

    def number(self, type_: int) -> int | None:
        """Return the number in the first attribute of a type; None without one."""
        return next((each.number for each in self.attributes if each.type == type_), None)


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a message (§6.2.3): `payload` begins at byte `offset` of `length` bytes; a whole message is one."""

    head: Head
    payload: bytes
    offset: int
    length: int


class BadBfcp(ValueError):
    """Bytes that are no message; `head` is known where an Error message with `code` is to be answered."""

    def __init__(self, code: ErrorCode, head: Head | None = None) -> None:
        super().__init__(code.name)
        self.code = code
        self.head = head


def payload_bytes(data: bytes) -> int | None:
    """Return how many bytes follow the header of a message over TCP; None while its header is cut off."""
    return None if len(data) < HEADER.size else int(HEADER.unpack_from(data)[2]) * WORD


def read_fragment(data: bytes) -> Fragment:
    """Read a message or a part of one, as a datagram or TCP brings it. Raises BadBfcp."""
    if len(data) < HEADER.size:
        raise BadBfcp(ErrorCode.LENGTH)
    flags, primitive, words, confid, transaction, user = HEADER.unpack_from(data)
    version = flags >> 5
    head = Head(version, primitive, confid, transaction, user, bool(flags & _RESPONDER))
    if version not in (1, 2):
        raise BadBfcp(ErrorCode.VERSION, head)
    payload, offset, length = data[HEADER.size :], 0, words * WORD
    part = length
    if flags & _FRAGMENTED:
        if len(payload) < _FRAGMENT.size:
            raise BadBfcp(ErrorCode.LENGTH, head)
        offset, part = (each * WORD for each in _FRAGMENT.unpack_from(payload))
        payload = payload[_FRAGMENT.size :]
    if len(payload) != part or offset + part > length or length > MAX_PAYLOAD:
        raise BadBfcp(ErrorCode.LENGTH, head)
    return Fragment(head, payload, offset, length)


def read_attributes(head: Head, payload: bytes) -> Message:
    """Read the attributes of a whole payload. Raises BadBfcp."""
    attributes = []
    while payload:
        if len(payload) < 2 or payload[1] < 2 or payload[1] > len(payload):
            raise BadBfcp(ErrorCode.UNPARSABLE, head)
        size = payload[1]
        attributes.append(Attribute(payload[0] >> 1, payload[2:size], bool(payload[0] & 1)))
        payload = payload[_padded(size) :]
    return Message(head, tuple(attributes))


class Reassembly:
    """Puts the fragments of one message together; one that begins another message drops the parts of the last."""

    def __init__(self) -> None:
        self._head: Head | None = None
        self._parts: dict[int, bytes] = {}

    def put(self, fragment: Fragment) -> bytes | None:
        """Take a fragment; return the payload of its message once all of it has come."""
        if len(fragment.payload) == fragment.length:
            return fragment.payload
        if fragment.head != self._head:
            self._head, self._parts = fragment.head, {}
        if fragment.payload:
            self._parts[fragment.offset] = fragment.payload
        if sum(map(len, self._parts.values())) > fragment.length:  # they overlap
            self._head, self._parts = None, {}
            return None
        whole = b""
        while (part := self._parts.get(len(whole))) is not None:
            whole += part
        if len(whole) != fragment.length:
            return None
        self._head, self._parts = None, {}
        return whole


def write(message: Message) -> bytes:
    """Write a message whole; ours have a few dozen bytes."""
    head = message.head
    payload = b"".join(_written(each) for each in message.attributes)
    flags = head.version << 5 | (_RESPONDER if head.responder else 0)
    words = len(payload) // WORD
    return HEADER.pack(flags, head.primitive, words, head.confid, head.transaction, head.user) + payload


def _written(attribute: Attribute) -> bytes:
    size = 2 + len(attribute.value)
    data = bytes((attribute.type << 1 | attribute.mandatory, size)) + attribute.value
    return data.ljust(_padded(size), b"\0")


def _padded(size: int) -> int:
    return -(-size // WORD) * WORD


def number(type_: Type, value: int) -> Attribute:
    """Return an attribute with a 16-bit number."""
    return Attribute(type_, _NUMBER.pack(value))


def group(type_: Type, id_: int, attributes: Sequence[Attribute] = ()) -> Attribute:
    """Return a grouped attribute, which begins with the 16-bit id of what it is about (§5.2.14 to §5.2.18)."""
    return Attribute(type_, _NUMBER.pack(id_) + b"".join(_written(each) for each in attributes))
