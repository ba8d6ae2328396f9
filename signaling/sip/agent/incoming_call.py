"""An INVITE of theirs that nobody has answered yet."""

import asyncio
from collections.abc import Callable

from signaling.sip.agent import session_timer
from signaling.sip.agent.call import Call
from signaling.sip.agent.context import AgentContext, describe
from signaling.sip.agent.dialog import Dialog
from signaling.sip.protocol.address import Uri
from signaling.sip.protocol.errors import CallUnanswered
from signaling.sip.protocol.transaction_layer import ServerTransaction

DECISION_S = 60.0
"""Unanswered for so long it is refused with 480."""


class IncomingCall:
    """Whoever takes it calls exactly one of `accept` and `refuse`. `user` is whom they dialled: the session's code."""

    def __init__(self, line: AgentContext, served: ServerTransaction, decided: Callable[[], object]) -> None:
        # given
        self.user = Uri.parse(served.request.uri).user
        self.peer = describe(served.request, served.flow)
        self.offer = served.request.text
        self._line = line
        self._served = served
        self._decided: Callable[[], object] | None = decided
        # owned
        self._patience = asyncio.get_running_loop().call_later(DECISION_S, self.refuse, 480)
        line.layer.respond(served, line.response(served.request, 100))

    async def accept(self, answer: str) -> Call:
        """Answer with 200 and wait for the ACK. Raises CallUnanswered when they hung up meanwhile."""
        if not self._decide():
            raise CallUnanswered("gone before the answer")
        line, request, flow = self._line, self._served.request, self._served.flow
        dialog = Dialog.came(request, line.tag(request), f"<{line.uri(flow)}>")
        call = Call(line, dialog, flow, self.peer, own=answer, sdp=self.offer)
        response = line.response(request, 200)
        response.headers += [("record-route", value) for value in request.all("record-route")]
        line.attach(response, answer)
        try:
            await call.accepted(self._served, response, session_timer.of_request(request))
        except asyncio.CancelledError:
            line.spawn(call.hang_up())
            raise
        return call

    def refuse(self, status: int) -> None:
        """Answer with a final status of 300 or more; nothing happens if it was answered, or they hung up."""
        if self._decide():
            self._line.layer.respond(self._served, self._line.response(self._served.request, status))

    def _decide(self) -> bool:
        if self._decided is None:
            return False
        self._decided()
        self._decided = None
        self._patience.cancel()
        return True
