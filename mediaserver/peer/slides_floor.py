"""The floor of a room system's slides: BFCP on a port of its own (RFC 8856), or a token in call signalling (H.239)."""

import secrets
from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Protocol

from mediaserver.api import FloorDecision, SipLimits
from mediaserver.bfcp.floor_server import FloorServer, Holder
from mediaserver.sdp import bfcp
from mediaserver.sdp.bfcp import FloorControl
from mediaserver.sdp.sip_parse import Media
from mediaserver.transport.dtls import fingerprint
from mediaserver.transport.plain_rtp import PlainPorts


class SlidesFloor(Protocol):
    """Tells one room system whose slides are shown."""

    port: int

    def describe(self, *, offering: bool) -> FloorControl:
        """Return our side of its m-line, in an answer or an offer."""

    def suits(self, floor: Media) -> bool:
        """Return whether an m-line of floor control can be answered with this port."""

    def apply(self, floor: Media, *, answer: bool) -> None:
        """Talk with the peer where its m-line says."""

    def show(self, holder: Holder | None, now: float) -> None:
        """Tell the room system whose slides are shown."""

    def refuse(self, now: float) -> None:
        """Refuse to show the slides that it asked to show."""

    def tick(self, now: float) -> None:
        """Repeat what was not answered in time."""

    def close(self) -> None:
        """Release the port."""


class BfcpFloor:
    """Floor control by BFCP; `asked` hears whether the room system wants to show its slides."""

    def __init__(
        self,
        ports: PlainPorts,
        host: str,
        media_hosts: Collection[str],
        theirs: Media | None,
        limits: SipLimits,
        asked: Callable[[bool], None],
    ) -> None:
        """Open the port: for the BFCP m-line `theirs`, else for an offer of ours by the limits. Raises NoPortFree."""
        if theirs is None or theirs.floor is None:
            self._protocol = bfcp.TCP if limits.bfcp == "TCP" else bfcp.UDP
            self._control = bfcp.offered(reliable=limits.bfcp == "TCP", newest=limits.bfcp_version)
        else:
            self._protocol, self._control = theirs.protocol, bfcp.respond(theirs.floor)
        reliable, encrypted = self._protocol in bfcp.RELIABLE, self._protocol == bfcp.TLS
        self._reliable = reliable
        if encrypted:
            algorithm, _, value = fingerprint(ports.certificate).partition(" ")
            self._control = replace(self._control, fingerprints=((algorithm, value),))
        passive = self._control.setup != "active"
        self._port = ports.open_floor(host, self._receive, reliable=reliable, passive=passive, encrypted=encrypted)
        self._port.media_hosts = media_hosts
        self._server = FloorServer(
            self._control.confid,
            self._control.floor,
            reliable=reliable,
            send=self._port.send,
            asked=asked,
            first_transaction=1 + secrets.randbelow(0xFFFF),
        )
        self.port = self._port.port

    def _receive(self, data: bytes) -> None:
        self._server.receive(data)

    def suits(self, floor: Media) -> bool:
        """Return whether the m-line is one of BFCP by the same transport, whose connection the same side opens: where
        nothing is said, the side that did before."""
        if floor.floor is None or floor.protocol != self._protocol:
            return False
        opens = bfcp.respond(floor.floor).setup
        return opens == "" or self._control.setup in (opens, bfcp.EITHER)

    def describe(self, *, offering: bool) -> FloorControl:
        """Return our side of the m-line: an offer within the call asks for no other connection than the one there is
        (RFC 4145 §5), and names its sides also where the peer did not, for by an offer without them we opened it."""
        setup, connection = self._control.setup, self._control.connection
        if offering and (connection or self._reliable):
            connection = "existing" if self._port.connected else "new"
        if offering and self._reliable:
            setup = setup or "passive"
        return replace(self._control, setup=setup, connection=connection)

    def apply(self, floor: Media, *, answer: bool) -> None:
        """Talk with the peer where its m-line says; an offer also says which connection goes on."""
        connection = "" if floor.floor is None else floor.floor.connection
        if connection == "existing" and not self._port.connected:
            connection = "new"
        if answer and floor.floor is not None:
            self._control = bfcp.settled(self._control, floor.floor)
            if self._control.setup == "active":
                self._port.connect_only()
        if connection == "new":
            self._port.renew()
        self._port.fingerprints = () if floor.floor is None else floor.floor.fingerprints
        self._port.aim(floor.host, floor.port)
        if not answer:
            self._control = replace(self._control, connection=connection)

    def show(self, holder: Holder | None, now: float) -> None:
        """Tell the client whose slides are shown."""
        self._server.show(holder, now)

    def refuse(self, now: float) -> None:
        """Deny the floor request that waits."""
        self._server.refuse(now)

    def tick(self, now: float) -> None:
        """Repeat the notifications that were not acknowledged."""
        self._server.tick(now)

    def close(self) -> None:
        """Release the port."""
        self._port.close()


class TokenFloor:
    """The presentation token of H.239, which the call carries: `decided` hears what it has to tell."""

    def __init__(self, decided: Callable[[FloorDecision], None]) -> None:
        self.port = bfcp.DISCARD_PORT
        self._decided = decided
        self._holder: Holder | None = None

    def suits(self, floor: Media) -> bool:
        """Return whether the m-line stands for a token."""
        return floor.protocol == bfcp.H239

    def describe(self, *, offering: bool) -> FloorControl:
        """Return the words that stand for the token."""
        return bfcp.TOKEN

    def apply(self, floor: Media, *, answer: bool) -> None:
        """Do nothing: it has no port."""

    def show(self, holder: Holder | None, _now: float) -> None:
        """Pass on whose slides are shown, where that has changed."""
        if holder != self._holder:
            self._holder = holder
            self._decided("granted" if holder == "client" else holder or "nobody")

    def refuse(self, _now: float) -> None:
        """Pass on that its slides are refused."""
        self._decided("refused")

    def tick(self, now: float) -> None:
        """Do nothing: the call repeats what is lost."""

    def close(self) -> None:
        """Do nothing: it has no port."""
