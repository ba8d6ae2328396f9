"""Trace of SIP messages by call, for technicians: bounded in memory, without codes, PINs, passwords and keys."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import datetime

from signaling.sip.protocol.message import SDP, Message, Request

MAX_HOSTS = 64
"""Hosts whose calls are kept; beyond it the one that was silent longest is forgotten."""
MAX_CALLS = 3
"""Calls kept of one host, the newest ones."""
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
    """The messages of one Call-ID with one host, and how many were left out for want of room."""

    host: str
    messages: list[TracedMessage] = field(default_factory=list)
    left_out: int = 0


class Trace:
    """The newest calls of each host. A call begins with an INVITE; requests outside calls are not kept."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, OrderedDict[str, TracedCall]] = OrderedDict()

    def record(self, message: Message, host: str, *, sent: bool, at: datetime) -> None:
        """Keep a message, if it belongs to a call."""
        id_ = message.get("call-id") or ""
        begins = isinstance(message, Request) and message.method == "INVITE"
        if begins or id_ in self._hosts.get(host, ()):
            self.keep(id_, host, blotted(message), sent=sent, at=at)

    def keep(self, id_: str, host: str, text: str, *, sent: bool, at: datetime) -> None:
        """Keep the text of a message of a call, which may begin with it."""
        call = self._hosts.get(host, OrderedDict()).get(id_) or self._begin(id_, host)
        if sum(len(each.text) for each in call.messages) + len(text) > MAX_CALL_CHARACTERS:
            call.left_out += 1
        else:
            call.messages.append(TracedMessage(at, sent, text))

    def calls(self, host: str) -> list[TracedCall]:
        """Return the calls of a host, the newest first."""
        return list(self._hosts.get(host, {}).values())[::-1]

    def _begin(self, id_: str, host: str) -> TracedCall:
        calls = self._hosts.setdefault(host, OrderedDict())
        self._hosts.move_to_end(host)
        calls[id_] = call = TracedCall(host)
        if len(calls) > MAX_CALLS:
            calls.popitem(last=False)
        if len(self._hosts) > MAX_HOSTS:
            self._hosts.popitem(last=False)
        return call


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
