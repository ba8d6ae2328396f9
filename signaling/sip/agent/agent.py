"""A SIP user agent without media and without people: it dials room systems, and takes their calls to a desk (RFC 3261).

    agent = Agent(SipSettings("0.0.0.0"), desk)
    await agent.start()
    call = await agent.invite(Target("10.57.1.20"), offer, name="UBND tỉnh")
    await call.ended.wait()

What it does not have is refused: other methods (501), extensions that are required (420), INVITEs without an offer
(488), offers within a call that ask for another session (488). It asks for no password and gives none.
"""

import asyncio
import contextlib
import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from signaling.sip.agent import request_checks
from signaling.sip.agent.call import Call
from signaling.sip.agent.context import AgentContext, RemoteParty, SipSettings, Target
from signaling.sip.agent.incoming_call import IncomingCall
from signaling.sip.agent.outgoing_call import OutgoingCall, begin
from signaling.sip.agent.rate_limit import RateLimit
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.errors import CallFailed, CallRefused, CallUnanswered
from signaling.sip.protocol.message import SDP
from signaling.sip.protocol.transaction_layer import ServerTransaction, TransactionLayer
from signaling.sip.protocol.transport import Flow

__all__ = [
    "Agent",
    "Call",
    "CallFailed",
    "CallHandler",
    "CallRefused",
    "CallUnanswered",
    "IncomingCall",
    "RemoteParty",
    "SipSettings",
    "Target",
]

log = logging.getLogger(__name__)

ALIVE_S = 4.0
CLOSE_S = 2.0
MOST_WAITING = 32
"""Calls that wait for the desk at once."""
INVITE_COST = 5.0
"""An INVITE makes the desk think, and is repeated to for half a minute."""


class CallHandler(Protocol):
    """Who takes calls."""

    async def called(self, incoming: IncomingCall) -> None:
        """Somebody calls; exactly one of `incoming.accept` and `incoming.refuse` follows."""

    def wants_picture(self, call: Call) -> None:
        """They lost the picture and ask for a whole one (RFC 5168)."""


class Agent:
    """One UDP socket, one TCP listener, and all calls over them."""

    def __init__(self, settings: SipSettings, desk: CallHandler) -> None:
        # given
        self._settings = settings
        self._desk = desk
        # owned
        self._layer = TransactionLayer(self._request, self._lost, self._needs)
        self._line = AgentContext(settings, self._layer, desk.wants_picture)
        self._waiting: dict[tuple[str, str], IncomingCall] = {}
        self._dialling: set[OutgoingCall] = set()
        self._allowance = RateLimit()
        self._closing = False
        self._ready = False
        """Whether the calls of an earlier process are known, so that nothing of theirs is refused."""

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return self._layer.transport.address

    async def start(self, kept: Sequence[CallSnapshot] = ()) -> list[Call]:
        """Bind UDP and TCP, and go on with calls that an earlier process kept; return those. Raises OSError."""
        await self._layer.transport.start(self._settings.host, self._settings.port)
        calls = [Call.adopted(self._line, each) for each in kept]
        self._ready = True
        return calls

    async def close(self) -> None:
        """Refuse who waits, say goodbye to who is in a call, close the sockets."""
        self._closing = True
        for incoming in list(self._waiting.values()):
            incoming.refuse(503)
        for dialling in self._dialling:
            dialling.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await asyncio.gather(*(call.hang_up() for call in list(self._line.calls.values())))
        await self._line.close()
        await self._layer.close()

    async def leave(self) -> None:
        """Close the sockets, and say nothing: another process goes on with the calls."""
        self._closing = True
        await self._line.close()
        await self._layer.close()

    async def invite(self, target: Target, offer: str, *, name: str) -> Call:
        """Call a room system as somebody of a `name`; return the answered call. Raises CallRefused, CallUnanswered."""
        if len(self._line.calls) >= self._settings.most_calls:
            raise CallUnanswered("too many calls")
        try:
            dialling = await self._prepare(target, offer, name)
        except OSError as fault:
            raise CallUnanswered(f"unreachable: {fault}") from None
        self._dialling.add(dialling)
        try:
            return await dialling.call(self._settings.ring_s)
        finally:
            self._dialling.discard(dialling)

    async def _prepare(self, target: Target, offer: str, name: str) -> OutgoingCall:
        """Find the way of an INVITE: `auto` sends a large one by TCP, if a connection is taken (RFC 3261 §18.1.1).

        Raises OSError.
        """
        if target.transport != "auto":
            return OutgoingCall(self._line, target, await self._flow(target), offer, name)
        by_udp = await self._prepare(replace(target, transport="udp"), offer, name)
        if by_udp.fits:
            return by_udp
        try:
            return await self._prepare(replace(target, transport="tcp"), offer, name)
        except OSError as fault:
            log.info("x no TCP to %s, UDP instead: %s", target.host, fault)
            return by_udp

    async def alive(self, target: Target) -> bool:
        """Whether anything answers there (OPTIONS); `auto` asks by UDP, then by TCP."""
        if target.transport == "auto":
            by_udp, by_tcp = replace(target, transport="udp"), replace(target, transport="tcp")
            return await self.alive(by_udp) or await self.alive(by_tcp)
        try:
            async with asyncio.timeout(ALIVE_S):
                flow = await self._flow(target)
                return await self._layer.answer(begin(self._line, "OPTIONS", target, flow, ""), flow) is not None
        except (OSError, TimeoutError):
            return False

    async def _flow(self, target: Target) -> Flow:
        where = (str(ipaddress.ip_address(target.host)), target.port)
        if (":" in where[0]) != (":" in self.address[0]):
            raise OSError("another kind of address than ours")
        return await self._layer.transport.tcp(where) if target.transport == "tcp" else self._layer.transport.udp(where)

    def _lost(self, flow: Flow) -> None:
        for call in list(self._line.calls.values()):
            call.lost(flow)

    def _needs(self, flow: Flow) -> bool:
        return any(call.uses(flow) for call in self._line.calls.values())

    def _request(self, served: ServerTransaction) -> None:
        """Take a request that is no repetition."""
        request, host = served.request, served.flow.remote[0]
        if self._closing or not self._ready:
            return
        call = self._line.calls.get((request.call_id, request.recipient.tag, request.sender.tag))
        if call is not None and call.peer.address != host:
            call = None
        if request.method == "ACK":
            if call is not None:
                call.confirmed(request)
            return
        cost = INVITE_COST if request.method == "INVITE" and call is None else 1.0
        if not self._allowance.admit(host, cost, asyncio.get_running_loop().time()):
            if served.flow.transport == "tcp":  # over UDP it comes again, or its sender was forged
                self._reply(served, 503)
        elif call is not None and request.method != "CANCEL":
            call.request(served)
        else:
            self._outside(served)

    def _outside(self, served: ServerTransaction) -> None:
        """Take a request that belongs to no call."""
        request = served.request
        if request.method == "CANCEL":
            self._cancel(served)
        elif request.method not in ("INVITE", "OPTIONS", "BYE", "INFO", "UPDATE"):
            self._reply(served, 501)
        elif request.recipient.tag or request.method in ("BYE", "INFO", "UPDATE"):
            self._reply(served, 481)
        elif request.method == "INVITE":
            self._invited(served)
        else:
            response = self._line.response(request, 200, [("accept", SDP)])
            self._layer.reply(served, response)

    def _invited(self, served: ServerTransaction) -> None:
        request = served.request
        key = (request.call_id, request.sender.tag)
        waiting, calls = len(self._waiting), self._line.calls
        if (refusal := request_checks.of_invite(request)) is not None:
            self._layer.reply(served, self._line.response(request, *refusal))
        elif key in self._waiting or any((call_id, theirs) == key for call_id, _, theirs in calls):
            self._reply(served, 482)  # the same INVITE by two ways (§8.2.2.2)
        elif waiting >= MOST_WAITING or waiting + len(calls) >= self._settings.most_calls or self._layer.busy:
            self._reply(served, 503)
        else:
            incoming = IncomingCall(self._line, served, lambda: self._waiting.pop(key, None))
            self._waiting[key] = incoming
            self._line.spawn(self._called(incoming))

    async def _called(self, incoming: IncomingCall) -> None:
        try:
            await self._desk.called(incoming)
        except Exception:
            incoming.refuse(500)  # unless it was decided
            raise

    def _cancel(self, served: ServerTransaction) -> None:
        invited = self._layer.cancelled(served.request)
        self._reply(served, 481 if invited is None else 200)
        if invited is not None:
            incoming = self._waiting.get((invited.request.call_id, invited.request.sender.tag))
            if incoming is not None:
                incoming.refuse(487)

    def _reply(self, served: ServerTransaction, status: int) -> None:
        self._layer.reply(served, self._line.response(served.request, status))
