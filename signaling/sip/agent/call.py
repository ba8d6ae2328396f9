"""A confirmed call: requests within its dialog, its session timer, its end."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial

from signaling.sip.agent import dtmf_info, refused_invite, request_checks, session_timer
from signaling.sip.agent.authentication import again, answered, proofs
from signaling.sip.agent.context import MEDIA_CONTROL, AgentContext, FloorDecision, RemoteParty, next_hop
from signaling.sip.agent.dialog import Dialog
from signaling.sip.agent.roster_subscription import RosterSubscription, follow
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.agent.subscription_rules import BAD_EVENT
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallRefused, CallUnanswered, OfferRefused
from signaling.sip.protocol.message import METHODS, SDP, Headers, Request, Response
from signaling.sip.protocol.roster import Inside
from signaling.sip.protocol.transaction_layer import ServerTransaction
from signaling.sip.protocol.transport import Flow

REQUEST_TIMEOUT_S = 4.0
"""How long the response to a request within the dialog (BYE, OPTIONS) is awaited; the request is repeated longer."""


PENDING = 491
OFFER_TIMEOUT_S = 10.0
"""How long the answer to an offer of ours within the call is awaited."""
GLARE_S = 1.0
"""When we offer again where both did at once (RFC 3261 §14.1: 0 to 2 for who was called)."""
RETRY_AFTER_S = 2
"""When a remote party may offer again whose last offer is not answered yet (RFC 3261 §14.2: 0 to 10)."""
CSEQ_RESERVE = 16
"""CSeq numbers that another process may have used since the snapshot of the call was taken."""


@dataclass(slots=True)
class _Offering:
    """An offer of ours within the call: the newest INVITE with it, what that was mended for, and the answer."""

    invite: Request
    flow: Flow
    answer: asyncio.Future[str]
    mended: set[str] = field(default_factory=set)


class Call:
    """One confirmed dialog, whichever side dialled.

    `sdp` is the description of the remote party. `ended` is set once, with a `reason`: `bye`, `unreachable`,
    `session timer`, `no ack`, `too many requests`, or that with which it was hung up.
    """

    def __init__(
        self,
        context: AgentContext,
        dialog: Dialog,
        flow: Flow,
        peer: RemoteParty,
        sdp: str,
        credentials: Credentials | None = None,
    ) -> None:
        self.id = secrets.token_hex(8)
        self.peer = peer
        self.sdp = sdp
        self.credentials = credentials
        """What our requests within the dialog are authenticated with when the remote party asks."""
        self.session_s: int | None = 0
        """The session timer that the profile of the remote party says."""
        self._context = context
        self._dialog = dialog
        self._flow = flow
        self.ended = asyncio.Event()
        self.reason = ""
        self._answering = False
        """Whether an offer within the call is not answered yet."""
        self._offering = False
        """Whether an offer of ours is not answered yet."""
        self._invite: ServerTransaction | None = None
        """The newest INVITE of the remote party, until its ACK."""
        self._ack: Request | None = None
        """The newest ACK of ours."""
        self._acknowledged: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._expires: datetime | None = None
        """When the call ends unless the session is refreshed."""
        self._roster_told: Callable[[Inside], None] | None = None
        """Hears who is in the room of the remote party, once that is asked; None where it is not to be asked."""
        self._subscription: RosterSubscription | None = None
        context.calls[dialog.key] = self

    @classmethod
    def resumed(cls, context: AgentContext, snapshot: CallSnapshot) -> "Call":
        """Resume a call from the snapshot of another process: over UDP as it was, over TCP without its connection."""
        routes, sequence = list(snapshot.routes), snapshot.sequence + CSEQ_RESERVE
        about = (snapshot.call_id, snapshot.local, snapshot.remote, snapshot.contact, snapshot.target)
        dialog = Dialog(*about, routes=routes, sequence=sequence, remote_sequence=snapshot.heard)
        flow = context.layer.transport.resumed(snapshot.transport, (snapshot.host, snapshot.port))
        peer = RemoteParty(
            snapshot.host, snapshot.name, snapshot.user, snapshot.user_agent, transport=snapshot.transport
        )
        call = cls(context, dialog, flow, peer, snapshot.theirs)
        call._acknowledged.set_result(True)
        dialog.focus = True  # it is not stored: an MCU is asked once more, and others are never asked
        call.session_s = snapshot.session_s
        if snapshot.expires is not None:
            call._hang_up_at(snapshot.expires)
        return call

    @property
    def snapshot(self) -> CallSnapshot:
        """The state that another process needs to resume this call."""
        dialog, peer = self._dialog, self.peer
        host, port = self._flow.remote
        return CallSnapshot(
            call_id=dialog.call_id,
            local=dialog.local,
            remote=dialog.remote,
            contact=dialog.contact,
            target=dialog.target,
            routes=tuple(dialog.routes),
            sequence=dialog.sequence,
            heard=dialog.remote_sequence,
            transport=self._flow.transport,
            host=host,
            port=port,
            name=peer.name,
            user=peer.user,
            user_agent=peer.user_agent,
            theirs=self.sdp,
            expires=self._expires,
            session_s=self.session_s,
        )

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""
        self._context.layer.trace.assign(self._dialog.call_id, self.peer.address, device)

    async def hang_up(self, reason: str = "hung up") -> None:
        """Send BYE and wait up to 4 s for the response; do nothing if the call has ended."""
        if self._end(reason):
            await self._exchange("BYE")

    def _end(self, reason: str) -> bool:
        """Record the end of the call; return False if it was recorded before."""
        if self.ended.is_set():
            return False
        self.reason = reason
        self.ended.set()
        self._context.calls.pop(self._dialog.key, None)
        if self._subscription is not None:
            self._subscription.close()
        if self._timer is not None:
            self._timer.cancel()
        self._stop_repeating()
        if not self._acknowledged.done():
            self._acknowledged.set_result(False)
        return True

    def _stop_repeating(self) -> None:
        """Stop repeating the response to the newest INVITE of the remote party."""
        if self._invite is not None:
            self._context.layer.acknowledge(self._invite)
            self._invite = None

    async def offer(self, sdp: str) -> str:
        """Offer another description (RFC 3261 §14.1); return the answer. Raises CallRefused, and the call goes on as it
        was; or CallUnanswered, and who offered hangs up: an answer that comes later is not taken any more.

        A remote party that offers at the same time is let by: it is asked again a second later.
        """
        self._offering = True
        try:
            return await self._invite_again(sdp)
        except CallRefused as refused:
            if refused.status != PENDING:
                raise
            await asyncio.sleep(GLARE_S)
            return await self._invite_again(sdp)
        finally:
            self._offering = False

    async def _invite_again(self, sdp: str) -> str:
        """Send one re-INVITE, again with what a refusal asks for; return the answer. Raises CallRefused,
        CallUnanswered."""
        try:
            async with asyncio.timeout(OFFER_TIMEOUT_S):
                flow = self._flow = await self._context.reach(self._flow, *self._next_hop())
                invite = self._dialog.request("INVITE")
                self._context.announce(invite)
                invite.headers += session_timer.wish(self.session_s)
                self._context.attach(invite, sdp)
                offering = _Offering(invite, flow, asyncio.get_running_loop().create_future())
                self._send(offering)
                return await offering.answer
        except (OSError, TimeoutError):
            raise CallUnanswered("no answer to an offer") from None

    def _send(self, offering: _Offering) -> None:
        listener = partial(self._take_response, offering, offering.invite)
        self._context.layer.begin(offering.invite, offering.flow, listener)

    def _take_response(self, offering: _Offering, invite: Request, response: Response | None) -> None:
        """Take a response to our re-INVITE; a repeated 2xx is acknowledged again."""
        failure: Exception | None = None
        if response is None:
            failure = CallUnanswered("no response to an offer")
        elif response.status >= 300:
            if self._mends(offering, response):
                return
            failure = CallRefused(response.status, response.reason)
        elif response.status >= 200:
            self.acknowledge(invite)
            if not offering.answer.done():
                self._refresh_target(response)
                self._restart_timer(session_timer.of_response(response, self.session_s))
                self.sdp = response.text
                offering.answer.set_result(response.text)
        if failure is not None and not offering.answer.done():
            offering.answer.set_exception(failure)

    def _mends(self, offering: _Offering, response: Response) -> bool:
        """Send a refused re-INVITE again with what its refusal asks for; return False if nothing helps."""
        if self.ended.is_set() or offering.answer.done():
            return False
        number, tried = self._dialog.sequence + 1, offering.mended
        mended = refused_invite.mended(offering.invite, response, self.credentials, tried, number)
        if mended is None:
            return False
        self.session_s = refused_invite.session_s(response, self.session_s)
        self._dialog.sequence, offering.invite = number, mended
        self._send(offering)
        return True

    def request_keyframe(self, *, slides: bool = False) -> None:
        """Do nothing: in SIP the media engine's own requests by RTCP are all there is."""

    def decide_floor(self, decision: FloorDecision) -> None:
        """Do nothing: in SIP the media engine's floor control is BFCP, beside the call."""

    def follow_roster(self, told: Callable[[Inside], None]) -> None:
        """Tell who is in the room of an MCU, as soon as its Contact says that it is one, until the call ends."""
        self._roster_told = told
        self._ask_for_roster()

    def _ask_for_roster(self) -> None:
        if (told := self._roster_told) is not None and self._dialog.focus and not self.ended.is_set():
            self._roster_told = None
            self._context.spawn(follow(partial(self._subscribe, told), self.ended, told))

    def _subscribe(self, told: Callable[[Inside], None]) -> RosterSubscription:
        about = self._context, self._dialog, self._flow, self.peer, self.credentials
        self._subscription = RosterSubscription(*about, told)
        return self._subscription

    def _refresh_target(self, message: Request | Response) -> None:
        """Take the new Contact of a re-INVITE or an UPDATE, which may say only now that there is an MCU."""
        self._dialog.refresh(message)
        self._ask_for_roster()

    async def send_digits(self, digits: str) -> bool:
        """Send DTMF digits in INFO requests, for who takes no telephone events; return False once one is refused, or
        the call has ended."""
        for digit in digits:
            if digit == dtmf_info.PAUSE:
                await asyncio.sleep(dtmf_info.PAUSE_S)
                continue
            if self.ended.is_set():
                return False
            response = await self._exchange("INFO", dtmf_info.RELAY, dtmf_info.written(digit))
            if response is None or response.status >= 300:
                return False
            await asyncio.sleep(dtmf_info.GAP_S)
        return True

    async def _exchange(self, method: str, content_type: str = "", body: str = "") -> Response | None:
        """Send a request within the dialog; return the response, or None if none comes."""
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT_S):
                flow = self._flow = await self._context.reach(self._flow, *self._next_hop())
                request = self._dialog.request(method)
                self._context.announce(request)
                if content_type:
                    request.add("content-type", content_type)
                    request.body = body.encode()
                response = await self._context.layer.exchange(request, flow)
                if response is None or response.status not in (401, 407) or self.credentials is None:
                    return response
                headers, _ = answered(response, self.credentials, request)
                if not headers:
                    return response
                self._dialog.sequence += 1
                return await self._context.layer.exchange(again(request, headers, self._dialog.sequence), flow)
        except (OSError, TimeoutError):
            return None

    def _next_hop(self) -> tuple[str, int]:
        return next_hop(self._dialog, self.peer, self._flow)

    # What the agent hands on.

    def answered(self, invite: Request, seconds: int | None) -> None:
        """Acknowledge the 2xx to our INVITE and start the session timer."""
        self.acknowledge(invite)
        self._restart_timer(seconds)

    def acknowledge(self, invite: Request) -> None:
        """Send the ACK of a 2xx to an INVITE of ours, authenticated as that was (RFC 3261 §22.1).

        A repeated 2xx gets the same ACK (§13.2.2.4): another one is no retransmission to the remote party.
        """
        number, _ = invite.sequence
        flow = self._flow
        if flow.transport == "udp":
            flow = self._context.layer.transport.udp(self._next_hop())
        if self._ack is None or self._ack.sequence[0] != number:
            self._ack = self._dialog.request("ACK", number)
            self._ack.headers += proofs(invite)
        self._context.layer.send(self._ack, flow)

    async def accepted(self, transaction: ServerTransaction, response: Response, seconds: int | None) -> None:
        """Answer the INVITE of the remote party and wait for the ACK. Raises CallUnanswered."""
        self._accept(transaction, response, seconds)
        if not await self._acknowledged:
            raise CallUnanswered("no ACK" if self.reason == "no ack" else "gone before the ACK")

    def confirmed(self, ack: Request) -> None:
        """Take an ACK, with the answer to an offer of ours in it.

        The ACK of a later INVITE proves that the response to the first one arrived, too.
        """
        number, _ = ack.sequence
        if self._invite is not None and self._invite.request.sequence[0] == number:
            offered = not self._invite.request.body
            self._stop_repeating()
            if offered and ack.content_type == SDP:
                self._take_answer(ack.text)
        if not self._acknowledged.done():
            self._acknowledged.set_result(True)

    def _take_answer(self, answer: str) -> None:
        """Take the answer to our offer: that of a call that begins is waited for by who accepted it."""
        if self._acknowledged.done():
            self._context.spawn(self._context.handler.reanswered(self, answer))
        else:
            self.sdp = answer

    def uses(self, flow: Flow) -> bool:
        """Return whether the call uses this flow."""
        return flow is self._flow

    def lost(self, flow: Flow) -> None:
        """Probe the remote party by OPTIONS if the closed connection was the call's."""
        if self.uses(flow) and not self.ended.is_set():
            self._context.spawn(self._probe())

    async def _probe(self) -> None:
        response = await self._exchange("OPTIONS")
        if response is None or response.status in (408, 481):
            self._end("unreachable")

    def request(self, transaction: ServerTransaction) -> None:
        """Answer a request of the remote party within the dialog."""
        request = transaction.request
        if not self._dialog.in_order(request):
            self._respond(transaction, 500)
            return
        self._flow = transaction.flow
        handlers = {
            "BYE": self._bye,
            "INFO": self._info,
            "INVITE": self._reinvite,
            "UPDATE": self._reinvite,
            "PRACK": self._prack,
        }
        if request.method == "NOTIFY":  # not 481, which would end the whole dialog (RFC 5057 §5.1)
            self._respond(transaction, BAD_EVENT)
        elif request.method not in (*handlers, "OPTIONS"):
            self._respond(transaction, 405 if request.method in METHODS else 501)
        elif (refusal := request_checks.check_extensions(request)) is not None:
            self._respond(transaction, *refusal)
        elif request.method == "OPTIONS":
            self._respond(transaction, 200)
        else:
            handlers[request.method](transaction)

    def _bye(self, transaction: ServerTransaction) -> None:
        self._respond(transaction, 200)
        self._end("bye")

    def _prack(self, transaction: ServerTransaction) -> None:
        """Answer the PRACK of a provisional response that came after the 200 (RFC 3262 §3)."""
        invite, layer = self._invite, self._context.layer
        first = invite is not None and layer.acknowledge_provisional(invite, transaction.request)
        self._respond(transaction, 200 if first else 481)

    def _info(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        if request.content_type in (dtmf_info.RELAY, dtmf_info.PLAIN):
            digit = dtmf_info.read(request.content_type, request.text)
            self._respond(transaction, 400 if digit is None else 200)
            if digit is not None:
                self._context.handler.digit_pressed(self, digit)
            return
        if request.body and request.content_type != MEDIA_CONTROL:
            self._respond(transaction, 415)
            return
        self._respond(transaction, 200)
        if b"picture_fast_update" in request.body:
            self._context.handler.keyframe_requested(self)

    def _reinvite(self, transaction: ServerTransaction) -> None:
        """Answer a re-INVITE or UPDATE: an offer, the wish for one of ours, or only a session refresh."""
        request = transaction.request
        refusal = request_checks.check_reinvite(request)
        offers = bool(request.body) or request.method == "INVITE"
        if refusal is None and offers and self._answering:
            refusal = 500, [("retry-after", str(RETRY_AFTER_S))]
        if refusal is None and offers and (self._offering or (request.method == "UPDATE" and self._awaits_answer)):
            refusal = PENDING, []
        if refusal is not None:
            self._respond(transaction, *refusal)
        elif offers:
            self._answering = True
            self._context.spawn(self._renegotiate(transaction))
        else:
            self._renew(transaction, self._context.response(request, 200))

    @property
    def _awaits_answer(self) -> bool:
        """Return whether an offer of ours in a response waits for its answer in the ACK (RFC 3311 §5.2)."""
        return self._invite is not None and not self._invite.request.body

    async def _renegotiate(self, transaction: ServerTransaction) -> None:
        """Answer an offer, or the wish for one, as the handler does."""
        request, handler = transaction.request, self._context.handler
        if request.method == "INVITE":
            self._context.layer.respond(transaction, self._context.response(request, 100))
        try:
            sdp = await (handler.reoffered(self, request.text) if request.body else handler.reoffer(self))
        except OfferRefused as refused:
            self._respond(transaction, refused.status)
            return
        except Exception:
            self._respond(transaction, 500)
            raise
        finally:
            self._answering = False
        if self.ended.is_set():
            self._respond(transaction, 487)
            return
        response = self._context.response(request, 200)
        self._context.attach(response, sdp)
        self._renew(transaction, response)

    def _renew(self, transaction: ServerTransaction, response: Response) -> None:
        self._refresh_target(transaction.request)
        self._accept(transaction, response, session_timer.answer(transaction.request, self.session_s))

    def _accept(self, transaction: ServerTransaction, response: Response, seconds: int | None) -> None:
        response.headers += [("contact", self._dialog.contact), *session_timer.agreement(seconds)]
        if transaction.request.method == "INVITE":
            self._stop_repeating()
            self._invite = transaction
            transaction.unheard = lambda: self._context.spawn(self.hang_up("no ack"))
        self._context.layer.respond(transaction, response)
        self._restart_timer(seconds)

    def _restart_timer(self, seconds: int | None) -> None:
        """Restart the session timer, or stop it if `seconds` is None."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._expires = None
        if seconds is not None and not self.ended.is_set():
            self._hang_up_at(datetime.now(UTC) + timedelta(seconds=session_timer.watch_seconds(seconds)))

    def _hang_up_at(self, moment: datetime) -> None:
        """Hang up at a moment unless the session is refreshed before."""
        self._expires, left = moment, (moment - datetime.now(UTC)).total_seconds()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, left), self._expire)

    def _expire(self) -> None:
        self._context.spawn(self.hang_up("session timer"))

    def _respond(self, transaction: ServerTransaction, status: int, headers: Headers | None = None) -> None:
        self._context.layer.respond(transaction, self._context.response(transaction.request, status, headers))
