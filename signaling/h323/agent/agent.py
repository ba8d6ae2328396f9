"""Runs an H.323 endpoint without media and people: calls room systems, hands their calls to a handler.

    agent = Agent(H323Settings("0.0.0.0"), handler)
    await agent.start()
    call = await agent.invite(Target("10.57.1.20", 1720, "h323"), offer, name="UBND tỉnh")
    await call.ended.wait()

With a gatekeeper in the settings it registers there, and asks it for every call (:mod:`.admissions`).
"""

import asyncio
import contextlib
import ipaddress
import logging
import secrets
import uuid
from collections.abc import Callable
from typing import Protocol

from signaling.h323.agent import description
from signaling.h323.agent.admissions import Admissions, bandwidth
from signaling.h323.agent.call import Call
from signaling.h323.agent.context import RAS, AgentContext, H323Settings, MediaHandler
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.h323.agent.link import Link, connect, listen
from signaling.h323.gatekeeper.client import Gatekeeper
from signaling.h323.protocol import fast_connect, h225, q931, refusal
from signaling.h323.protocol.errors import BadPdu
from signaling.h323.protocol.h225 import Identity
from signaling.h323.protocol.ras import AdmittedCall
from signaling.h323.protocol.trace import signalling_text
from signaling.sip.agent.context import Target
from signaling.sip.agent.rate_limit import RateLimit
from signaling.sip.protocol.address import network_of
from signaling.sip.protocol.errors import CallFailed, CallUnanswered
from signaling.sip.protocol.trace import Trace, TracedCall

log = logging.getLogger(__name__)

MAX_WAITING_CALLS = 256
"""Connections that have brought no Setup yet, or whose Setup waits for the handler's decision."""
MAX_WAITING_OF_ONE = 8
"""Of them, those from one address; and as many of those that are refused."""
SETUP_S = 10.0
"""How long a connection may take to bring its Setup."""
MAX_REFUSED = 64
"""Connections beyond these bounds that may bring their Setup, to be told that there is no room; more are closed."""
REFUSE_S = 2.0
"""How long such a connection may take for that."""
CALL_COST = 2.0
"""Tokens of a call that comes in: an address may call fifty times at once, and ten times a second."""
CLOSE_S = 3.0
RETRY_S = 30.0
"""Seconds after which a socket of RAS that could not be opened is tried again."""


class CallHandler(MediaHandler, Protocol):
    """Decides on incoming calls, and changes the media of those that go on."""

    async def called(self, incoming: IncomingCall) -> None:
        """Take an incoming call: call exactly one of `incoming.accept` and `incoming.refuse`."""


class Agent:
    """A listener, and all calls."""

    def __init__(self, settings: H323Settings, handler: CallHandler) -> None:
        self._settings = settings
        self._handler = handler
        self._context = AgentContext(settings, handler)
        self._server: asyncio.Server | None = None
        self._gatekeeper = None if settings.gatekeeper is None else Gatekeeper(settings.gatekeeper, self._dropped)
        self._admissions = Admissions(self._gatekeeper, self._context.spawn)
        self._waiting: set[Link] = set()
        self._rate_limit = RateLimit()
        """Of calls that come in, by address."""
        self._refused: set[Link] = set()
        """Connections that will be told that there is no room."""
        self._closing = False

    @property
    def address(self) -> tuple[str, int]:
        """The address and port on which it listens."""
        assert self._server is not None
        return self._server.sockets[0].getsockname()[:2]  # type: ignore[no-any-return]

    async def start(self) -> None:
        """Listen, and begin to register at the gatekeeper. Raises OSError."""
        own = self._settings
        self._server = await listen(self._accepted, own.host, own.port, own.dscp)
        if self._gatekeeper is not None:
            self._context.spawn(self._open_gatekeeper(self._gatekeeper))

    async def _open_gatekeeper(self, gatekeeper: Gatekeeper) -> None:
        """Open the socket of RAS, again and again where that fails: calls to addresses need none."""
        while True:
            try:
                return await gatekeeper.start(*self.address, self._settings.dscp)
            except OSError as fault:
                log.error("x no way to the gatekeeper %s: %s", gatekeeper.settings.host, fault)
            await asyncio.sleep(RETRY_S)

    async def close(self) -> None:
        """Hang up all calls, unregister at the gatekeeper, close the listener and all connections."""
        self._closing = True
        if self._server is not None:
            self._server.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(*(call.hang_up() for call in list(self._context.calls)))
        await self._context.close()
        if self._gatekeeper is not None:
            await self._gatekeeper.close()
        for call in self._context.calls:
            call.abort()
        for link in self._waiting | self._refused:
            link.abort()
        await asyncio.sleep(0)  # their sockets are closed in the next turn of the loop

    async def invite(self, target: Target, offer: str, *, name: str) -> Call:
        """Call a room system with the name `name`; return the call with what it takes of our offer.

        An offer without telephone events is for systems that refuse much, and comes without fast connect.

        Raises CallRefused, CallNotAdmitted, CallUnanswered, BadOffer.
        """
        if len(self._context.calls) >= self._settings.most_calls:
            raise CallUnanswered("too many calls")
        identity, reference = Identity(uuid.uuid4().bytes, uuid.uuid4().bytes), secrets.randbelow(0x7FFE) + 1
        asked = AdmittedCall(identity, reference, answering=False, bandwidth=bandwidth(description.read(offer)))
        target, link = await self._connect(asked, target)
        call = Call(self._context, link, identity, reference, calling=True)
        self._admissions.follow(call, asked)
        call.trace_as(target.device)
        call.name_peer("", target.user, "")
        try:
            self._set_up(call, link, target, offer, name)
            async with asyncio.timeout(self._settings.ring_s):
                await call.connected
            await call.settle()
        except TimeoutError:
            await call.hang_up("no answer")
            raise CallUnanswered("no answer") from None
        except BaseException:
            await call.hang_up()
            raise
        return call

    async def _connect(self, asked: AdmittedCall, target: Target) -> tuple[Target, Link]:
        """Connect to a target, or to where the gatekeeper says. Raises CallNotAdmitted, CallUnanswered."""
        target = await self._admissions.dial(asked, target)
        try:
            return target, await connect(target.host, target.port, self._settings.dscp, self._local(target.host))
        except BaseException as fault:
            self._admissions.give_up(asked)
            if isinstance(fault, (OSError, TimeoutError)):
                raise CallUnanswered(f"unreachable: {fault}") from None
            raise

    def _dropped(self, dropped: AdmittedCall) -> None:
        """Hang up a call that the gatekeeper ends."""
        for call in self._context.calls:
            if call.identity == dropped.identity:
                call.release("gatekeeper", h225.NORMAL)

    def _set_up(self, call: Call, link: Link, target: Target, offer: str, name: str) -> None:
        """Send the Setup. Raises BadOffer."""
        offered, number = call.prepare(offer), target.secret_user or target.user
        fast = self._settings.fast_connect and offered.own.events is not None
        proposals = fast_connect.propose(offered.own, offered.ports) if fast else []
        fields = h225.setup(call.identity, name, number, link.local, link.remote, proposals)
        bitrate = offered.own.picture.bitrate if offered.own.picture is not None else 64_000
        elements = [q931.bearer(bitrate), q931.display(name)]
        if number.isascii() and number.isdecimal():
            elements.append(q931.called(number))
        link.begin()
        call.send(q931.SETUP, call.body("setup", fields), elements)

    def _local(self, remote: str) -> str | None:
        """Return the address to call from; None for any that leads there."""
        own = ipaddress.ip_address(self._settings.host)
        return None if own.is_unspecified or own.version != ipaddress.ip_address(remote).version else str(own)

    async def alive(self, target: Target) -> bool:
        """Return whether anything accepts a connection there: H.323 has no gentler question.

        Where the number alone is known, the gatekeeper is asked for a call, which ends before it begins.
        """
        asked = AdmittedCall(Identity(uuid.uuid4().bytes, uuid.uuid4().bytes), 1, answering=False, bandwidth=0)
        try:
            if target.transport == RAS:
                _, link = await self._connect(asked, target)
                self._admissions.give_up(asked)
            else:
                link = await connect(target.host, target.port, self._settings.dscp, self._local(target.host))
        except (OSError, TimeoutError, CallFailed):
            return False
        await link.close()
        return True

    @property
    def trace(self) -> Trace:
        """The messages of its newest calls."""
        return self._context.trace

    def traced(self, device: str, host: str) -> list[TracedCall]:
        """Return the newest calls of a device, then those of no known device with a host, each the newest first."""
        return self._context.trace.calls(device, host)

    # --- being called

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        full = len(self._context.calls) >= self._settings.most_calls or len(self._waiting) >= MAX_WAITING_CALLS
        link = Link(reader, writer)
        hurried = not self._rate_limit.admit(network_of(link.remote[0]), CALL_COST, asyncio.get_running_loop().time())
        if self._closing:
            link.abort()
        elif full or hurried or _of_one(self._waiting, link) >= MAX_WAITING_OF_ONE:
            if len(self._refused) >= MAX_REFUSED or _of_one(self._refused, link) >= MAX_WAITING_OF_ONE:
                link.abort()
            else:
                self._expect(
                    link, self._refused, REFUSE_S, lambda payload: self._drop(link, refusal.congested(payload))
                )
        else:
            self._expect(link, self._waiting, SETUP_S, lambda payload: self._take_setup(link, payload))

    def _expect(self, link: Link, held: set[Link], seconds: float, take: Callable[[bytes], None]) -> None:
        """Hand the first message of a connection to `take`, or close the connection after so many seconds."""
        held.add(link)
        late = asyncio.get_running_loop().call_later(seconds, self._drop, link)

        def taken(payload: bytes) -> None:
            late.cancel()
            take(payload)

        def lost() -> None:
            late.cancel()
            held.discard(link)
            link.abort()  # a peer that closes its side leaves ours open

        link.took, link.lost = taken, lost
        link.begin()

    def _drop(self, link: Link, answer: bytes | None = None) -> None:
        """Close a connection that brought no Setup, or none that can be taken, with an answer if it gets one."""
        self._waiting.discard(link)
        self._refused.discard(link)
        link.took = lambda _: None  # what came in the same segment is not read any more
        if answer is not None:
            link.send(answer)
        self._context.spawn(link.close())

    def _take_setup(self, link: Link, payload: bytes) -> None:
        """Hand a Setup to the handler."""
        try:
            message = q931.parse(payload)
            setup = h225.parse(message.body)
            if message.kind != q931.SETUP or setup.name != "setup":
                raise BadPdu("a call that begins with another message than Setup")
            h225.check(setup.identity)
        except BadPdu as error:
            log.info("x %s: %s", link.remote[0], error)
            self._drop(link, refusal.no_call(payload))
            return
        call = Call(self._context, link, setup.identity, message.reference, calling=False)
        call.trace(signalling_text(message, setup), sent=False)
        for each in setup.control:
            call.take_control(each)
        incoming = IncomingCall(call, message, setup, lambda: self._waiting.discard(link), self._admissions)
        self._context.spawn(self._called(incoming))

    async def _called(self, incoming: IncomingCall) -> None:
        try:
            await self._handler.called(incoming)
        except Exception:
            incoming.refuse(500)  # unless it was decided
            raise


def _of_one(links: set[Link], link: Link) -> int:
    """Return how many connections come from the address of one, or from its /64."""
    return sum(network_of(each.remote[0]) == network_of(link.remote[0]) for each in links)
