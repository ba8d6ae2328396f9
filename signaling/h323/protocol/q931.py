"""Reads and writes the messages of call signalling (ITU-T Q.931 §4, as H.225.0 §7.2 uses it). Pure."""

import unicodedata
from dataclasses import dataclass, replace
from typing import Final

from signaling.h323.protocol.errors import BadPdu

ALERTING, CALL_PROCEEDING, PROGRESS, SETUP, CONNECT = 0x01, 0x02, 0x03, 0x05, 0x07
RELEASE_COMPLETE, FACILITY, STATUS_INQUIRY, STATUS = 0x5A, 0x62, 0x75, 0x7D
SETUP_ACKNOWLEDGE, NOTIFY, INFORMATION = 0x0D, 0x6E, 0x7B
"""Types of messages (Q.931 §4.4)."""
KINDS: Final = frozenset((ALERTING, CALL_PROCEEDING, PROGRESS, SETUP, CONNECT, RELEASE_COMPLETE, FACILITY)) | {
    STATUS_INQUIRY, STATUS, SETUP_ACKNOWLEDGE, NOTIFY, INFORMATION,
}  # fmt: skip
"""Those that H.225.0 has (§7.2)."""

BEARER, CAUSE, CALL_STATE, DISPLAY, CALLED, USER_USER = 0x04, 0x08, 0x14, 0x28, 0x70, 0x7E
"""Information elements (Q.931 §4.5)."""
DISCRIMINATOR: Final = 0x08
"""Of Q.931 messages (§4.2)."""
X208: Final = 0x05
"""Protocol discriminator of a user-user element that holds ASN.1 (H.225.0 §7.2.2.31)."""
MAX_ELEMENTS = 32
MAX_DISPLAY = 82
"""Characters of a display element (§4.5.16)."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message: `kind` is its type, `reference` the call's 15 bits, `answers` whether the callee sends it."""

    kind: int
    reference: int
    answers: bool
    elements: tuple[tuple[int, bytes], ...] = ()

    def get(self, element: int) -> bytes | None:
        """Return the content of the first element of a kind; None without one."""
        return next((content for number, content in self.elements if number == element), None)

    @property
    def body(self) -> bytes:
        """The ASN.1 in the user-user element; empty without one."""
        content = self.get(USER_USER) or b""
        return content[1:] if content[:1] == bytes((X208,)) else b""

    @property
    def cause(self) -> int:
        """The cause of the end of a call (Q.850 §2.2.7); 0 where none is told."""
        content = self.get(CAUSE) or b""
        at = 1 if content and content[0] & 0x80 else 2
        return content[at] & 0x7F if len(content) > at else 0

    @property
    def called(self) -> str:
        """The number that is called; empty without one."""
        return _digits(self.get(CALLED))

    @property
    def display(self) -> str:
        """The name to be shown; empty without one."""
        return (self.get(DISPLAY) or b"").decode("latin-1").strip("\0 ")


def head(data: bytes) -> Message:
    """Read type and call reference of a message, without its elements. Raises BadPdu."""
    if len(data) < 5 or data[0] != DISCRIMINATOR or data[1] != 2:
        raise BadPdu("no Q.931 message with a call reference of two bytes")
    reference = int.from_bytes(data[2:4], "big")
    return Message(data[4], reference & 0x7FFF, bool(reference & 0x8000))


def parse(data: bytes) -> Message:
    """Read a message. Raises BadPdu."""
    begun, at = head(data), 5
    elements: list[tuple[int, bytes]] = []
    while at < len(data):
        number = data[at]
        if number & 0x80:  # one byte alone, which says nothing we use
            at += 1
            continue
        wide = 2 if number == USER_USER else 1
        length = int.from_bytes(data[at + 1 : at + 1 + wide], "big")
        start = at + 1 + wide
        if start + length > len(data) or len(elements) == MAX_ELEMENTS:
            raise BadPdu("Q.931 element beyond the end of its message, or too many of them")
        elements.append((number, data[start : start + length]))
        at = start + length
    return replace(begun, elements=tuple(elements))


def write(message: Message) -> bytes:
    """Return the bytes of a message, its elements in the order of their numbers (§4.5.1)."""
    reference = message.reference | (0x8000 if message.answers else 0)
    parts = [bytes((DISCRIMINATOR, 2)), reference.to_bytes(2, "big"), bytes((message.kind,))]
    for number, content in sorted(message.elements, key=lambda each: each[0]):
        parts.append(bytes((number,)) + len(content).to_bytes(2 if number == USER_USER else 1, "big") + content)
    return b"".join(parts)


def bearer(bitrate: int) -> tuple[int, bytes]:
    """Return the element of a call of so many bit/s: unrestricted digital information in steps of 64 kbit/s, H.221."""
    return BEARER, bytes((0x88, 0x18, 0x80 | max(1, min(bitrate // 64_000, 126)), 0xA5))


def display(name: str) -> tuple[int, bytes]:
    """Return the element of a name, without the marks on its letters: the element has ASCII alone."""
    plain = unicodedata.normalize("NFD", name.replace("đ", "d").replace("Đ", "D"))
    return DISPLAY, plain.encode("ascii", "ignore")[:MAX_DISPLAY]


def called(number: str) -> tuple[int, bytes]:
    """Return the element of a number that is called (§4.5.8), in the plan of E.164."""
    return CALLED, b"\x81" + number.encode("ascii", "ignore")[:64]


def cause(value: int) -> tuple[int, bytes]:
    """Return the element of a cause (§4.5.12): ITU-T's coding, told by the user's own side."""
    return CAUSE, bytes((0x80, 0x80 | value))


def body(encoded: bytes) -> tuple[int, bytes]:
    """Return the user-user element of encoded ASN.1."""
    return USER_USER, bytes((X208,)) + encoded


def _digits(content: bytes | None) -> str:
    """Return the digits of a number element, behind its one or two bytes of plan."""
    if not content:
        return ""
    return content[1 if content[0] & 0x80 else 2 :].decode("latin-1").strip("\0 ")
