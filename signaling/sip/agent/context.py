"""What calls and the agent share: who we are, the transactions, the calls that are, work in the background."""

import asyncio
import hashlib
import hmac
import ipaddress
import logging
import secrets
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signaling.sip.protocol.address import NameAddress, Uri, bracketed
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import SDP, Headers, Message, Request, Response, respond
from signaling.sip.protocol.transaction_layer import TransactionLayer
from signaling.sip.protocol.transport import Flow

if TYPE_CHECKING:
    from signaling.sip.agent.call import Call

log = logging.getLogger(__name__)

METHODS = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE"
USER_AGENT = "Diemcau"
PICTURE = "application/media_control+xml"
"""RFC 5168."""


@dataclass(frozen=True, slots=True)
class SipSettings:
    """Where we listen and who we say we are. `host` is an address of ours, or 0.0.0.0; any port for 0."""

    host: str
    port: int = 5060
    user: str = "diemcau"
    ring_s: float = 30.0
    most_calls: int = 100


@dataclass(frozen=True, slots=True)
class Target:
    """A room system to be called: an IP address, `udp`, `tcp` or `auto`, and the user it may want to be asked for.

    `auto` is UDP for what fits one datagram, else TCP. Raises ValueError if the host is no IP address.
    """

    host: str
    port: int = 5060
    transport: str = "auto"
    user: str = ""

    def __post_init__(self) -> None:
        ipaddress.ip_address(self.host)

    @property
    def uri(self) -> str:
        """Its SIP URI."""
        user = f"{self.user}@" if self.user else ""
        return f"sip:{user}{bracketed(self.host)}:{self.port}" + (";transport=tcp" if self.transport == "tcp" else "")


@dataclass(frozen=True, slots=True)
class RemoteParty:
    """What the other side announces, empty where it says nothing; `address` is the IP address it sends from."""

    address: str
    name: str
    user: str
    user_agent: str


class AgentContext:
    """One agent's common things."""

    def __init__(self, settings: SipSettings, layer: TransactionLayer, picture: Callable[["Call"], None]) -> None:
        # given
        self.settings = settings
        self.layer = layer
        self.picture = picture
        # owned
        self.calls: dict[tuple[str, str, str], Call] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._secret = secrets.token_bytes(16)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background; what it raises is logged."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Drop what is done in the background."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (fault := task.exception()) is not None:
            log.error("SIP work failed", exc_info=fault)

    def uri(self, flow: Flow) -> str:
        """Our own address, for the peer of a flow."""
        host, port = flow.local
        suffix = ";transport=tcp" if flow.transport == "tcp" else ""
        return f"sip:{self.settings.user}@{bracketed(host)}:{port}{suffix}"

    async def reach(self, flow: Flow, host: str, port: int) -> Flow:
        """A flow that works, to a host that a flow led to. Raises OSError."""
        if flow.transport == "udp":
            return self.layer.transport.udp((host, port))
        return await self.layer.transport.tcp((host, port)) if flow.closed else flow

    def tag(self, request: Request) -> str:
        """Our tag for a dialog of theirs: always the same for the same request, so that nothing need be kept."""
        facts = f"{request.call_id}\n{request.sender.tag}\n{request.via.branch}"
        return hmac.new(self._secret, facts.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:16]

    def response(self, request: Request, status: int, headers: Headers | None = None) -> Response:
        """Begin a response of ours."""
        response = respond(request, status, self.tag(request))
        response.headers += headers or []
        if status != 100:
            self.announce(response)
        return response

    def announce(self, message: Message) -> None:
        """Say who we are and what we can."""
        agent = "user-agent" if isinstance(message, Request) else "server"
        message.headers += [("allow", METHODS), (agent, USER_AGENT)]

    def attach(self, message: Message, sdp: str) -> None:
        """Add a session description."""
        message.add("content-type", SDP)
        message.body = sdp.encode()


def describe(message: Message, flow: Flow) -> RemoteParty:
    """Read what a peer announces: of a request its From, of a response who it says was reached."""
    if isinstance(message, Request):
        who: NameAddress | None = message.sender
        agent = message.get("user-agent")
    else:
        who = _asserted(message) or message.contact
        agent = message.get("user-agent") or message.get("server")
    try:
        user = Uri.parse(who.uri).user if who else ""
    except BadMessage:
        user = ""
    return RemoteParty(flow.remote[0], who.name if who else "", user, (agent or "")[:200])


def _asserted(message: Message) -> NameAddress | None:
    """Who was reached, in the header of RFC 3325 or its forerunner."""
    for value in [*message.all("p-asserted-identity"), *message.all("remote-party-id")]:
        try:
            return NameAddress.parse(value)
        except BadMessage:
            continue
    return None
