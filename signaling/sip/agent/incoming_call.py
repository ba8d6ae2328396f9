"""An incoming INVITE that is not answered yet."""

import asyncio
from collections.abc import Callable

from signaling.sip.agent import request_checks, session_timer
from signaling.sip.agent.call import RETRY_AFTER_S, Call
from signaling.sip.agent.context import AgentContext, comes_from, describe
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol import digest
from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallUnanswered
from signaling.sip.protocol.message import Request, Response
from signaling.sip.protocol.transaction_layer import ServerTransaction

DECISION_TIMEOUT_S = 60.0
"""A call that is not answered within so many seconds is refused with 480."""
TRYING_AFTER_S = 0.2
"""When a caller whose datagram may be forged hears 100, unless it was answered before (RFC 3261 §17.2.1)."""


class IncomingCall:
    """An incoming call; exactly one of `accept` and `refuse` follows. `user` is the dialled user: a session code.

    `offer` is empty where the caller leaves it to us to offer: `accept` takes our offer then, and the `sdp` of the call
    is the answer in the ACK (RFC 3261 §13.3.1, §14.2).

    A caller that requires reliable provisional responses hears one at once, and acknowledges it by PRACK (RFC 3262),
    but not where it would have to hold our offer (§5).

    An UPDATE within the early dialog that begins with that response is answered, but brings no other offer before that
    of the INVITE is answered (RFC 3311 §5.2).

    Where its datagram may be forged, they wait for `proceed`, or for a moment: until then the call can be dismissed
    without keeping state, since the caller sends its INVITE again if the refusal is lost.
    """

    def __init__(self, context: AgentContext, transaction: ServerTransaction, decided: Callable[[], object]) -> None:
        self.user = Uri.parse(transaction.request.uri).user
        self.peer = describe(transaction.request, transaction.flow)
        self.offer = transaction.request.text
        self._proof = context.proof(transaction.request, transaction.flow)
        self._acknowledged: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._context = context
        self._transaction = transaction
        request, contact = transaction.request, f"<{context.uri(transaction.flow)}>"
        self._dialog = Dialog.as_callee(request, context.tag(request), contact)
        self._decided: Callable[[], object] | None = decided
        self._patience = asyncio.get_running_loop().call_later(DECISION_TIMEOUT_S, self.refuse, 480)
        self._trying: asyncio.TimerHandle | None = None
        if transaction.forgeable:
            context.layer.keep(transaction)
            self._trying = asyncio.get_running_loop().call_later(TRYING_AFTER_S, self.proceed)
        else:
            self._provision()

    def proceed(self) -> None:
        """Send provisional responses, if none were sent: the caller is known, or its decision takes a while."""
        if self._trying is not None and self._decided is not None:
            self._trying.cancel()
            self._trying = None
            self._provision()

    def _provision(self) -> None:
        """Send 100, and 180 where it is required to be reliable."""
        self._context.layer.respond(self._transaction, self._context.response(self._transaction.request, 100))
        if self.offer and request_checks.requires_reliable(self._transaction.request):
            self._ring()

    def _ring(self) -> None:
        """Send 180 until its PRACK comes; if none comes in time, refuse the call (RFC 3262 §3)."""
        request = self._transaction.request
        ringing = [("require", request_checks.RELIABLE), ("rseq", "1"), ("contact", self._dialog.contact)]
        ringing += [("record-route", value) for value in request.all("record-route")]
        self._transaction.unheard = lambda: self.refuse(504)
        self._context.layer.respond(self._transaction, self._context.response(request, 180, ringing))

    def acknowledge(self, prack: Request) -> bool:
        """Take a PRACK; return False if nothing waits for it."""
        return self._context.layer.acknowledge_provisional(self._transaction, prack)

    def update(self, transaction: ServerTransaction) -> bool:
        """Answer an UPDATE within the early dialog: it may refresh the Contact, and an offer comes too soon. Return
        False for one of another dialog."""
        request, context = transaction.request, self._context
        own = request.recipient.tag == context.tag(self._transaction.request)
        if not own or not comes_from(self.peer, transaction.flow):
            return False
        refusal = request_checks.check_reinvite(request)
        if refusal is None and request.body:
            refusal = 500, [("retry-after", str(RETRY_AFTER_S))]
        if not self._dialog.in_order(request):
            refusal = 500, []
        if refusal is None:
            self._dialog.refresh(request)
        status, headers = refusal or (200, [("contact", self._dialog.contact)])
        context.layer.respond(transaction, context.response(request, status, headers))
        return True

    @property
    def claimed(self) -> str:
        """The user name in its answer to a challenge of ours; empty without one."""
        return self._proof.user if self._proof else ""

    def proves(self, credentials: Credentials) -> bool:
        """Return whether that answer was made with this user name and password."""
        return self._proof is not None and digest.proves(self._proof, credentials, self._transaction.request)

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""
        self._context.layer.trace.assign(self._transaction.request.call_id, self.peer.address, device)

    @property
    def from_its_address(self) -> bool:
        """True if the caller is known to receive at its address, which over UDP may be forged."""
        return not self._transaction.forgeable

    async def acknowledged(self) -> bool:
        """Wait for the ACK of a refusal; return False if none comes. Its tag is ours, so it was received there."""
        return await self._acknowledged

    async def accept(self, sdp: str, session_s: int | None = 0) -> Call:
        """Answer with 200 and our description, and wait for the ACK. Raises CallUnanswered if the caller hung up.

        `session_s` is the session timer that the profile of the caller says.
        """
        if len(self._context.calls) >= self._context.settings.most_calls:
            self.refuse(503)
            raise CallUnanswered("too many calls")
        if not self._decide():
            raise CallUnanswered("gone before the answer")
        context, request, flow = self._context, self._transaction.request, self._transaction.flow
        call = Call(context, self._dialog, flow, self.peer, self.offer)
        call.session_s = session_s
        response = context.response(request, 200)
        response.headers += [("record-route", value) for value in request.all("record-route")]
        context.attach(response, sdp)
        try:
            await call.accepted(self._transaction, response, session_timer.answer(request, session_s))
        except asyncio.CancelledError:
            context.spawn(call.hang_up())
            raise
        return call

    def refuse(self, status: int) -> None:
        """Answer with a final status of 300 or more; do nothing if the call was answered, or the caller hung up."""
        self._refuse(self._context.response(self._transaction.request, status))

    def dismiss(self, status: int) -> None:
        """Refuse a caller whom nobody knows; keep no state of it where its datagram may be forged (§8.2.7)."""
        self._dismiss(self._context.response(self._transaction.request, status))

    def challenge(self) -> None:
        """Ask for a user name and a password (401), without keeping state as :meth:`dismiss` (§26.3.2.4)."""
        self._dismiss(self._context.challenge(self._transaction.request, self._transaction.flow))

    def _dismiss(self, response: Response) -> None:
        if self._trying is None:
            self._refuse(response)
        elif self._decide():
            self._context.layer.dismiss(self._transaction, response)
            self._settle(False)

    def _refuse(self, response: Response) -> None:
        if self._decide():
            self._transaction.heard = self._on_ack
            self._transaction.unheard = lambda: self._settle(False)
            self._context.layer.respond(self._transaction, response)

    def _on_ack(self, ack: Request) -> None:
        if ack.recipient.tag == self._context.tag(self._transaction.request):
            self._settle(True)

    def _settle(self, acknowledged: bool) -> None:
        if not self._acknowledged.done():
            self._acknowledged.set_result(acknowledged)

    def _decide(self) -> bool:
        if self._decided is None:
            return False
        self._decided()
        self._decided = None
        self._patience.cancel()
        if self._trying is not None:
            self._trying.cancel()
        return True
