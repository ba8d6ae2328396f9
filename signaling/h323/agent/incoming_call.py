"""An incoming Setup that is not answered yet."""

import asyncio
from collections.abc import Callable

from signaling.h323.agent.admissions import Admissions
from signaling.h323.agent.call import Call
from signaling.h323.protocol import h225, q931
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message
from signaling.sip.agent.context import RemoteParty
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallNotAdmitted, CallUnanswered

DECISION_TIMEOUT_S = 60.0
"""A call that is not answered within so many seconds is refused."""
REFUSED_CAUSE = 21


class IncomingCall:
    """An incoming call; exactly one of `accept` and `refuse` follows. `user` is the dialled number: a session code.

    `offer` is always empty: in H.323 each side says what it receives, and `accept` takes what we do.
    """

    def __init__(
        self,
        call: Call,
        message: Message,
        setup: Body,
        decided: Callable[[], object],
        admissions: Admissions,
    ) -> None:
        name, user = setup.names
        call.name_peer(name or message.display, user, setup.product)
        dialled = message.called or setup.dialled
        self.user = "" if dialled in admissions.own_aliases else dialled
        self.offer = ""
        self.claimed = ""
        """Empty: H.235 is not spoken, so nobody claims a user name."""
        self.from_its_address = True
        self._call = call
        self._setup = setup
        self._admissions = admissions
        self._decided: Callable[[], object] | None = decided
        self._patience = asyncio.get_running_loop().call_later(DECISION_TIMEOUT_S, self.refuse, 480)
        for kind, word in ((q931.CALL_PROCEEDING, "callProceeding"), (q931.ALERTING, "alerting")):
            call.send(kind, call.body(word, h225.answer(word, call.identity)))

    @property
    def peer(self) -> RemoteParty:
        """Name, number and product that the caller says of itself."""
        return self._call.peer

    def trace_as(self, device: str) -> None:
        """Keep its messages as those of a device."""
        self._call.trace_as(device)

    def proves(self, _credentials: Credentials) -> bool:
        """Return False: nobody proves a password by H.323."""
        return False

    async def acknowledged(self) -> bool:
        """Return True: over TCP a caller is where it calls from."""
        return True

    def proceed(self) -> None:
        """Do nothing: Call Proceeding was sent when the call came."""

    async def accept(self, sdp: str, session_s: int | None = 0) -> Call:
        """Answer with what our description offers; return the call with what the caller takes. H.323 has no session
        timer.

        Raises CallFailed if the caller hung up, shares no codec or is not admitted by the gatekeeper, BadOffer.
        """
        if not self._decide() or self._call.ended.is_set():
            raise CallUnanswered("gone before the answer")
        try:
            offered = self._call.prepare(sdp)
            await self._admissions.answer(self._call, self._setup, offered)
            await self._call.answer(self._setup)
            await self._call.settle()
        except CallNotAdmitted as refused:
            cause = h225.STATUS_CAUSES.get(refused.status, REFUSED_CAUSE)
            await self._call.hang_up(f"refused with {refused.status}", cause)
            raise
        except BaseException:
            await self._call.hang_up()
            raise
        return self._call

    def refuse(self, status: int) -> None:
        """Release the call with the cause of a SIP status (RFC 4497 §8.4.4); do nothing if it was answered."""
        if self._decide():
            cause = h225.STATUS_CAUSES.get(status, REFUSED_CAUSE)
            self._call.release(f"refused with {status}", cause)

    def dismiss(self, status: int) -> None:
        """Refuse the call as any other: its connection is no state that strangers could forge."""
        self.refuse(status)

    def challenge(self) -> None:
        """Refuse the call: there is no asking for passwords."""
        self.refuse(403)

    def _decide(self) -> bool:
        if self._decided is None:
            return False
        self._decided()
        self._decided = None
        self._patience.cancel()
        return True
