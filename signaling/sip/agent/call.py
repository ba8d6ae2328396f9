"""A call that is: requests within its dialog, its session timer, its end."""

import asyncio
import secrets
from datetime import UTC, datetime, timedelta

from signaling.sip.agent import request_checks, session_timer
from signaling.sip.agent.context import PICTURE, AgentContext, RemoteParty
from signaling.sip.agent.dialog import Dialog
from signaling.sip.agent.reinvite import renew
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.address import DEFAULT_PORT
from signaling.sip.protocol.errors import CallUnanswered
from signaling.sip.protocol.message import SDP, Headers, Request, Response
from signaling.sip.protocol.transaction_layer import ServerTransaction
from signaling.sip.protocol.transport import Flow

GOODBYE_S = 4.0
"""A BYE is waited for so long; it is repeated longer than that."""


SPARE = 16
"""Numbers that another process may have given to requests since the call was kept."""


class Call:
    """One confirmed dialog, whoever dialled. `sdp` is their description, `ended` is set once, with a `reason`:
    `bye`, `hung up`, `unreachable`, `session timer`, `no ack`."""

    def __init__(self, line: AgentContext, dialog: Dialog, flow: Flow, peer: RemoteParty, own: str, sdp: str) -> None:
        # given
        self.id = secrets.token_hex(8)
        self.peer = peer
        self.sdp = sdp
        self._line = line
        self._dialog = dialog
        self._flow = flow
        self._own = own
        # owned
        self.ended = asyncio.Event()
        self.reason = ""
        self._said = own
        self._version = 0
        self._invite: ServerTransaction | None = None
        """Their newest INVITE, until its ACK."""
        self._acknowledged: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._watch: asyncio.TimerHandle | None = None
        self._expires: datetime | None = None
        """When it ends unless it is refreshed."""
        line.calls[dialog.key] = self

    @classmethod
    def adopted(cls, line: AgentContext, kept: CallSnapshot) -> "Call":
        """Return the call that another process kept, over UDP as it was, over TCP without its connection."""
        routes, sequence = list(kept.routes), kept.sequence + SPARE
        about = (kept.call_id, kept.local, kept.remote, kept.contact, kept.target)
        dialog = Dialog(*about, routes=routes, sequence=sequence, heard=kept.heard)
        flow = line.layer.transport.again(kept.transport, (kept.host, kept.port))
        peer = RemoteParty(kept.host, kept.name, kept.user, kept.user_agent)
        call = cls(line, dialog, flow, peer, kept.own, kept.theirs)
        call._said, call._version = kept.said, kept.version
        call._acknowledged.set_result(True)
        if kept.expires is not None:
            call._watch_until(kept.expires)
        return call

    @property
    def snapshot(self) -> CallSnapshot:
        """What is kept of it."""
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
            heard=dialog.heard,
            transport=self._flow.transport,
            host=host,
            port=port,
            name=peer.name,
            user=peer.user,
            user_agent=peer.user_agent,
            own=self._own,
            theirs=self.sdp,
            said=self._said,
            version=self._version,
            expires=self._expires,
        )

    async def hang_up(self) -> None:
        """Say goodbye, and wait a moment for the answer; nothing happens if the call has ended."""
        await self._leave("hung up")

    async def _leave(self, reason: str) -> None:
        if self._end(reason):
            await self._ask("BYE")

    def _end(self, reason: str) -> bool:
        """Note the end of the call; False if it was noted before."""
        if self.ended.is_set():
            return False
        self.reason = reason
        self.ended.set()
        self._line.calls.pop(self._dialog.key, None)
        if self._watch is not None:
            self._watch.cancel()
        self._settle()
        if not self._acknowledged.done():
            self._acknowledged.set_result(False)
        return True

    def _settle(self) -> None:
        """Repeat the answer to their newest INVITE no more."""
        if self._invite is not None:
            self._line.layer.acknowledge(self._invite)
            self._invite = None

    async def _ask(self, method: str) -> Response | None:
        """Send a request within the dialog; None if nothing comes back."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                flow = self._flow = await self._line.reach(self._flow, *self._next_hop())
                request = self._dialog.request(method)
                self._line.announce(request)
                return await self._line.layer.answer(request, flow)
        except (OSError, TimeoutError):
            return None

    def _next_hop(self) -> tuple[str, int]:
        """Where requests go: always to the host that the call was made with, whatever a Contact says.

        A port is believed only together with that host's name; else it is the one that messages come from.
        """
        hop = self._dialog.next_hop
        if hop.host == self.peer.address or self._flow.transport == "tcp":
            return self.peer.address, hop.port or DEFAULT_PORT
        return self.peer.address, self._flow.remote[1]

    # What the agent hands on.

    def answered(self, seconds: int | None) -> None:
        """Our INVITE was answered: acknowledge it, and watch for refreshes. Again for each repeated answer."""
        self.acknowledge(self._dialog.sequence)
        self._renewed(seconds)

    def acknowledge(self, number: int) -> None:
        """Send the ACK of a 2xx to our INVITE."""
        flow = self._flow
        if flow.transport == "udp":
            flow = self._line.layer.transport.udp(self._next_hop())
        self._line.layer.send(self._dialog.request("ACK", number), flow)

    async def accepted(self, served: ServerTransaction, response: Response, seconds: int | None) -> None:
        """Answer their INVITE, and wait for the ACK. Raises CallUnanswered."""
        self._accept(served, response, seconds)
        if not await self._acknowledged:
            raise CallUnanswered("no ACK" if self.reason == "no ack" else "gone before the ACK")

    def confirmed(self, ack: Request) -> None:
        """Their ACK came; that of a later INVITE says that the first one's answer came, too."""
        number, _ = ack.sequence
        if self._invite is not None and self._invite.request.sequence[0] == number:
            self._settle()
        if not self._acknowledged.done():
            self._acknowledged.set_result(True)

    def uses(self, flow: Flow) -> bool:
        """Whether the call goes over this flow."""
        return flow is self._flow

    def lost(self, flow: Flow) -> None:
        """A connection was closed; if it was the call's, see whether the peer can still be reached."""
        if self.uses(flow) and not self.ended.is_set():
            self._line.spawn(self._probe())

    async def _probe(self) -> None:
        response = await self._ask("OPTIONS")
        if response is None or response.status in (408, 481):
            self._end("unreachable")

    def request(self, served: ServerTransaction) -> None:
        """Answer a request of theirs within the dialog."""
        request = served.request
        if not self._dialog.in_order(request):
            self._respond(served, 500)
            return
        self._flow = served.flow
        handlers = {"BYE": self._bye, "INFO": self._info, "INVITE": self._renew, "UPDATE": self._renew}
        if request.method == "OPTIONS":
            self._respond(served, 200)
        elif request.method not in handlers:
            self._respond(served, 501)
        else:
            handlers[request.method](served)

    def _bye(self, served: ServerTransaction) -> None:
        self._respond(served, 200)
        self._end("bye")

    def _info(self, served: ServerTransaction) -> None:
        request = served.request
        if request.body and request.content_type != PICTURE:
            self._respond(served, 415)
            return
        self._respond(served, 200)
        if b"picture_fast_update" in request.body:
            self._line.picture(self)

    def _renew(self, served: ServerTransaction) -> None:
        """A re-INVITE or an UPDATE: the same session again, on hold, or only a sign of life."""
        request = served.request
        if (refusal := request_checks.of_renewal(request)) is not None:
            self._respond(served, *refusal)
            return
        response = self._line.response(request, 200)
        if request.body or request.method == "INVITE":
            answer = self._answer(request)
            if answer is None:
                self._respond(served, 488)
                return
            self._line.attach(response, answer)
        self._dialog.refresh(request)
        self._accept(served, response, session_timer.of_request(request))

    def _answer(self, request: Request) -> str | None:
        if request.content_type != SDP:
            return None
        answer = renew(self._own, self.sdp, request.text, self._version)
        if answer is not None and answer != self._said:
            self._version += 1
            answer = renew(self._own, self.sdp, request.text, self._version)
            self._said = answer or self._said
        return answer

    def _accept(self, served: ServerTransaction, response: Response, seconds: int | None) -> None:
        response.headers += [("contact", self._dialog.contact), *session_timer.agreement(seconds)]
        if served.request.method == "INVITE":
            self._settle()
            self._invite = served
            served.unheard = lambda: self._line.spawn(self._leave("no ack"))
        self._line.layer.respond(served, response)
        self._renewed(seconds)

    def _renewed(self, seconds: int | None) -> None:
        """Watch for the next refresh from now on, or no longer."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = self._expires = None
        if seconds is not None and not self.ended.is_set():
            self._watch_until(datetime.now(UTC) + timedelta(seconds=session_timer.patience(seconds)))

    def _watch_until(self, moment: datetime) -> None:
        """Hang up then."""
        self._expires, left = moment, (moment - datetime.now(UTC)).total_seconds()
        self._watch = asyncio.get_running_loop().call_later(max(0.0, left), self._expire)

    def _expire(self) -> None:
        self._line.spawn(self._leave("session timer"))

    def _respond(self, served: ServerTransaction, status: int, headers: Headers | None = None) -> None:
        self._line.layer.respond(served, self._line.response(served.request, status, headers))
