"""The transaction layer: which machine a message belongs to, and the clock that drives them all (RFC 3261 §17).

Above it there are only requests and their answers. What comes and belongs to no transaction goes up as a
`ServerTransaction`, which is answered with or without state: what is answered at once and would be answered the same
again needs none.
"""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from signaling.sip.protocol import transaction
from signaling.sip.protocol.address import DEFAULT_PORT, Via
from signaling.sip.protocol.message import Request, Response
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
from signaling.sip.protocol.transport import Datagrams, Flow, Lost, Needed, Transport

log = logging.getLogger(__name__)

MOST_TRANSACTIONS = 4096
"""Of either kind. Theirs are dropped beyond it and come again; ours count as unanswered."""

Listener = Callable[[Response | None], None]
"""Hears every response, and None when time is over."""
Key = tuple[str, ...]


@dataclass(slots=True)
class ClientTransaction:
    """A request of ours under way."""

    machine: Client
    flow: Flow
    listener: Listener
    timer: asyncio.TimerHandle | None = None


@dataclass(slots=True)
class ServerTransaction:
    """A request of theirs, and the way back. `unheard` is called when a final answer to an INVITE got no ACK."""

    request: Request
    flow: Flow
    machine: Server
    unheard: Callable[[], None] | None = None
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)


class TransactionLayer:
    """All transactions over one transport."""

    def __init__(self, request: Callable[[ServerTransaction], None], lost: Lost, needed: Needed) -> None:
        # given
        self._request = request
        self._lost = lost
        self._needed = needed
        # owned
        self.transport = Transport(self._received, self._closed, self._is_needed)
        self._asked: dict[Key, ClientTransaction] = {}
        self._served: dict[Key, ServerTransaction] = {}

    async def close(self) -> None:
        """Forget all transactions and close the transport."""
        for asked in list(self._asked.values()):
            asked.listener(None)
        timers = [each.timer for each in self._asked.values()] + [each.timer for each in self._served.values()]
        for timer in timers:
            if timer is not None:
                timer.cancel()
        self._asked.clear()
        self._served.clear()
        await self.transport.close()

    @property
    def busy(self) -> bool:
        """Whether half of the room for their transactions is taken: no time for strangers."""
        return len(self._served) >= MOST_TRANSACTIONS // 2

    def ask(self, request: Request, flow: Flow, listener: Listener) -> ClientTransaction:
        """Send a request; its Via is added here. An INVITE's listener hears each 2xx, and must send the ACK."""
        self._stamp(request, flow)
        reliable = flow.transport == "tcp"
        machine = ClientInvite(request, reliable) if request.method == "INVITE" else ClientRequest(request, reliable)
        return self._begin(machine, flow, listener)

    def cancel(self, asked: ClientTransaction) -> None:
        """Cancel an INVITE of ours that has a provisional response."""
        assert isinstance(asked.machine, ClientInvite)
        if asked.machine.state is not State.PROCEEDING or asked.machine.is_cancelled:
            return
        asked.machine.cancelled(self._now())
        self._arm(asked, _asked_key(asked.machine.request))
        # Its Via is the INVITE's, so it is not stamped.
        cancel = ClientRequest(transaction.cancellation(asked.machine.request), asked.flow.transport == "tcp")
        self._begin(cancel, asked.flow, lambda _: None)

    async def answer(self, request: Request, flow: Flow) -> Response | None:
        """Send a request and return the final response, or None if none comes in time."""
        found: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def heard(response: Response | None) -> None:
            if not found.done() and (response is None or response.status >= 200):
                found.set_result(response)

        self.ask(request, flow, heard)
        return await found

    def send(self, request: Request, flow: Flow) -> None:
        """Send the ACK of a 2xx, which is a transaction of its own without an answer."""
        self._stamp(request, flow)
        flow.send(request)

    def respond(self, served: ServerTransaction, response: Response) -> None:
        """Answer a request of theirs, and answer it so again when it is repeated."""
        key = _served_key(served.request)
        self._served.setdefault(key, served)
        self._do(served.machine.respond(response, self._now()), served)
        self._arm(served, key)

    def reply(self, served: ServerTransaction, response: Response) -> None:
        """Answer a request of theirs and keep nothing (RFC 3261 §8.2.7)."""
        _back(served).send(response)

    def acknowledge(self, served: ServerTransaction) -> bool:
        """The dialog's ACK to a 2xx came; tell whether it was the first."""
        assert isinstance(served.machine, ServerInvite)
        first = served.machine.acknowledged(self._now())
        self._arm(served, _served_key(served.request))
        return first

    def cancelled(self, cancel: Request) -> ServerTransaction | None:
        """The INVITE that a CANCEL of theirs is about."""
        return self._served.get(_served_key(cancel, "INVITE"))

    def _stamp(self, request: Request, flow: Flow) -> None:
        host, port = flow.local
        via = Via(flow.transport.upper(), host, port, {"branch": "z9hG4bK" + secrets.token_hex(12), "rport": ""})
        request.headers.insert(0, ("via", str(via)))

    def _begin(self, machine: Client, flow: Flow, listener: Listener) -> ClientTransaction:
        asked = ClientTransaction(machine, flow, listener)
        if len(self._asked) >= MOST_TRANSACTIONS or flow.closed:
            log.warning("x %s: too many transactions, or no way", machine.request.method)
            asyncio.get_running_loop().call_soon(listener, None)
            return asked
        key = _asked_key(machine.request)
        self._asked[key] = asked
        self._do(machine.start(self._now()), asked)
        self._arm(asked, key)
        return asked

    def _received(self, message: Request | Response, flow: Flow) -> None:
        log.debug("< %s %s", flow.remote, message)
        if isinstance(message, Response):
            self._responded(message)
            return
        message.came_from(*flow.remote)
        key = _served_key(message, "INVITE" if message.method == "ACK" else "")
        served = self._served.get(key)
        if served is None or (message.method == "ACK" and served.machine.state is State.ACCEPTED):
            self._new(message, flow)
            return
        if message.method != "ACK":
            self._do(served.machine.repeated(), served)
        elif isinstance(served.machine, ServerInvite):
            served.machine.acknowledged(self._now())
        self._arm(served, key)

    def _new(self, request: Request, flow: Flow) -> None:
        if len(self._served) >= MOST_TRANSACTIONS:
            log.warning("x %s: too many transactions", flow.remote)
            return
        reliable = flow.transport == "tcp"
        kind = ServerInvite if request.method == "INVITE" else ServerRequest
        self._request(ServerTransaction(request, flow, kind(request, reliable)))

    def _responded(self, response: Response) -> None:
        key = (response.via.branch, response.sequence[1])
        asked = self._asked.get(key)
        if asked is None:
            return
        self._do(asked.machine.received(response, self._now()), asked)
        self._arm(asked, key)

    def _closed(self, flow: Flow) -> None:
        """A connection is gone, and with it the answers to what was asked on it."""
        for key, asked in [(key, asked) for key, asked in self._asked.items() if asked.flow is flow]:
            del self._asked[key]
            if asked.timer is not None:
                asked.timer.cancel()
            if asked.machine.state in (State.CALLING, State.PROCEEDING):
                asked.listener(None)
        self._lost(flow)

    def _is_needed(self, flow: Flow) -> bool:
        return any(asked.flow is flow for asked in self._asked.values()) or self._needed(flow)

    def _due(self, each: ClientTransaction | ServerTransaction, key: Key) -> None:
        each.timer = None
        self._do(each.machine.due(self._now()), each)
        self._arm(each, key)

    def _do(self, outputs: Outputs, each: ClientTransaction | ServerTransaction) -> None:
        for output in outputs:
            if isinstance(output, Send):
                (each.flow if isinstance(each, ClientTransaction) else _back(each)).send(output.message)
            elif isinstance(each, ClientTransaction):
                each.listener(output.response if isinstance(output, Deliver) else None)
            elif isinstance(output, TimedOut) and each.unheard is not None:
                each.unheard()

    def _arm(self, each: ClientTransaction | ServerTransaction, key: Key) -> None:
        """Set the clock to what the machine waits for next, or forget the machine if it is done."""
        if each.timer is not None:
            each.timer.cancel()
            each.timer = None
        if each.machine.state is State.TERMINATED:
            if isinstance(each, ClientTransaction):
                self._asked.pop(key, None)
            else:
                self._served.pop(key, None)
        elif each.machine.deadline is not None:
            each.timer = asyncio.get_running_loop().call_at(each.machine.deadline, self._due, each, key)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _asked_key(request: Request) -> Key:
    return request.via.branch, request.method


def _served_key(request: Request, method: str = "") -> Key:
    """What repetitions of a request have in common (§17.2.3), also where the branch is not unique (RFC 2543)."""
    via, (number, _) = request.via, request.sequence
    place = f"{via.parameters.get('received', via.host)}:{via.port}"
    return via.branch, place, request.call_id, request.sender.tag, str(number), method or request.method


def _back(served: ServerTransaction) -> Flow:
    """The way back (§18.2.2, RFC 3581): the connection, or the datagrams' source, at the port the Via names."""
    flow = served.flow
    if not isinstance(flow, Datagrams):
        return flow
    via = served.request.via
    port = flow.remote[1] if "rport" in via.parameters else via.port or DEFAULT_PORT
    return Datagrams(flow.socket, (flow.remote[0], port), flow.local)
