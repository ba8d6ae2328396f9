"""Talks with a gatekeeper over UDP: registers, asks for calls, and tells of their end.

gatekeeper = Gatekeeper(GatekeeperSettings("10.57.1.2", aliases=("9000",)), dropped)
await gatekeeper.start("0.0.0.0", 1720)
admission = await gatekeeper.admit(call, Parties(("9000",), ("2001",)))
"""

import asyncio
import contextlib
import logging
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from mediaserver.transport.dscp import mark
from signaling.h323.gatekeeper.registration import Event, Registration
from signaling.h323.protocol import h225
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Address
from signaling.h323.protocol.ras import AdmittedCall, Endpoint, Parties
from signaling.sip.agent.rate_limit import RateLimit
from signaling.sip.protocol.errors import CallNotAdmitted, NotAdmittedWord

log = logging.getLogger(__name__)

DEFAULT_PORT: Final = 1719
DEFAULT_ALIASES: Final = ("Diemcau",)
LEAVE_S: Final = 1.0
"""Seconds for which the end waits for the gatekeeper's last answers."""
ABSENT: Final = 480
"""SIP status of a call for which the gatekeeper cannot be asked."""
REJECTIONS: Final[dict[str, tuple[int, NotAdmittedWord]]] = {
    "calledPartyNotRegistered": (404, "unknown"),
    "noRouteToDestination": (404, "unknown"),
    "unallocatedNumber": (404, "unknown"),
    "aliasesInconsistent": (404, "unknown"),
    "incompleteAddress": (484, "unknown"),
    "requestDenied": (503, "full"),
    "resourceUnavailable": (503, "full"),
    "exceedsCallCapacity": (486, "full"),
    "no answer": (ABSENT, "absent"),
    "callerNotRegistered": (ABSENT, "absent"),
    "invalidEndpointIdentifier": (ABSENT, "absent"),
}
"""SIP status and word for the reason of an ARJ (H.225.0 §7.11.3)."""
DENIED: Final[tuple[int, NotAdmittedWord]] = 403, "denied"
"""Of all other reasons."""


@dataclass(frozen=True, slots=True)
class GatekeeperSettings:
    """Address (an IP address) and port of the gatekeeper, our numbers and names, our own port for RAS; 0 takes any."""

    host: str
    port: int = DEFAULT_PORT
    aliases: tuple[str, ...] = DEFAULT_ALIASES
    own_port: int = DEFAULT_PORT


@dataclass(frozen=True, slots=True)
class Admission:
    """An admitted call: the address to connect to, and the number to dial there if the gatekeeper names another."""

    where: Address | None
    number: str = ""


class Gatekeeper(asyncio.DatagramProtocol):
    """The gatekeeper as the agent sees it."""

    def __init__(self, settings: GatekeeperSettings, dropped: Callable[[AdmittedCall], None]) -> None:
        """Hand calls that the gatekeeper ends to `dropped`."""
        self.settings = settings
        self._dropped = dropped
        self._registration: Registration | None = None
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[int, asyncio.Future[Event]] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._limit = RateLimit()
        self._empty = asyncio.Event()

    @property
    def registered(self) -> bool:
        """True while the gatekeeper has us registered."""
        return self._registration is not None and self._registration.registered

    async def start(self, host: str, port: int, dscp: int = 0) -> None:
        """Open the socket at a local address, and begin to register calls at a port of it. Raises OSError."""
        loop, own, to = asyncio.get_running_loop(), self.settings, (self.settings.host, self.settings.port)
        host = _local_address(host, to)
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(host, own.own_port))
        sock = self._transport.get_extra_info("socket")
        mark(sock, dscp)
        endpoint = Endpoint(own.aliases, (host, port), sock.getsockname()[:2])
        self._registration = Registration(endpoint, to, secrets.randbelow(65535) + 1)
        self._registration.begin(loop.time())
        self._act()

    async def close(self) -> None:
        """Tell the gatekeeper that all calls have ended, unregister, and close the socket."""
        if self._registration is not None and self._transport is not None:
            self._registration.leave(asyncio.get_running_loop().time())
            self._act()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LEAVE_S):
                    while self._registration.waiting and not self._transport.is_closing():
                        self._empty.clear()
                        await self._empty.wait()
            self._transport.close()
        if self._timer is not None:
            self._timer.cancel()

    async def admit(self, call: AdmittedCall, parties: Parties) -> Admission:
        """Ask for a call. Raises CallNotAdmitted."""
        if self._registration is None or not self.registered:
            why = "" if self._registration is None else self._registration.why
            raise CallNotAdmitted(ABSENT, f"not registered at the gatekeeper: {why}", "absent")
        loop = asyncio.get_running_loop()
        number = self._registration.admit(call, parties, loop.time())
        self._waiting[number] = answered = loop.create_future()
        self._act()
        try:
            event = await answered
        except asyncio.CancelledError:
            if answered.done() and not answered.cancelled():
                self.disengage(call)
            self._registration.abandon(number)
            raise
        finally:
            self._waiting.pop(number, None)
        if event.rejection:
            status, word = REJECTIONS.get(event.rejection, DENIED)
            raise CallNotAdmitted(status, f"not admitted by the gatekeeper: {event.rejection}", word)
        named = (h225.alias(each) for each in event.fields.get("destinationInfo") or ())
        return Admission(h225.transport(event.fields["destCallSignalAddress"]), next(filter(None, named), ""))

    def disengage(self, call: AdmittedCall) -> None:
        """Tell that an admitted call has ended; do nothing for others."""
        if self._registration is not None:
            self._registration.disengage(call.identity.call, asyncio.get_running_loop().time())
            self._act()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a datagram of the gatekeeper; those of others are dropped."""
        registration, now = self._registration, asyncio.get_running_loop().time()
        if registration is None or addr[0] not in (self.settings.host, registration.gatekeeper[0]):
            return
        if not self._limit.admit(addr[0], 1.0, now):
            return
        try:
            registration.receive(data, now)
        except BadPdu as error:
            log.info("x gatekeeper %s: %s", addr[0], error)
        self._act()

    def error_received(self, exc: Exception) -> None:
        """Ignore what ICMP says: a gatekeeper that is off is asked again."""
        log.debug("x gatekeeper: %s", exc)

    def _tick(self) -> None:
        assert self._registration is not None
        self._registration.tick(asyncio.get_running_loop().time())
        self._act()

    def _act(self) -> None:
        """Send what is to be sent, tell what happened, and set the timer."""
        registration = self._registration
        assert registration is not None
        messages, registration.outbox[:] = list(registration.outbox), []
        events, registration.events[:] = list(registration.events), []
        for message in messages:
            if self._transport is not None and not self._transport.is_closing():
                self._transport.sendto(message, registration.gatekeeper)
        for event in events:
            self._happened(event)
        if not registration.waiting:
            self._empty.set()
        if self._timer is not None:
            self._timer.cancel()
        due = registration.next_due
        closed = self._transport is None or self._transport.is_closing()
        self._timer = None if due is None or closed else asyncio.get_running_loop().call_at(due, self._tick)

    def _happened(self, event: Event) -> None:
        if event.kind == "answered":
            answered = self._waiting.get(event.number)
            if answered is not None and not answered.done():
                answered.set_result(event)
        elif event.kind == "dropped":
            assert event.call is not None
            self._dropped(event.call)
        elif self.registered:
            log.info("< registered at the gatekeeper %s", self.settings.host)
        else:
            assert self._registration is not None
            log.warning("x not registered at the gatekeeper %s: %s", self.settings.host, self._registration.why)


def _local_address(host: str, to: Address) -> str:
    """Return the local address from which the gatekeeper is reached: ours, if that is no wildcard. Raises OSError."""
    if host not in ("0.0.0.0", "::"):  # noqa: S104 - asked, not bound
        return host
    with socket.socket(socket.AF_INET6 if ":" in to[0] else socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(to)
        return str(probe.getsockname()[0])
