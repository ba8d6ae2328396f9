"""ICE-lite (RFC 8445 §2.5): answers the browser's connectivity checks and never sends any to find a path.

Only addresses whose check carried our password are *validated*; the transport drops everything else, so forged
datagrams never reach DTLS, and remote candidates are never dialled. A binding request of ours measures the round trip
of the path the browser selected, or verifies an address that it selects after the first: nobody can direct a
participant's media at somebody else by forging their address (RFC 7675 §1).
"""

import secrets
from base64 import b64encode

from mediaserver.transport import stun

Address = tuple[str, int]

_FRAGMENT_LENGTH = 8
_PRIORITY = 126 << 24 | 65535 << 8 | 255
"""Priority of a host candidate (RFC 8445 §5.1.2.1); Firefox answers no request without one."""
MAX_VALIDATED = 8
"""Addresses one peer may have at once. The one not checked for longest is given up, never the one we send to: a browser
behind a NAT that gives it ever new ports must be heard on the path it chose."""


def local_fragment(message: stun.Message) -> str:
    """Return our half of a binding request's USERNAME, by which the shared port finds the peer.

    Responses have none; our requests carry it as the beginning of their transaction id, 32 bits of which are random.
    """
    if message.kind == stun.RESPONSE:
        return message.transaction_id[:_FRAGMENT_LENGTH].decode(errors="replace")
    return message.username.partition(b":")[0].decode(errors="replace")


class IceLite:
    """One peer's credentials and validated addresses."""

    def __init__(self, remote_fragment: str, remote_password: str, mark: str = "") -> None:
        self._remote_password = remote_password.encode()
        self.fragment, self.password = new_credentials(mark)
        self._username_in = f"{self.fragment}:{remote_fragment}".encode()
        """USERNAME of the peer's requests (RFC 8445 §7.2.2); ours have the halves swapped."""
        self._username_out = f"{remote_fragment}:{self.fragment}".encode()
        self.selected: Address | None = None
        self.validated: list[Address] = []
        """Validated addresses; the one checked last comes last."""
        self._tie_breaker = secrets.token_bytes(8)
        self._newest: tuple[bytes, float] | None = None
        """Our newest request and its time; older ones do not count any more."""
        self._moving: tuple[bytes, Address] | None = None
        """Our request that the address selected last has yet to answer."""

    def request(self, message: stun.Message, address: Address, seen_as: Address | None = None) -> bytes | None:
        """Return the response to a binding request from `address` and validate it; None for one that is not for us.

        `seen_as` is the address to tell the peer as its own, where that is another one.
        """
        password = self.password.encode()
        if message.kind != stun.REQUEST or message.username != self._username_in or not message.has_integrity(password):
            return None
        self._validate(address, nominated=message.nominates)
        number = message.transaction_id
        return stun.write(stun.RESPONSE, number, stun.mapped(*(seen_as or address), number), password)

    def round_trip_request(self, now: float) -> bytes:
        """Return a binding request, which the browser answers at once (RFC 8445 §7.3)."""
        self._newest = self._transaction_id(), now
        return self._write_request(self._newest[0])

    def verification_request(self, address: Address) -> bytes | None:
        """Return the request that `address` must answer before it is sent to; None when it was not selected, or is used
        already."""
        if self._moving is None or self._moving[1] != address:
            return None
        return self._write_request(self._moving[0])

    def moved(self, message: stun.Message, address: Address) -> bool:
        """Return whether this answers our request to `address`, which is sent to from now on."""
        if (message.transaction_id, address) != self._moving or not self._is_response(message):
            return False
        self.selected, self._moving = address, None
        return True

    def _is_response(self, message: stun.Message) -> bool:
        return message.kind == stun.RESPONSE and message.has_integrity(self._remote_password)

    def _transaction_id(self) -> bytes:
        return self.fragment.encode() + secrets.token_bytes(12 - _FRAGMENT_LENGTH)

    def _write_request(self, transaction_id: bytes) -> bytes:
        attributes = (
            stun.attribute(stun.USERNAME, self._username_out)
            + stun.attribute(stun.PRIORITY, _PRIORITY.to_bytes(4))
            + stun.attribute(stun.CONTROLLED, self._tie_breaker)
        )
        return stun.write(stun.REQUEST, transaction_id, attributes, self._remote_password)

    def round_trip(self, message: stun.Message, now: float) -> float | None:
        """Return the round trip in seconds if this answers our newest request, else None; it counts once."""
        if self._newest is None or message.transaction_id != self._newest[0] or not self._is_response(message):
            return None
        (_, left), self._newest = self._newest, None
        return now - left

    def _validate(self, address: Address, *, nominated: bool) -> None:
        if address in self.validated:
            self.validated.remove(address)
        self.validated.append(address)
        if self.selected is None:
            self.selected = address  # whoever is not there does not shake hands either
        elif nominated and address == self.selected:
            self._moving = None
        elif nominated and (self._moving is None or self._moving[1] != address):
            self._moving = self._transaction_id(), address  # the same for all checks that come before its response

    def surplus(self) -> Address | None:
        """Give up an address when there are too many, and return it."""
        if len(self.validated) <= MAX_VALIDATED:
            return None
        oldest = next(address for address in self.validated if address != self.selected)
        self.validated.remove(oldest)
        return oldest


def new_credentials(mark: str = "") -> tuple[str, str]:
    """Return a username fragment that begins with `mark`, and a password (RFC 8839 §5.4)."""
    return mark + _token(_FRAGMENT_LENGTH)[len(mark) :], _token(24)


def _token(length: int) -> str:
    """Return random letters, digits, "+" and "/" (RFC 8839 §5.4); `length` is a multiple of four."""
    return b64encode(secrets.token_bytes(length * 3 // 4)).decode()
