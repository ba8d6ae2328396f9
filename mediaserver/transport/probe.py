"""Answers connectivity checks (RFC 8445 §7.3) of browsers that are in no meeting: a page learns which way passes.

Checks are answered for a few seconds after somebody asked the server for the password, so many in a second, and by no
more bytes than they have: nobody's traffic grows by it.
"""

from mediaserver.transport import stun
from mediaserver.transport.ice import Address, new_credentials
from mediaserver.transport.udp_mux import Port, UdpMux

OPEN_S = 10.0
"""Seconds for which checks are answered after the credentials were asked for; a page waits for a third of that."""
ANSWERS_PER_S = 200
"""Checks that are answered in a second; a browser sends about ten in all."""
_FINGERPRINT_BYTES = 8
"""Of an answer; a check may do without."""


class Probe:
    """Credentials of one media worker for checks that belong to no peer."""

    def __init__(self, mux: UdpMux) -> None:
        self.fragment, self.password = "", ""
        self._closes = 0.0
        self._second = 0
        self._answers = 0
        self._mux = mux

    def open(self, now: float) -> None:
        """Answer checks for a while; `now` in seconds, monotonic."""
        self._closes = now + OPEN_S
        if not self.fragment:
            self.fragment, self.password = new_credentials(self._mux.mark)
        self._mux.register(self.fragment, self)

    def is_open(self, now: float) -> bool:
        """Return whether checks are answered."""
        return now < self._closes

    def stun(self, message: stun.Message, address: Address, port: Port, now: float) -> None:
        """Answer a check, unless it is not for us, short, or one too many."""
        password, number = self.password.encode(), message.transaction_id
        if not self.is_open(now) or message.kind != stun.REQUEST or not message.has_integrity(password):
            return
        mapped = stun.mapped(*self._mux.seen_as(address), number)
        if len(message.body) >= len(mapped) + _FINGERPRINT_BYTES and self._counts(now):
            port.send(stun.write(stun.RESPONSE, number, mapped, password), address)

    def _counts(self, now: float) -> bool:
        """Count an answer; return whether it is one of those that a second may have."""
        if int(now) != self._second:
            self._second, self._answers = int(now), 0
        self._answers += 1
        return self._answers <= ANSWERS_PER_S
