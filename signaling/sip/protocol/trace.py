"""Trace of calls' messages, for technicians: bounded in memory, without codes, PINs, passwords and keys.

The newest calls of each registered device are kept; calls of which no device is known share a ring of their own, so
that no stranger's calls push out a device's.
"""

import re
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from signaling.sip.protocol.message import SDP, Message, Request

MAX_CALLS = 3
"""Calls kept of one device, and of one address among the calls of no known device: the newest ones."""
MAX_DEVICES = 1024
"""Devices whose calls are kept; beyond it the one that called, or was called, longest ago is forgotten."""
MAX_UNKNOWN = 64
"""Calls kept of which no device is known, the newest ones."""
MAX_TOTAL_CHARACTERS = 32_000_000
"""Of all calls; beyond it those of no known device are forgotten, then those of who called longest ago."""
MAX_CALL_CHARACTERS = 64_000
"""Of one call; the messages beyond it are counted."""
MAX_CHARACTERS = 6000
"""Of one message; the rest is cut off."""
BLOT = "•"
_USER = re.compile(r"\b(?:sips?|tel|h323):([^@\s<>\"]{0,200})", re.IGNORECASE)
_CREDENTIALS = re.compile(r"^((?:proxy-)?auth[a-z-]*|www-authenticate|proxy-authenticate): .*$", re.I | re.M)
_KEY = re.compile(r"inline:\S+|^k=.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class TracedMessage:
    """One message: `sent` by us, or received."""

    at: datetime
    sent: bool
    text: str


@dataclass(slots=True)
class TracedCall:
    """The messages of one call with one host, and how many were left out for want of room."""

    host: str
    messages: list[TracedMessage] = field(default_factory=list)
    left_out: int = 0

    @property
    def characters(self) -> int:
        """Return the length of its messages."""
        return sum(len(each.text) for each in self.messages)


Key = tuple[str, str]
"""Host and Call-ID: another host that names the Call-ID of a device's call adds nothing to it."""
Calls = OrderedDict[Key, TracedCall]
"""Calls, the oldest first."""


class Trace:
    """The newest calls. One begins with an INVITE, or when a device is named; requests outside calls are not kept."""

    def __init__(self) -> None:
        self._unknown: Calls = OrderedDict()
        self._devices: OrderedDict[str, Calls] = OrderedDict()
        self._owners: dict[Key, str] = {}
        """The device of a call."""
        self._characters = 0

    def record(self, message: Message, host: str, *, sent: bool, at: datetime) -> None:
        """Keep a message, if it belongs to a call."""
        id_ = message.get("call-id") or ""
        begins = isinstance(message, Request) and message.method == "INVITE"
        if begins or self._find((host, id_)) is not None:
            self.keep(id_, host, blotted(message), sent=sent, at=at)

    def keep(self, id_: str, host: str, text: str, *, sent: bool, at: datetime) -> None:
        """Keep the text of a message of a call, which may begin with it."""
        call = self._find((host, id_)) or self._begin((host, id_))
        if call.characters + len(text) > MAX_CALL_CHARACTERS:
            call.left_out += 1
            return
        call.messages.append(TracedMessage(at, sent, text))
        self._characters += len(text)
        while self._characters > MAX_TOTAL_CHARACTERS:
            self._forget(next(self._oldest()))

    def assign(self, id_: str, host: str, device: str) -> None:
        """Note whose call it is, which may begin hereby."""
        key = host, id_
        if not device or self._owners.get(key) == device:
            return
        call = self._find(key) or TracedCall(host)
        self._forget(key)
        self._characters += call.characters
        calls = self._devices.setdefault(device, OrderedDict())
        self._devices.move_to_end(device)
        calls[key], self._owners[key] = call, device
        if len(calls) > MAX_CALLS:
            self._forget(next(iter(calls)))
        if len(self._devices) > MAX_DEVICES:
            for each in list(next(iter(self._devices.values()))):
                self._forget(each)

    def calls(self, device: str, host: str = "") -> list[TracedCall]:
        """Return the calls of a device, then those of no known device with a host, each the newest first."""
        own = self._devices.get(device, OrderedDict())
        others = [call for call in self._unknown.values() if call.host == host]
        return [*reversed(own.values()), *reversed(others)]

    def _find(self, key: Key) -> TracedCall | None:
        device = self._owners.get(key)
        return self._unknown.get(key) if device is None else self._devices[device][key]

    def _begin(self, key: Key) -> TracedCall:
        """Begin a call of which no device is known."""
        host, _ = key
        self._unknown[key] = call = TracedCall(host)
        of_host = [each for each in self._unknown if each[0] == host]
        if len(of_host) > MAX_CALLS:
            self._forget(of_host[0])
        if len(self._unknown) > MAX_UNKNOWN:
            self._forget(next(iter(self._unknown)))
        return call

    def _oldest(self) -> Iterator[Key]:
        """Return the calls in the order in which they are forgotten for want of room."""
        yield from self._unknown
        for calls in self._devices.values():
            yield from calls

    def _forget(self, key: Key) -> None:
        """Forget a call, if it is kept, and a device without further calls."""
        device = self._owners.pop(key, None)
        calls = self._unknown if device is None else self._devices[device]
        call = calls.pop(key, None)
        self._characters -= 0 if call is None else call.characters
        if device is not None and not calls:
            del self._devices[device]


def blotted(message: Message) -> str:
    """Return the text of a message: digits of user parts, credentials and keys are blotted, other bodies named only.

    A session's code is the user part that a room dials, a PIN part of that which we dial; bodies of INFO are DTMF.
    """
    head, _, body = message.write().partition(b"\r\n\r\n")
    if message.body and message.content_type != SDP:
        body = f"[{message.content_type}]".encode()
    text = (head + b"\r\n\r\n" + body).decode("utf-8", "replace").replace("\r\n", "\n")[:MAX_CHARACTERS]
    text = _CREDENTIALS.sub(lambda found: f"{found[1]}: {BLOT}", text)
    return _USER.sub(_without_digits, _KEY.sub(f"inline:{BLOT}", text)).rstrip("\n")


def _without_digits(found: re.Match[str]) -> str:
    following = found.string[found.end() : found.end() + 1]
    if following not in ("@", "") and not found[0].lower().startswith("tel:"):
        return found[0]  # a host alone; at the end of a text that was cut off it may be a user
    user, colon, _ = found[1].partition(":")
    scheme = found[0][: found.start(1) - found.start()]
    return scheme + re.sub(r"\d", BLOT, user) + (colon + BLOT if colon else "")
