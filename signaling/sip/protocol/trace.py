"""Trace of calls' messages, for technicians: bounded in memory, without codes, PINs, passwords and keys.

The newest calls of each registered device are kept; calls of which no device is known share a ring of their own, so
that no stranger's calls push out a device's.
"""

import re
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate
from urllib.parse import unquote

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
MAX_DIALLED = 16
"""Numbers of one call that are blotted wherever they stand."""
LEAST_DIGITS, MOST_DIGITS = 4, 32
"""Of a dialled number that is blotted wherever it stands; of fewer there are too many."""
LONG_NUMBER = 6
"""Digits of a number that is blotted also within a longer one: that is no coincidence."""
_FILLERS = "-. \\"
"""What may stand between two digits of a number."""
_NUMBER = re.compile(rf"\d(?:[-. \\]?\d){{{LEAST_DIGITS - 1},}}")
_CALLED_NAME = re.compile(r'^To: (?:"(?:[^"\\\n]|\\.)*"\s*|[^"<\n][^<\n]*)<', re.MULTILINE)
_USER = re.compile(r"\b(?:sips?|tel|h323):([^@\s<>\"]*)", re.IGNORECASE)
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
    dialled: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    """The numbers that were dialled in it, which others of its messages may repeat; they are not saved."""

    @property
    def characters(self) -> int:
        """Return the length of its messages."""
        return sum(len(each.text) for each in self.messages)


@dataclass(frozen=True, slots=True)
class SavedCall:
    """A call of a device, to be kept beyond this process."""

    device: str
    id: str
    host: str
    messages: list[TracedMessage]
    left_out: int


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
        self._beside: dict[Key, Key] = {}
        """The call to which another dialog belongs."""
        self._characters = 0
        self.changes = 0
        """Messages, and calls of devices, that were added."""

    def record(self, message: Message, host: str, *, sent: bool, at: datetime) -> None:
        """Keep a message, if it belongs to a call."""
        key = host, message.get("call-id") or ""
        key = self._beside.get(key, key)
        begins = isinstance(message, Request) and message.method == "INVITE"
        call = self._find(key) or (self._begin(key) if begins else None)
        if call is not None:
            call.dialled = dialled(message, call.dialled)
            self.keep(key[1], host, blotted(message, call.dialled), sent=sent, at=at)

    def join(self, id_: str, host: str, call: str) -> None:
        """Keep the messages of another dialog with those of a call, as long as that is kept."""
        if self._find((host, call)) is not None:
            self._beside[host, id_] = host, call

    def keep(self, id_: str, host: str, text: str, *, sent: bool, at: datetime) -> None:
        """Keep the text of a message of a call, which may begin with it."""
        self.changes += 1
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
        self.changes += 1
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

    def saved(self, most: int, characters: int, since: datetime) -> list[SavedCall]:
        """Return the newest calls of devices, the oldest first: no more than `most`, of no more `characters`, and none
        in which nothing was said `since` then."""
        calls = [
            SavedCall(device, id_, host, list(call.messages), call.left_out)
            for device, kept in self._devices.items()
            for (host, id_), call in kept.items()
            if call.messages and call.messages[-1].at >= since
        ]
        calls.sort(key=lambda each: each.messages[-1].at, reverse=True)
        totals = accumulate(sum(len(message.text) for message in each.messages) for each in calls[:most])
        return [each for each, total in zip(calls, totals, strict=False) if total <= characters][::-1]

    def restore(self, calls: Iterable[SavedCall]) -> None:
        """Take the calls that an earlier process saved."""
        for each in calls:
            self.assign(each.id, each.host, each.device)
            for message in each.messages:
                self.keep(each.id, each.host, message.text, sent=message.sent, at=message.at)
            if (call := self._find((each.host, each.id))) is not None:
                call.left_out = each.left_out

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
        self._beside = {each: call for each, call in self._beside.items() if call != key}
        device = self._owners.pop(key, None)
        calls = self._unknown if device is None else self._devices[device]
        call = calls.pop(key, None)
        self._characters -= 0 if call is None else call.characters
        if device is not None and not calls:
            del self._devices[device]


def dialled(message: Message, known: Set[str] = frozenset()) -> frozenset[str]:
    """Return the known numbers with those that a message is about: in the user parts of its Request-URI, To and From,
    which is the dialled one in our own requests within a call that came in."""
    uris = [message.uri] if isinstance(message, Request) else []
    uris += [message.get("to") or "", message.get("from") or ""]
    users = [found[1] for uri in uris for found in _USER.finditer(uri) if _has_user(found)]
    numbers = [number for user in users for number in re.findall(r"\d+", unquote(user))]
    fresh = [each for each in numbers if LEAST_DIGITS <= len(each) <= MOST_DIGITS and each not in known]
    return frozenset((*known, *fresh[: MAX_DIALLED - len(known)]))


def blotted(message: Message, numbers: Set[str]) -> str:
    """Return the text of a message: digits of user parts and of the name in To, dialled numbers wherever they stand,
    credentials and keys are blotted, other bodies named only.

    A session's code is the user part that a room dials, and often the name that it shows; a PIN is part of that which
    we dial; bodies of INFO are DTMF.
    """
    head, _, body = message.write().partition(b"\r\n\r\n")
    if message.body and message.content_type != SDP:
        body = f"[{message.content_type}]".encode()
    text = (head + b"\r\n\r\n" + body).decode("utf-8", "replace").replace("\r\n", "\n")
    if len(text) > MAX_CHARACTERS:  # a number that is cut off there is none of those that are known
        text = text[:MAX_CHARACTERS].rstrip("0123456789" + _FILLERS)
    text = _CREDENTIALS.sub(lambda found: f"{found[1]}: {BLOT}", text)
    text = _USER.sub(_without_digits, _KEY.sub(f"inline:{BLOT}", text))
    text = _CALLED_NAME.sub(lambda found: _blot(found[0]), text)
    return _NUMBER.sub(lambda found: _blot(found[0]) if _tells(found[0], numbers) else found[0], text).rstrip("\n")


def _tells(text: str, numbers: Set[str]) -> bool:
    """Return whether digits with fillers between them are one of some numbers, or have a long one in them."""
    digits = "".join(each for each in text if each not in _FILLERS)
    return digits in numbers or any(len(each) >= LONG_NUMBER and each in digits for each in numbers)


def _blot(text: str) -> str:
    return re.sub(r"\d", BLOT, text)


def _has_user(found: re.Match[str]) -> bool:
    """Return whether what follows a scheme is a user, and no host alone."""
    return found.string[found.end() : found.end() + 1] == "@" or found[0].lower().startswith("tel:")


def _without_digits(found: re.Match[str]) -> str:
    if not _has_user(found) and found.end() < len(found.string):
        return found[0]  # a host alone; at the end of a text that was cut off it may be a user
    user, colon, _ = found[1].partition(":")
    scheme = found[0][: found.start(1) - found.start()]
    return scheme + _blot(user) + (colon + BLOT if colon else "")
