"""Asks an MCU who is in its room, as long as a call with it lasts (RFC 6665, RFC 4575, RFC 4579 §5.10).

A subscription has a dialog of its own, as RFC 6665 §4.5.2 wants it: nothing that becomes of it harms the call. Its
requests go where those of the call go.
"""

import asyncio
import contextlib
import logging
import secrets
from collections.abc import Callable

from signaling.sip.agent import subscription_rules
from signaling.sip.agent.authentication import again, answered
from signaling.sip.agent.context import AgentContext, RemoteParty, next_hop
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol import roster
from signaling.sip.protocol.address import NameAddress
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Headers, Request, Response
from signaling.sip.protocol.roster import NOBODY, Inside, Roster, RosterDocument
from signaling.sip.protocol.transaction_layer import ServerTransaction
from signaling.sip.protocol.transport import Flow

log = logging.getLogger(__name__)

ANEW_S = (10.0, 60.0, 300.0)
"""Shortest pauses before a subscription that did not come about, or was ended, is made anew; then it is left."""
SUBSCRIBE_TIMEOUT_S = 10.0
"""How long the response to a SUBSCRIBE is awaited."""
END_TIMEOUT_S = 4.0
"""How long the last NOTIFY is awaited after the end of a call."""
MENDINGS = 2
"""Refusals of one SUBSCRIBE that are obeyed: who asks for a password may want a longer time, too."""


class RosterSubscription:
    """One subscription to the roster of the room that a call leads to; `told` hears who is there, but for us."""

    def __init__(
        self,
        context: AgentContext,
        call: Dialog,
        flow: Flow,
        peer: RemoteParty,
        credentials: Credentials | None,
        told: Callable[[Inside], None],
    ) -> None:
        self.peer = peer
        self._context = context
        self._flow = flow
        self._credentials = credentials
        self._told = told
        uri, tag = context.uri(flow), secrets.token_hex(8)
        local = NameAddress(NameAddress.parse(call.local).name, uri, {"tag": tag})
        about = (secrets.token_hex(16), str(local), f"<{call.target}>", call.contact, call.target)
        self._dialog = Dialog(*about, routes=list(call.routes), sequence=0, remote_sequence=-1)
        context.layer.trace.join(self._dialog.call_id, peer.address, call.call_id)
        self.key = self._dialog.call_id, tag
        """What its NOTIFY requests say, also the one that comes before the 2xx (RFC 6665 §4.1.2.4)."""
        self._roster = Roster(roster.address_of(uri))
        self._closing = False
        """Whether the call has ended."""
        self._over = False
        """Whether the subscription has."""
        self._anew_s: int | None = None
        """After how many seconds another may be made; None: none."""
        self._asked = self._due = 0.0
        """When it was refreshed last, and is next."""
        self._lacks = False
        """Whether the full state was asked for and has not come."""
        self._woken = asyncio.Event()

    async def run(self) -> int | None:
        """Subscribe, and refresh until it ends; return after how many seconds another may be made, None: none."""
        self._context.subscriptions[self.key] = self
        try:
            while not self._over and await self._subscribe(subscription_rules.LASTS_S):
                await self._wait()
                if self._closing and not self._over:
                    await self._end()
        finally:
            del self._context.subscriptions[self.key]
        return self._anew_s

    @property
    def is_over(self) -> bool:
        """True once it has ended: nothing may be told of it any longer."""
        return self._over

    def close(self) -> None:
        """End it, since the call has ended."""
        self._closing = True
        self._woken.set()

    def leave(self) -> None:
        """Take no more of it: each further NOTIFY is answered by 481, which ends it (RFC 6665 §4.2.2)."""
        self._over, self._anew_s = True, None
        self._woken.set()

    async def _wait(self) -> None:
        """Wait until it is to be refreshed, or is over."""
        while not (self._closing or self._over) and (left := self._due - self._now()) > 0:
            self._woken.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._woken.wait()

    async def _end(self) -> None:
        """Unsubscribe, and wait a moment for the last NOTIFY (RFC 6665 §4.1.2.3)."""
        if await self._subscribe(0):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(END_TIMEOUT_S):
                    while not self._over:
                        self._woken.clear()
                        await self._woken.wait()
        self.leave()

    async def _subscribe(self, seconds: int) -> bool:
        """Send a SUBSCRIBE, again with what a refusal asks for; return False if it is refused, or not answered."""
        response = await self._exchange(seconds)
        now = self._now()
        if response is None or response.status >= 300:
            log.info("< %s: no roster: %s", self.peer.address, "no response" if response is None else response.status)
            never = self._over or (response is not None and response.status in subscription_rules.NEVER)
            self._anew_s = None if never else 0
            return False
        if not NameAddress.parse(self._dialog.remote).tag:
            self._dialog.confirm(response)
        self._due = now + subscription_rules.refresh_delay(subscription_rules.granted_s(response))
        return True

    async def _exchange(self, seconds: int) -> Response | None:
        try:
            async with asyncio.timeout(SUBSCRIBE_TIMEOUT_S):
                flow = self._flow = await self._context.reach(
                    self._flow, *next_hop(self._dialog, self.peer, self._flow)
                )
                request = self._dialog.request("SUBSCRIBE")
                self._context.announce(request)
                request.headers += [("event", roster.PACKAGE), ("accept", roster.MEDIA_TYPE), ("expires", str(seconds))]
                self._asked = self._now()
                response = await self._context.layer.exchange(request, flow)
                for _ in range(MENDINGS):
                    if response is None or not (headers := self._mending(request, response)):
                        break
                    self._dialog.sequence += 1
                    request = again(request, headers, self._dialog.sequence)
                    response = await self._context.layer.exchange(request, flow)
                return response
        except (OSError, TimeoutError):
            return None

    def _mending(self, request: Request, response: Response) -> Headers:
        """Return the headers that a refusal asks for: an answer to its challenge, or a longer time."""
        if response.status in (401, 407) and self._credentials is not None:
            return answered(response, self._credentials, request)[0]
        demanded = subscription_rules.demanded_s(response)
        return [] if demanded is None else [("expires", str(demanded))]

    def notified(self, transaction: ServerTransaction) -> None:
        """Answer a NOTIFY, and tell who is in the room."""
        request = transaction.request
        tag = NameAddress.parse(self._dialog.remote).tag
        if tag and request.sender.tag != tag:  # of another branch: there is one room (RFC 4575 §3.8)
            self._respond(transaction, 481)
        elif tag and not self._dialog.in_order(request):
            self._respond(transaction, 500)
        elif (refusal := subscription_rules.check_notify(request)) is not None:
            self._respond(transaction, *refusal)
        else:
            self._take(transaction, new=not tag)

    def _take(self, transaction: ServerTransaction, *, new: bool) -> None:
        request = transaction.request
        state = subscription_rules.state_of(request)
        try:
            document = roster.read(request.text) if request.body else None
        except BadMessage as fault:
            log.info("< %s: bad roster: %s", self.peer.address, fault)
            self._respond(transaction, 400)
            return
        if new:
            self._dialog.confirm(request)
            self._dialog.in_order(request)
        self._respond(transaction, 200)
        if state.expires is not None:
            self._due = min(self._due, self._now() + subscription_rules.refresh_delay(state.expires))
        if document is not None:
            self._note(document)
        if state.terminated:
            self._over, self._anew_s = True, state.anew_s
        elif document is not None:
            self._told(self._roster.inside())
        self._woken.set()

    def _note(self, document: RosterDocument) -> None:
        """Apply a document; where one before it is missing, ask for the full state, once until that comes."""
        if self._roster.take(document):
            self._lacks = False
        elif not self._lacks:
            self._lacks = True
            self._due = min(self._due, self._asked + subscription_rules.SHORTEST_S)

    def _respond(self, transaction: ServerTransaction, status: int, headers: Headers | None = None) -> None:
        self._context.layer.respond(transaction, self._context.response(transaction.request, status, headers))

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


async def follow(begin: Callable[[], RosterSubscription], ended: asyncio.Event, told: Callable[[Inside], None]) -> None:
    """Subscribe until the call ends, and anew some times where that does not come about or the MCU ends it."""
    for pause in (*ANEW_S, None):
        if ended.is_set():
            return
        anew_s = await begin().run()
        told(NOBODY)
        if anew_s is None or pause is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(max(pause, anew_s)):
                await ended.wait()
