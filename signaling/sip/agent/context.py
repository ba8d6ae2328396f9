"""Holds what the agent and its calls share: settings, transactions, the table of calls, background tasks."""

import hashlib
import hmac
import ipaddress
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import quote

from signaling.sip.agent.background_tasks import BackgroundTasks
from signaling.sip.protocol import digest
from signaling.sip.protocol.address import DEFAULT_PORT, DEFAULT_TLS_PORT, NameAddress, Uri, bracketed
from signaling.sip.protocol.digest import Credentials, Nonces, Proof
from signaling.sip.protocol.errors import BadMessage, BadRequest
from signaling.sip.protocol.message import SDP, Headers, Message, Request, Response, respond
from signaling.sip.protocol.transaction_layer import TransactionLayer
from signaling.sip.protocol.transport import Flow

if TYPE_CHECKING:
    from signaling.sip.agent.call import Call
    from signaling.sip.agent.dialog import Dialog
    from signaling.sip.agent.roster_subscription import RosterSubscription

METHODS = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK, REGISTER, NOTIFY"
USER_AGENT = "Diemcau"
USER_SAFE = "-_.!~*'()&=+$,;?/"
"""What stands in a user part as it is, beside letters and digits (RFC 3261 §25.1)."""
NONCE = "nonce"
"""The parameter of a Request-URI that brings a nonce of ours back."""
MEDIA_CONTROL = "application/media_control+xml"
"""Media type of a request for a whole picture (RFC 5168)."""


FloorDecision = Literal["granted", "other", "nobody", "refused"]
"""Whose slides a room system is shown: its own, another's, nobody's; or that its own are refused."""


@dataclass(frozen=True, slots=True)
class SipSettings:
    """The agent's own address and limits. `host` is a local address or 0.0.0.0; port 0 takes any free port."""

    host: str
    port: int = 5060
    user: str = "diemcau"
    ring_s: float = 30.0
    most_calls: int = 100
    dscp: int = 0
    """Marks its packets (RFC 2474)."""
    tls: Path | None = None
    """The folder of its certificate (:mod:`signaling.sip.protocol.tls`); None: there is no TLS."""
    tls_port: int = DEFAULT_TLS_PORT


@dataclass(frozen=True, slots=True)
class Target:
    """Address of a room system to dial: IP address, port, transport (`udp`, `tcp`, `tls`, `auto`), SIP user if any.

    `auto` uses UDP for requests that fit one datagram, otherwise TCP. Raises ValueError if the host is no IP address.
    """

    host: str
    port: int = 5060
    transport: str = "auto"
    user: str = ""
    secret_user: str = field(default="", repr=False)
    """The user with a PIN in it: only the Request-URI has it, no header that is stored with the dialog."""
    credentials: Credentials | None = None
    """What we authenticate with when asked (RFC 3261 §22)."""
    contact: str = ""
    """The Contact that a device registered; the other fields are where it registered from."""
    session_s: int | None = 0
    """The session timer that its profile says; see :mod:`signaling.sip.agent.session_timer`."""
    device: str = field(default="", compare=False)
    """The id of the device, whose trace has the call; empty for none of the directory."""

    def __post_init__(self) -> None:
        ipaddress.ip_address(self.host)

    @property
    def uri(self) -> str:
        """The Request-URI of the target."""
        return self.contact or self._uri(self.secret_user or self.user)

    @property
    def logical_uri(self) -> str:
        """The URI of the target without a PIN, for the To header (RFC 3261 §8.1.1.2)."""
        return self.contact or self._uri(self.user)

    def _uri(self, user: str) -> str:
        before = f"{quote(user, safe=USER_SAFE)}@" if user else ""
        return f"sip:{before}{bracketed(self.host)}:{self.port}{_parameter(self.transport)}"


def _parameter(transport: str) -> str:
    """Return the URI parameter of a transport (RFC 3261 §19.1.1); that of UDP goes without saying."""
    return f";transport={transport}" if transport in ("tcp", "tls") else ""


@dataclass(frozen=True, slots=True)
class RemoteParty:
    """Names that the remote party announces, empty where it sends none; `address` and `port` are where it sends from, 0
    where that is not known, and `transport` (`udp`, `tcp` or `tls`) how."""

    address: str
    name: str
    user: str
    user_agent: str
    contact: str = ""
    """The user of its Contact."""
    transport: str = "udp"
    port: int = field(default=0, compare=False)
    routed: bool = False
    """True if the address is that of our gatekeeper, which routes its calls (H.323 §8.1.2)."""
    contact_uri: str = field(default="", compare=False)
    """Its Contact."""


class MediaHandler(Protocol):
    """Changes the media of a call as its remote party asks."""

    async def reoffered(self, call: "Call", offer: str) -> str:
        """Return the answer to an offer within a call (RFC 3264 §8). Raises OfferRefused."""

    async def reoffer(self, call: "Call") -> str:
        """Return an offer for a remote party that asked for one (RFC 3261 §14.2). Raises OfferRefused."""

    async def reanswered(self, call: "Call", answer: str) -> None:
        """Take the answer to the offer of :meth:`reoffer`."""

    def digit_pressed(self, call: "Call", digit: str) -> None:
        """Take a DTMF digit that the remote party of a call sent in an INFO request."""

    def keyframe_requested(self, call: "Call") -> None:
        """Send a key frame: the remote party of a call lost its picture and asks for a whole one (RFC 5168)."""


class AgentContext(BackgroundTasks):
    """Settings, transaction layer, calls and background tasks of one agent."""

    def __init__(self, settings: SipSettings, layer: TransactionLayer, handler: "MediaHandler") -> None:
        super().__init__()
        self.settings = settings
        self.layer = layer
        self.handler = handler
        self.calls: dict[tuple[str, str, str], Call] = {}
        self.subscriptions: dict[tuple[str, str], RosterSubscription] = {}
        """Those of the calls, by Call-ID and our tag."""
        self._secret = secrets.token_bytes(16)
        self._nonces = Nonces(secrets.token_bytes(32))

    def uri(self, flow: Flow) -> str:
        """Return our SIP URI as the remote party of a flow reaches it."""
        host, port = flow.local
        return f"sip:{self.settings.user}@{bracketed(host)}:{port}{_parameter(flow.transport)}"

    async def reach(self, flow: Flow, host: str, port: int) -> Flow:
        """Return a working flow to a host that `flow` led to. Raises OSError."""
        if flow.transport == "udp":
            return self.layer.transport.udp((host, port))
        return await self.layer.transport.connect(flow.transport, (host, port)) if flow.closed else flow

    def tag(self, request: Request) -> str:
        """Return our tag of an incoming dialog: an HMAC of its request, so that no state is needed."""
        facts = f"{request.call_id}\n{request.sender.tag}\n{request.via.branch}"
        return self._digest(facts.encode("utf-8", "replace"))

    def tag_of_refusal(self, fault: BadRequest) -> str:
        """Return the tag in the response to a malformed request, the same when it comes again (§8.2.7)."""
        return self._digest(fault.head)

    def _digest(self, facts: bytes) -> str:
        return hmac.new(self._secret, facts, hashlib.sha256).hexdigest()[:16]

    def proof(self, request: Request, flow: Flow) -> Proof | None:
        """Return the answer to a challenge of ours that a request carries, if it was made a short time ago for the
        address it comes from; whether the password was right is not known yet."""
        given = digest.proof(request)
        return given if given and self._nonces.fresh(given.nonce, flow.remote[0], time.time()) else None

    def received(self, request: Request, flow: Flow) -> bool:
        """Return whether a request has a nonce that was sent a short time ago to the address it comes from, in a
        challenge or in a redirection: who sends it receives there."""
        redirected = self._nonces.fresh(_nonce(request.uri), flow.remote[0], time.time())
        return redirected or self.proof(request, flow) is not None

    def redirect(self, request: Request, flow: Flow) -> Response:
        """Return a 302 to the same Request-URI with a nonce, without what says who we are: it is small."""
        response = respond(request, 302, self.tag(request))
        user, at, where = request.uri.rpartition("@")
        host = where.partition("?")[0].partition(f";{NONCE}=")[0]
        response.add("contact", f"<{user}{at}{host};{NONCE}={self._nonces.make(flow.remote[0], time.time())}>")
        return response

    def challenge(self, request: Request, flow: Flow) -> Response:
        """Return the 401 that asks for a password; a nonce that is too old, or of an earlier process, is stale."""
        return self.response(request, 401, [self._challenge(request, flow)])

    def bare_challenge(self, request: Request, flow: Flow) -> Response:
        """Return a challenge without what says who we are, for a request that many may have forged: it is small."""
        response = respond(request, 401, self.tag(request))
        response.headers.append(self._challenge(request, flow))
        return response

    def _challenge(self, request: Request, flow: Flow) -> tuple[str, str]:
        nonce, stale = self._nonces.make(flow.remote[0], time.time()), digest.proof(request) is not None
        return digest.our_challenge(nonce, stale=stale)

    def response(self, request: Request, status: int, headers: Headers | None = None) -> Response:
        """Begin a response with our tag and headers."""
        response = respond(request, status, self.tag(request))
        response.headers += headers or []
        if status != 100:
            self.announce(response)
        return response

    def announce(self, message: Message) -> None:
        """Add the Allow and User-Agent (or Server) headers."""
        agent = "user-agent" if isinstance(message, Request) else "server"
        message.headers += [("allow", METHODS), (agent, USER_AGENT)]

    def attach(self, message: Message, sdp: str) -> None:
        """Add a session description as the body."""
        message.add("content-type", SDP)
        message.body = sdp.encode()


def next_hop(dialog: "Dialog", peer: RemoteParty, flow: Flow) -> tuple[str, int]:
    """Return the host and port of requests within a dialog: always the host of the call, whatever a Contact says.

    The port of a Contact is used only if the Contact names that host; otherwise it is the port that messages come from.
    """
    hop = dialog.next_hop
    if hop.host == peer.address or flow.transport != "udp":
        usual = DEFAULT_TLS_PORT if flow.transport == "tls" else DEFAULT_PORT
        return peer.address, hop.port or usual
    return peer.address, flow.remote[1]


def comes_from(peer: RemoteParty, flow: Flow) -> bool:
    """Return whether a request is that of the remote party of a call: it has its address, and TLS if that has."""
    return peer.address == flow.remote[0] and not peer.transport == "tls" != flow.transport


def describe(message: Message, flow: Flow) -> RemoteParty:
    """Read the identity of the remote party: From of a request; asserted identity or Contact of a response."""
    if isinstance(message, Request):
        identity: NameAddress | None = message.sender
        agent = message.get("user-agent")
    else:
        identity = _asserted(message) or message.contact
        agent = message.get("user-agent") or message.get("server")
    name = identity.name if identity else ""
    contact = message.contact
    about = name, _user(identity), (agent or "")[:200], _user(contact)
    uri = contact.uri if contact else ""
    return RemoteParty(flow.remote[0], *about, transport=flow.transport, port=flow.remote[1], contact_uri=uri)


def _user(identity: NameAddress | None) -> str:
    try:
        return Uri.parse(identity.uri).user if identity else ""
    except BadMessage:
        return ""


def _nonce(uri: str) -> str:
    """Return the nonce in a Request-URI, empty for one without."""
    try:
        return Uri.parse(uri).parameters.get(NONCE, "")
    except BadMessage:
        return ""


def _asserted(message: Message) -> NameAddress | None:
    """Return the identity in P-Asserted-Identity (RFC 3325) or in its forerunner Remote-Party-ID, or None."""
    for value in [*message.all("p-asserted-identity"), *message.all("remote-party-id")]:
        try:
            return NameAddress.parse(value)
        except BadMessage:
            continue
    return None
