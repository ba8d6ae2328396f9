"""Dials a room system: sends the INVITE, waits for the final response, and cancels or hangs up when it gives up."""

import asyncio
import secrets

from signaling.sip.agent import refused_invite, session_timer
from signaling.sip.agent.call import Call
from signaling.sip.agent.context import AgentContext, Target, describe
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.address import NameAddress
from signaling.sip.protocol.errors import CallRefused, CallUnanswered
from signaling.sip.protocol.message import SDP, Request, Response
from signaling.sip.protocol.transaction_layer import ClientTransaction
from signaling.sip.protocol.transport import Flow

MOST_ANSWERS = 8
"""Phones behind one target whose answers are taken: each is acknowledged, and all but one are hung up."""
MAX_UDP_BYTES = 1300
"""Larger requests use TCP, as the MTU of the path is not known (RFC 3261 §18.1.1)."""
VIA_BYTES = 120
"""Upper bound of the Via header, which is added last."""
AUTHORIZATION_BYTES = 400
"""Room for the answer to a challenge, which makes the second INVITE longer."""


class OutgoingCall:
    """One INVITE that we send."""

    def __init__(self, context: AgentContext, target: Target, flow: Flow, offer: str, name: str) -> None:
        self._context = context
        self._flow = flow
        self._contact = f"<{context.uri(flow)}>"
        self._invite = new_request(context, "INVITE", target, flow, name)
        self._invite.headers += [("contact", self._contact), ("accept", SDP), *session_timer.wish(target.session_s)]
        context.attach(self._invite, offer)
        self._transaction: ClientTransaction | None = None
        self._calls: dict[tuple[str, str, str], Call] = {}
        """The calls that answered; more than one if several phones behind the target picked up."""
        self._credentials, self._session_s = target.credentials, target.session_s
        self._device = target.device
        self._mended: set[str] = set()
        """What the INVITE was sent again for: each reason once."""
        self._given_up = False
        self._outcome: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    @property
    def fits(self) -> bool:
        """Return whether the INVITE fits one datagram."""
        more = VIA_BYTES + (AUTHORIZATION_BYTES if self._credentials is not None else 0)
        return len(self._invite.write()) + more <= MAX_UDP_BYTES

    async def call(self, seconds: float) -> Call:
        """Ring for at most `seconds`; return the answered call. Raises CallRefused, CallUnanswered."""
        layer = self._context.layer
        layer.trace.assign(self._invite.call_id, self._flow.remote[0], self._device)
        self._transaction = layer.begin(self._invite, self._flow, self._on_response)
        try:
            async with asyncio.timeout(seconds):
                return await self._outcome
        except TimeoutError:
            self._give_up()
            raise CallUnanswered(f"no answer in {seconds:.0f} s") from None
        except asyncio.CancelledError:
            self._give_up()
            raise

    def close(self) -> None:
        """Stop ringing."""
        self._cancel()
        self._fail(CallUnanswered("closed"))

    def _give_up(self) -> None:
        """Cancel the INVITE, or hang up if it was answered at the last moment."""
        self._given_up = True
        self._cancel()
        for call in self._calls.values():
            self._context.spawn(call.hang_up())

    def _cancel(self) -> None:
        if self._transaction is not None:
            self._context.layer.cancel(self._transaction)

    def _on_response(self, response: Response | None) -> None:
        if response is None:
            self._fail(CallUnanswered("no response"))
        elif response.status >= 300 and (mended := self._mend(response)) is not None:
            self._invite = mended
            self._transaction = self._context.layer.begin(mended, self._flow, self._on_response)
        elif response.status >= 300:
            contacts = tuple(each.uri for each in response.contacts) if response.status < 400 else ()
            self._fail(CallRefused(response.status, response.reason, contacts))
        elif response.status >= 200:
            self._on_success(response)
        elif self._given_up:  # only what has a provisional response can be cancelled (RFC 3261 §9.1)
            self._cancel()

    def _mend(self, response: Response) -> Request | None:
        """Return the INVITE again with what its refusal asks for, once each; None if nothing helps."""
        if self._given_up or self._outcome.done():
            return None
        number, _ = self._invite.sequence
        mended = refused_invite.mended(self._invite, response, self._credentials, self._mended, number + 1)
        if mended is not None:
            self._session_s = refused_invite.session_s(response, self._session_s)
        return mended

    def _on_success(self, response: Response) -> None:
        dialog = Dialog.as_caller(self._invite, response, self._contact)
        if dialog.key in self._calls:  # our ACK was lost
            self._calls[dialog.key].acknowledge(self._invite)
            return
        if len(self._calls) >= MOST_ANSWERS:
            return
        peer = describe(response, self._flow)
        call = Call(self._context, dialog, self._flow, peer, response.text, self._credentials)
        self._calls[dialog.key] = call
        call.session_s = self._session_s
        call.answered(self._invite, session_timer.of_response(response, self._session_s))
        if self._given_up or self._outcome.done():  # too late, or not the first
            self._context.spawn(call.hang_up())
        elif not response.body or response.content_type != SDP:
            self._context.spawn(call.hang_up())
            self._fail(CallRefused(488, "no session description in the answer"))
        else:
            self._outcome.set_result(call)

    def _fail(self, why: Exception) -> None:
        if not self._outcome.done():
            self._outcome.set_exception(why)


def new_request(context: AgentContext, method: str, target: Target, flow: Flow, name: str) -> Request:
    """Begin a request outside of any dialog."""
    sender = NameAddress(name, context.uri(flow), {"tag": secrets.token_hex(8)})
    request = Request(method, target.uri)
    request.headers += [
        ("max-forwards", "70"),
        ("from", str(sender)),
        ("to", f"<{target.logical_uri}>"),
        ("call-id", secrets.token_hex(16)),
        ("cseq", f"1 {method}"),
    ]
    context.announce(request)
    return request
