"""The controlling side of ICE (RFC 8445) against an ICE-lite server: one candidate pair, nominated at once."""

import secrets
import struct
from dataclasses import dataclass, field

from aioice import stun

CONSENT_S = 4.0
"""Interval of consent renewal (RFC 7675 §5.1 allows up to 6 s)."""
_HOST_PRIORITY = 126 << 24 | 65535 << 8 | 255
"""Priority of a peer-reflexive candidate of type host (RFC 8445 §7.1.1)."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One side's ICE username fragment and password."""

    fragment: str = field(default_factory=lambda: secrets.token_urlsafe(6))
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18))


class IceChecks:
    """Writes binding requests, verifies the server's responses, and writes responses to the server's requests."""

    def __init__(self, local: Credentials, remote: Credentials) -> None:
        self._username = f"{remote.fragment}:{local.fragment}"
        self._expected_username = f"{local.fragment}:{remote.fragment}"
        self._key, self._own_key = remote.password.encode(), local.password.encode()
        self._tie_breaker = secrets.randbits(64)
        self._pending: set[bytes] = set()

    def request(self) -> bytes:
        """Return the next connectivity or consent check."""
        message = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        message.attributes["USERNAME"] = self._username
        message.attributes["PRIORITY"] = _HOST_PRIORITY
        message.attributes["ICE-CONTROLLING"] = self._tie_breaker
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self._key)
        self._pending.add(message.transaction_id)
        return bytes(message)

    def respond(self, data: bytes) -> bytes | None:
        """Return the response to a binding request of the server, as browsers do; None for any other datagram."""
        try:
            message = _parse(data)
        except ValueError:
            return None
        if message.message_class != stun.Class.REQUEST or message.attributes.get("USERNAME") != self._expected_username:
            return None
        if not message.check_message_integrity(self._own_key):
            return None
        response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
        response.add_message_integrity(self._own_key)
        return bytes(response)

    def accepts(self, data: bytes) -> bool:
        """Return True if `data` is the server's success response to one of our requests."""
        try:
            message = _parse(data)
        except ValueError:
            return False
        if message.message_class != stun.Class.RESPONSE or message.transaction_id not in self._pending:
            return False
        if not message.check_message_integrity(self._key):
            return False
        self._pending.clear()
        return True


def _parse(data: bytes) -> stun.Message:
    """Parse a STUN message. Raises ValueError if malformed, where aioice lets struct's and other errors through."""
    try:
        return stun.parse_message(data)
    except (struct.error, IndexError, KeyError, UnicodeDecodeError) as exc:
        raise ValueError("malformed STUN message") from exc
