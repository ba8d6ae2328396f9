"""Writes and reads the messages of LDAP (RFC 4511) that a sign-in needs, in BER. Pure.

Requests: bind by a password, StartTLS, search, unbind. What is searched for is never text that would have to be escaped
(RFC 4515): a filter is made of attributes of the settings and of values that are sent as such. Responses: of these.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

INTEGER, OCTETS, ENUMERATED, BOOLEAN, SEQUENCE, SET = 0x02, 0x04, 0x0A, 0x01, 0x30, 0x31
BIND, UNBIND, SEARCH, EXTENDED = 0x60, 0x42, 0x63, 0x77
BIND_DONE, ENTRY, SEARCH_DONE, REFERENCE, EXTENDED_DONE = 0x61, 0x64, 0x65, 0x73, 0x78
START_TLS = b"1.3.6.1.4.1.1466.20037"
IN_CHAIN = b"1.2.840.113556.1.4.1941"
"""Active Directory's rule for a group within a group (LDAP_MATCHING_RULE_IN_CHAIN)."""
WHOLE_SUBTREE, NEVER_DEREFERENCED = 2, 0

SUCCESS, SIZE_LIMIT, INVALID_CREDENTIALS = 0, 4, 49
MAX_MESSAGE = 1 << 18


class BadLdap(ValueError):
    """A message that is not as RFC 4511 has it."""


@dataclass(frozen=True, slots=True)
class Result:
    """The end of a request: its code (RFC 4511, appendix A) and what the server says to it."""

    code: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry: its name, and the values of its attributes by their names in small letters."""

    dn: str
    values: dict[str, list[bytes]] = field(default_factory=dict)

    def texts(self, attribute: str) -> list[str]:
        """Return the values of an attribute as text, without those that are none."""
        found = self.values.get(attribute.lower(), [])
        return [each.decode("utf-8") for each in found if _is_text(each)]

    def identity(self, attribute: str) -> str:
        """Return the first value of an attribute as text if it is plain, else in hexadecimal digits; empty without."""
        value = next(iter(self.values.get(attribute.lower(), [])), b"")
        plain = value.isascii() and all(0x20 < byte < 0x7F for byte in value)
        return value.decode("ascii") if plain else value.hex()


Response = Result | Entry | None
"""The content of a response; None: a reference to another server, which is not followed."""


def tlv(tag: int, *contents: bytes) -> bytes:
    """Return an element of BER, with its length in the shortest form."""
    content = b"".join(contents)
    if len(content) < 0x80:
        return bytes((tag, len(content))) + content
    size = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(size))) + size + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """Return a number that is not negative."""
    return tlv(tag, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def bind_request(number: int, name: str, password: str) -> bytes:
    """Return a simple bind. Raises ValueError without a password: servers take that for nobody (RFC 4513, 5.1.2)."""
    if not password or not name:
        raise ValueError("no password")
    simple = tlv(0x80, password.encode("utf-8", "surrogatepass"))
    return _message(number, tlv(BIND, integer(3), tlv(OCTETS, name.encode()), simple))


def unbind_request(number: int) -> bytes:
    """Return the message before a connection is closed."""
    return _message(number, tlv(UNBIND))


def start_tls_request(number: int) -> bytes:
    """Return the request after whose response TLS begins (RFC 4511, 4.14)."""
    return _message(number, tlv(EXTENDED, tlv(0x80, START_TLS)))


def equals(attribute: str, value: str) -> bytes:
    """Return the filter of an attribute that has a value."""
    return tlv(0xA3, tlv(OCTETS, attribute.encode()), tlv(OCTETS, value.encode()))


def holds_nested(attribute: str, dn: str) -> bytes:
    """Return the filter of groups that somebody is in, also through others (Active Directory)."""
    return tlv(0xA9, tlv(0x81, IN_CHAIN), tlv(0x82, attribute.encode()), tlv(0x83, dn.encode()))


def both(*filters: bytes) -> bytes:
    """Return the filter of what passes all filters."""
    return tlv(0xA0, *filters)


def search_request(number: int, base: str, filter_: bytes, attributes: Sequence[str], most: int, seconds: int) -> bytes:
    """Return a search of the subtree of `base` for at most so many entries in so many seconds."""
    wanted = tlv(SEQUENCE, *(tlv(OCTETS, each.encode()) for each in attributes))
    where = integer(WHOLE_SUBTREE, ENUMERATED), integer(NEVER_DEREFERENCED, ENUMERATED)
    limits = integer(most), integer(seconds), tlv(BOOLEAN, b"\x00")
    return _message(number, tlv(SEARCH, tlv(OCTETS, base.encode()), *where, *limits, filter_, wanted))


def header(data: bytes) -> tuple[int, int] | None:
    """Return the lengths of the header and of the content of a message, None while the header is not whole.

    Raises BadLdap where it is no message, or one that is too long.
    """
    if len(data) < 2:
        return None
    if data[0] != SEQUENCE or data[1] == 0x80 or data[1] > 0x84:
        raise BadLdap("no message")
    more = data[1] & 0x7F if data[1] & 0x80 else 0
    if len(data) < 2 + more:
        return None
    length = int.from_bytes(data[2 : 2 + more], "big") if more else data[1]
    if length > MAX_MESSAGE:
        raise BadLdap(f"message of {length} bytes")
    return 2 + more, length


def response(content: bytes) -> tuple[int, int, Response]:
    """Return the number, the tag and what a response brings, from the content of its message. Raises BadLdap."""
    parts = _parts(content)
    number = _number(*_next(parts))
    tag, found = _next(parts)
    if tag == REFERENCE:
        return number, tag, None
    if tag == ENTRY:
        return number, tag, _entry(found)
    if tag in {BIND_DONE, SEARCH_DONE, EXTENDED_DONE}:
        return number, tag, _result(found)
    raise BadLdap(f"tag {tag:#x}")


def _message(number: int, operation: bytes) -> bytes:
    return tlv(SEQUENCE, integer(number), operation)


def _result(content: bytes) -> Result:
    parts = _parts(content)
    code = _number(*_next(parts), kind=ENUMERATED)
    _value(parts)
    return Result(code, _value(parts).decode("utf-8", "replace"))


def _entry(content: bytes) -> Entry:
    parts = _parts(content)
    dn, (tag, attributes) = _text(_value(parts)), _next(parts)
    if tag != SEQUENCE:
        raise BadLdap("an entry without attributes")
    values: dict[str, list[bytes]] = {}
    for kind, attribute in _parts(attributes):
        of = _parts(attribute)
        name, (set_kind, found) = _text(_value(of)).lower(), _next(of)
        if kind != SEQUENCE or set_kind != SET:
            raise BadLdap("no attribute")
        values.setdefault(name, []).extend(value for _, value in _parts(found))
    return Entry(dn, values)


def _parts(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each element."""
    at = 0
    while at < len(content):
        if at + 2 > len(content) or content[at + 1] == 0x80 or content[at + 1] > 0x84:
            raise BadLdap("no element")
        more = content[at + 1] & 0x7F if content[at + 1] & 0x80 else 0
        begin = at + 2 + more
        length = int.from_bytes(content[at + 2 : begin], "big") if more else content[at + 1]
        if begin + length > len(content):
            raise BadLdap("an element is cut off")
        yield content[at], content[begin : begin + length]
        at = begin + length


def _next(parts: Iterator[tuple[int, bytes]]) -> tuple[int, bytes]:
    found = next(parts, None)
    if found is None:
        raise BadLdap("an element is missing")
    return found


def _value(parts: Iterator[tuple[int, bytes]]) -> bytes:
    tag, content = _next(parts)
    if tag != OCTETS:
        raise BadLdap("no octet string")
    return content


def _number(tag: int, content: bytes, kind: int = INTEGER) -> int:
    if tag != kind or not 0 < len(content) <= 5:
        raise BadLdap("no number")
    return int.from_bytes(content, "big", signed=True)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise BadLdap("not UTF-8") from None


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
