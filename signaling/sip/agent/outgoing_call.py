"""Calling a room system: from the INVITE to its answer, or to giving up without leaving a call behind."""

import asyncio
import secrets

from signaling.sip.agent import session_timer
from signaling.sip.agent.call import Call
from signaling.sip.agent.context import AgentContext, Target, describe
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.address import NameAddress
from signaling.sip.protocol.errors import CallRefused, CallUnanswered
from signaling.sip.protocol.message import SDP, Request, Response
from signaling.sip.protocol.transaction_layer import ClientTransaction
from signaling.sip.protocol.transport import Flow

MOST_BYTES = 1300
"""What is longer goes by TCP, where the path's MTU is not known (RFC 3261 §18.1.1)."""
VIA_BYTES = 120
"""At most; it is added last."""


class OutgoingCall:
    """One INVITE of ours."""

    def __init__(self, line: AgentContext, target: Target, flow: Flow, offer: str, name: str) -> None:
        # given
        self._line = line
        self._flow = flow
        self._offer = offer
        self._contact = f"<{line.uri(flow)}>"
        self._invite = begin(line, "INVITE", target, flow, name)
        self._invite.headers += [("contact", self._contact), ("accept", SDP)]
        line.attach(self._invite, offer)
        # owned
        self._asked: ClientTransaction | None = None
        self._calls: dict[tuple[str, str, str], Call] = {}
        """More than one if several phones behind the target picked up."""
        self._given_up = False
        self._outcome: asyncio.Future[Call] = asyncio.get_running_loop().create_future()

    @property
    def fits(self) -> bool:
        """Whether it fits one datagram."""
        return len(self._invite.write()) + VIA_BYTES <= MOST_BYTES

    async def call(self, seconds: float) -> Call:
        """Ring for so long. Raises CallRefused, CallUnanswered."""
        self._asked = self._line.layer.ask(self._invite, self._flow, self._heard)
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
        """Nobody waits for the call any more: cancel it, or hang up if it was answered at the last moment."""
        self._given_up = True
        self._cancel()
        for call in self._calls.values():
            self._line.spawn(call.hang_up())

    def _cancel(self) -> None:
        if self._asked is not None:
            self._line.layer.cancel(self._asked)

    def _heard(self, response: Response | None) -> None:
        if response is None:
            self._fail(CallUnanswered("no response"))
        elif response.status >= 300:
            self._fail(CallRefused(response.status, response.reason))
        elif response.status >= 200:
            self._picked_up(response)
        elif self._given_up:  # only what has a provisional response can be cancelled (RFC 3261 §9.1)
            self._cancel()

    def _picked_up(self, response: Response) -> None:
        dialog = Dialog.dialled(self._invite, response, self._contact)
        if dialog.key in self._calls:  # our ACK was lost
            number, _ = self._invite.sequence
            self._calls[dialog.key].acknowledge(number)
            return
        peer = describe(response, self._flow)
        call = Call(self._line, dialog, self._flow, peer, own=self._offer, sdp=response.text)
        self._calls[dialog.key] = call
        call.answered(session_timer.of_response(response))
        if self._given_up or self._outcome.done():  # too late, or not the first
            self._line.spawn(call.hang_up())
        elif not response.body or response.content_type != SDP:
            self._line.spawn(call.hang_up())
            self._fail(CallRefused(488, "no session description in the answer"))
        else:
            self._outcome.set_result(call)

    def _fail(self, why: Exception) -> None:
        if not self._outcome.done():
            self._outcome.set_exception(why)


def begin(line: AgentContext, method: str, target: Target, flow: Flow, name: str) -> Request:
    """Begin a request outside of any dialog."""
    sender = NameAddress(name, line.uri(flow), {"tag": secrets.token_hex(8)})
    request = Request(method, target.uri)
    request.headers += [
        ("max-forwards", "70"),
        ("from", str(sender)),
        ("to", f"<{target.uri}>"),
        ("call-id", secrets.token_hex(16)),
        ("cseq", f"1 {method}"),
    ]
    line.announce(request)
    return request
