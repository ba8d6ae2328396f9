"""Assigns messages to transactions and drives all their timers (RFC 3261 §17).

The layer above sees only requests and their final responses. A request without a transaction goes up as a
`ServerTransaction`, which is answered with or without state: a request that is answered at once, and would be answered
the same again, needs none.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from signaling.sip.protocol import transaction
from signaling.sip.protocol.address import DEFAULT_PORT, Via
from signaling.sip.protocol.errors import BadMessage, BadRequest
from signaling.sip.protocol.message import Message, Request, Response, refuse
from signaling.sip.protocol.trace import Trace
from signaling.sip.protocol.transaction import (
    Client,
    ClientInvite,
    ClientRequest,
    Deliver,
    Outputs,
    Send,
    Server,
    ServerInvite,
    ServerRequest,
    State,
    TimedOut,
)
from signaling.sip.protocol.transport import Datagrams, Flow, Lost, Malformed, Needed, Registered, Transport

log = logging.getLogger(__name__)

MAX_TRANSACTIONS = 6144
"""Of either kind. Beyond it new remote requests are dropped and come again; our own count as unanswered.

A third of those of remote requests is for new ones whose sender may be forged, a third for other new ones, and the rest
for calls that go on.
"""

Listener = Callable[[Response | None], None]
"""Receives every response, and None on timeout."""
Key = tuple[str, ...]


@dataclass(slots=True)
class ClientTransaction:
    """A request that we sent and that is not finished."""

    machine: Client
    flow: Flow
    listener: Listener
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class ServerTransaction:
    """A remote request and the flow back.

    `heard` is called with the ACK of a refused INVITE, `unheard` when a response to an INVITE got no ACK or PRACK.
    `forgeable`: it came by UDP and belongs to no call, and nothing shows that its sender is at its address.
    """

    request: Request
    flow: Flow
    machine: Server
    heard: Callable[[Request], None] | None = None
    unheard: Callable[[], object] | None = None
    forgeable: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class TransactionLayer:
    """All transactions over one transport."""

    def __init__(
        self,
        request: Callable[[ServerTransaction], None],
        malformed: Malformed,
        lost: Lost,
        needed: Needed,
        registered: Registered,
    ) -> None:
        self._request = request
        self._lost = lost
        self._needed = needed
        self.transport = Transport(self._on_message, malformed, self._on_flow_closed, self._is_needed, registered)
        self.trace = Trace()
        self._client_transactions: dict[Key, ClientTransaction] = {}
        self._server_transactions: dict[Key, ServerTransaction] = {}
        self._forgeable = 0
        """How many of them have a sender that may be forged."""

    async def close(self) -> None:
        """Forget all transactions and close the transport."""
        for client in list(self._client_transactions.values()):
            client.listener(None)
        timers = [each.timer for each in self._client_transactions.values()] + [
            each.timer for each in self._server_transactions.values()
        ]
        for timer in timers:
            if timer is not None:
                timer.cancel()
        self._client_transactions.clear()
        self._server_transactions.clear()
        self._forgeable = 0
        await self.transport.close()

    def busy(self, *, forgeable: bool) -> bool:
        """Return whether the room for new requests is taken, of those whose sender may be forged or of the others."""
        taken = self._forgeable if forgeable else len(self._server_transactions) - self._forgeable
        return taken >= MAX_TRANSACTIONS // 3

    def begin(self, request: Request, flow: Flow, listener: Listener) -> ClientTransaction:
        """Send a request with a Via. The listener of an INVITE receives each 2xx, and must send the ACK."""
        self._add_via(request, flow)
        reliable = flow.transport != "udp"
        machine = ClientInvite(request, reliable) if request.method == "INVITE" else ClientRequest(request, reliable)
        return self._begin(machine, flow, listener)

    def cancel(self, client: ClientTransaction) -> None:
        """Cancel an INVITE of ours that has a provisional response."""
        assert isinstance(client.machine, ClientInvite)
        if client.machine.state is not State.PROCEEDING or client.machine.is_cancelled:
            return
        client.machine.cancelled(self._now())
        self._restart_timer(client, _client_key(client.machine.request))
        # Its Via is the INVITE's, so it is not stamped.
        cancel = ClientRequest(transaction.cancellation(client.machine.request), client.flow.transport != "udp")
        self._begin(cancel, client.flow, lambda _: None)

    async def exchange(self, request: Request, flow: Flow) -> Response | None:
        """Send a request and return the final response, or None if none comes in time."""
        final: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def heard(response: Response | None) -> None:
            if not final.done() and (response is None or response.status >= 200):
                final.set_result(response)

        self.begin(request, flow, heard)
        return await final

    def send(self, request: Request, flow: Flow) -> None:
        """Send the ACK of a 2xx, which is a transaction of its own without a response; or send it again as it was."""
        if request.get("via") is None:
            self._add_via(request, flow)
        self._send(request, flow)

    def respond(self, server: ServerTransaction, response: Response) -> None:
        """Answer a request, and send the same response to its retransmissions."""
        self.keep(server)
        self._perform(server.machine.respond(response, self._now()), server)
        self._restart_timer(server, _server_key(server.request))

    def keep(self, server: ServerTransaction) -> None:
        """Absorb the retransmissions of a request that is answered later."""
        key = _server_key(server.request)
        if key not in self._server_transactions:
            self._server_transactions[key] = server
            self._forgeable += server.forgeable

    def dismiss(self, server: ServerTransaction, response: Response) -> None:
        """Answer a request that was kept, and forget it: it is answered the same when it comes again (§8.2.7)."""
        self._forget(_server_key(server.request))
        self.reply(server, response)

    def forget_requests(self, call_id: str, tag: str) -> None:
        """Forget the requests of a remote party within a call that is over: an INVITE without an ACK would take room
        for half a minute, and its response would be sent again and again."""
        for key, server in list(self._server_transactions.items()):
            if (server.request.call_id, server.request.sender.tag) == (call_id, tag):
                if server.timer is not None:
                    server.timer.cancel()
                self._forget(key)

    def admit(self, server: ServerTransaction) -> None:
        """Keep a new request in the trace, where a call may begin with it. Those beyond a limit are not admitted: they
        would take what is kept of others, and more time than all else that they cost."""
        self._trace(server.request, server.flow)

    def reply(self, server: ServerTransaction, response: Response) -> None:
        """Answer a request without keeping state (RFC 3261 §8.2.7)."""
        self._send(response, _response_flow(server))

    def refuse(self, fault: BadRequest, flow: Flow, tag: str) -> None:
        """Answer a malformed request, without keeping state."""
        response = refuse(fault, tag)
        try:
            self._send(response, _return_flow(flow, response.via) if isinstance(flow, Datagrams) else flow)
        except BadMessage:  # no Via says where to
            self._send(response, flow)

    def acknowledge(self, server: ServerTransaction) -> bool:
        """Process the dialog's ACK of a 2xx; return True if it was the first."""
        assert isinstance(server.machine, ServerInvite)
        first = server.machine.acknowledged(self._now())
        self._restart_timer(server, _server_key(server.request))
        return first

    def acknowledge_provisional(self, server: ServerTransaction, prack: Request) -> bool:
        """Process a PRACK; return True if it is the first of the reliable provisional response (RFC 3262 §3)."""
        assert isinstance(server.machine, ServerInvite)
        first = server.machine.acknowledged_provisional(prack.get("rack") or "")
        self._restart_timer(server, _server_key(server.request))
        return first

    def cancelled(self, cancel: Request) -> ServerTransaction | None:
        """Return the INVITE that a CANCEL is about, or None."""
        return self._server_transactions.get(_server_key(cancel, "INVITE"))

    def _send(self, message: Message, flow: Flow) -> None:
        self.trace.record(message, flow.remote[0], sent=True, at=datetime.now(UTC))
        flow.send(message)

    def _add_via(self, request: Request, flow: Flow) -> None:
        host, port = flow.local
        via = Via(flow.transport.upper(), host, port, {"branch": "z9hG4bK" + secrets.token_hex(12), "rport": ""})
        request.headers.insert(0, ("via", str(via)))

    def _begin(self, machine: Client, flow: Flow, listener: Listener) -> ClientTransaction:
        client = ClientTransaction(machine, flow, listener)
        if len(self._client_transactions) >= MAX_TRANSACTIONS or flow.closed:
            log.warning("x %s: too many transactions, or the connection is closed", machine.request.method)
            asyncio.get_running_loop().call_soon(listener, None)
            return client
        key = _client_key(machine.request)
        self._client_transactions[key] = client
        self._perform(machine.start(self._now()), client)
        self._restart_timer(client, key)
        return client

    def _on_message(self, message: Request | Response, flow: Flow) -> None:
        log.debug("< %s %s", flow.remote, message)
        if isinstance(message, Response):
            self._trace(message, flow)
            self._on_response(message)
            return
        message.came_from(*flow.remote)
        key = _server_key(message, "INVITE" if message.method == "ACK" else "")
        server = self._server_transactions.get(key)
        if server is None or (message.method == "ACK" and server.machine.state is State.ACCEPTED):
            self._on_new_request(message, flow)
            return
        self._trace(message, flow)
        if message.method != "ACK":
            self._perform(server.machine.repeated(), server)
        elif isinstance(server.machine, ServerInvite):
            server.machine.acknowledged(self._now())
            if server.heard is not None:
                server.heard(message)
        self._restart_timer(server, key)

    def _trace(self, message: Message, flow: Flow) -> None:
        self.trace.record(message, flow.remote[0], sent=False, at=datetime.now(UTC))

    def _on_new_request(self, request: Request, flow: Flow) -> None:
        if len(self._server_transactions) >= MAX_TRANSACTIONS:
            log.warning("x %s: too many transactions", flow.remote)
            return
        reliable = flow.transport != "udp"
        kind = ServerInvite if request.method == "INVITE" else ServerRequest
        self._request(ServerTransaction(request, flow, kind(request, reliable)))

    def _on_response(self, response: Response) -> None:
        key = (response.via.branch, response.sequence[1])
        client = self._client_transactions.get(key)
        if client is None:
            return
        self._perform(client.machine.received(response, self._now()), client)
        self._restart_timer(client, key)

    def _on_flow_closed(self, flow: Flow) -> None:
        """Time out the requests that wait for a response on a closed connection."""
        for key, client in [(key, client) for key, client in self._client_transactions.items() if client.flow is flow]:
            del self._client_transactions[key]
            if client.timer is not None:
                client.timer.cancel()
            if client.machine.state in (State.CALLING, State.PROCEEDING):
                client.listener(None)
        self._lost(flow)

    def _is_needed(self, flow: Flow) -> bool:
        return any(client.flow is flow for client in self._client_transactions.values()) or self._needed(flow)

    def _due(self, each: ClientTransaction | ServerTransaction, key: Key) -> None:
        each.timer = None
        self._perform(each.machine.due(self._now()), each)
        self._restart_timer(each, key)

    def _perform(self, outputs: Outputs, each: ClientTransaction | ServerTransaction) -> None:
        for output in outputs:
            if isinstance(output, Send):
                self._send(output.message, each.flow if isinstance(each, ClientTransaction) else _response_flow(each))
            elif isinstance(each, ClientTransaction):
                each.listener(output.response if isinstance(output, Deliver) else None)
            elif isinstance(output, TimedOut) and each.unheard is not None:
                each.unheard()

    def _restart_timer(self, each: ClientTransaction | ServerTransaction, key: Key) -> None:
        """Set the timer to the machine's next deadline, or forget the machine if it is terminated."""
        if each.timer is not None:
            each.timer.cancel()
            each.timer = None
        if each.machine.state is State.TERMINATED:
            if isinstance(each, ClientTransaction):
                self._client_transactions.pop(key, None)
            else:
                self._forget(key)
        elif each.machine.deadline is not None:
            each.timer = asyncio.get_running_loop().call_at(each.machine.deadline, self._due, each, key)

    def _forget(self, key: Key) -> None:
        server = self._server_transactions.pop(key, None)
        if server is not None:
            self._forgeable -= server.forgeable

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _client_key(request: Request) -> Key:
    return request.via.branch, request.method


def _server_key(request: Request, method: str = "") -> Key:
    """Return the key that retransmissions of a request share (§17.2.3), also if the branch is not unique (RFC 2543)."""
    via, (number, _) = request.via, request.sequence
    place = f"{via.parameters.get('received', via.host)}:{via.port}"
    return via.branch, place, request.call_id, request.sender.tag, str(number), method or request.method


def _response_flow(server: ServerTransaction) -> Flow:
    """Return the flow of responses (§18.2.2, RFC 3581): the connection, or the source address at the Via's port."""
    flow = server.flow
    return _return_flow(flow, server.request.via) if isinstance(flow, Datagrams) else flow


def _return_flow(flow: Datagrams, via: Via) -> Datagrams:
    port = flow.remote[1] if "rport" in via.parameters else via.port or DEFAULT_PORT
    return Datagrams(flow.socket, (flow.remote[0], port), flow.local)
