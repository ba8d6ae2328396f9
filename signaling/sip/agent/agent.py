"""Runs a SIP user agent without media and people: dials room systems, hands their calls to a handler (RFC 3261).

    agent = Agent(SipSettings("0.0.0.0"), handler)
    await agent.start()
    call = await agent.invite(Target("10.57.1.20"), offer, name="UBND tỉnh")
    await call.ended.wait()

The agent refuses what it does not support: other methods (405, 501), required extensions (420), other addresses (416).
"""

import asyncio
import contextlib
import ipaddress
import logging
import ssl
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from signaling.sip.agent import request_checks
from signaling.sip.agent.call import Call
from signaling.sip.agent.context import (
    AgentContext,
    MediaHandler,
    RemoteParty,
    SipSettings,
    Target,
    comes_from,
    describe,
)
from signaling.sip.agent.incoming_call import IncomingCall
from signaling.sip.agent.outgoing_call import OutgoingCall, new_request
from signaling.sip.agent.rate_limit import RateLimit
from signaling.sip.agent.registration import Registration
from signaling.sip.agent.snapshot import CallSnapshot
from signaling.sip.protocol.address import network_of
from signaling.sip.protocol.errors import BadRequest, CallFailed, CallRefused, CallUnanswered, TlsRefused
from signaling.sip.protocol.message import METHODS, SDP, Request
from signaling.sip.protocol.trace import Trace, TracedCall
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
    "Registration",
    "RemoteParty",
    "SipSettings",
    "Target",
    "TlsRefused",
]

log = logging.getLogger(__name__)

OPTIONS_TIMEOUT_S = 4.0
CLOSE_TIMEOUT_S = 2.0
MAX_WAITING = 256
"""Calls, and registrations, that wait for the handler's decision at once: all rooms of a province may call at eight.

As many again whose sender may be forged, so that they keep nobody else waiting.
"""
FULL_RETRY_AFTER_S = 5
"""When a room system that found no room for its request, or a server that starts or stops, may ask again (RFC 3261
§21.5.4)."""
INVITE_COST = 5.0
"""An INVITE makes the handler work, and its response is repeated for up to half a minute."""
NOTIFIES = 0.25
"""NOTIFY requests within a subscription: so many times the requests of an address. An MCU should send one in five
seconds (RFC 4575 §3.9); who sends too many is listened to no longer."""
WITHIN = ("BYE", "INFO", "UPDATE", "NOTIFY")
"""Methods that belong to a call or a subscription (beside the INVITE, which may)."""
ASKED_FOR_PROOF = 5.0
"""Requests for which there is no room, and which are smaller than the response that asks for a proof of their address:
so many times those of an address get it, of all together. It goes to whoever a forger names."""


class CallHandler(MediaHandler, Protocol):
    """Decides on incoming calls, and changes the media of those that go on."""

    async def called(self, incoming: IncomingCall) -> None:
        """Take an incoming call: call exactly one of `incoming.accept` and `incoming.refuse`."""

    async def registering(self, registration: Registration) -> None:
        """Answer a device that registers."""

    def names_device(self, user: str) -> bool:
        """Return whether a registered device has this number or user name."""

    def proves_itself(self, user: str) -> bool:
        """Return whether a registered device with this number or user name proves by a password who it is."""

    def has_address(self, host: str) -> bool:
        """Return whether a device is registered with this address, or takes calls there."""

    def certificate_refused(self, host: str, why: str) -> None:
        """Take that an address was refused by TLS, because it showed no certificate that is accepted."""


class Agent:
    """One UDP socket, listeners for TCP and TLS, and all calls over them."""

    def __init__(self, settings: SipSettings, handler: CallHandler) -> None:
        self._settings = settings
        self._handler = handler
        self._layer = TransactionLayer(
            self._on_request, self._on_malformed, self._on_flow_lost, self._is_needed, handler.has_address
        )
        self._layer.transport.certificate_refused = handler.certificate_refused
        self._context = AgentContext(settings, self._layer, handler)
        self._waiting: dict[tuple[str, str, int], IncomingCall] = {}
        """Calls that are not decided, by what tells their INVITEs apart (§8.2.2.2): Call-ID, tag and number."""
        self._registering: Counter[bool] = Counter()
        """Devices whose registration waits for the handler, by whether they may be forged."""
        self._outgoing: set[OutgoingCall] = set()
        self._rate_limit = RateLimit()
        """Of requests outside calls, by address."""
        self._call_limit = RateLimit()
        """Of requests within calls, by call."""
        self._notify_limit = RateLimit(NOTIFIES)
        """Of NOTIFY requests, by subscription."""
        self._proof_limit = RateLimit(ASKED_FOR_PROOF)
        """Of responses that ask for a proof and are larger than their requests, of all together."""
        self._closing = False
        self._ready = False
        """Whether the calls of an earlier process are known; before that, no request of theirs may be refused."""

    @property
    def address(self) -> tuple[str, int]:
        """The address and port on which UDP and TCP listen."""
        return self._layer.transport.address

    @property
    def tls_port(self) -> int:
        """The port on which TLS listens; 0: there is none."""
        return self._layer.transport.tls_port

    @property
    def trace(self) -> Trace:
        """The messages of its newest calls."""
        return self._layer.trace

    def traced(self, device: str, host: str) -> list[TracedCall]:
        """Return the newest calls of a device, then those of no known device with a host, each the newest first."""
        return self._layer.trace.calls(device, host)

    async def start(self, snapshots: Sequence[CallSnapshot] = ()) -> list[Call]:
        """Bind UDP, TCP and TLS, and resume the calls of an earlier process; return those calls. Raises OSError."""
        own, transport = self._settings, self._layer.transport
        await transport.start(own.host, own.port, own.dscp)
        if own.tls is not None:
            await transport.start_tls(own.tls_port, own.tls)
        calls = [Call.resumed(self._context, each) for each in snapshots]
        self._ready = True
        return calls

    async def close(self) -> None:
        """Refuse waiting calls, hang up all calls, close the sockets."""
        self._closing = True
        for incoming in list(self._waiting.values()):
            incoming.refuse(503)
        for outgoing in self._outgoing:
            outgoing.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await asyncio.gather(*(call.hang_up() for call in list(self._context.calls.values())))
        await self._context.close()
        await self._layer.close()

    async def leave(self) -> None:
        """Close the sockets without ending the calls: another process resumes them."""
        self._closing = True
        await self._context.close()
        await self._layer.close()

    async def invite(self, target: Target, offer: str, *, name: str) -> Call:
        """Dial a room system with the display name `name`; return the call. Raises CallRefused, CallUnanswered,
        TlsRefused."""
        if len(self._context.calls) >= self._settings.most_calls:
            raise CallUnanswered("too many calls")
        try:
            outgoing = await self._prepare(target, offer, name)
        except ssl.SSLError as fault:
            raise TlsRefused(str(fault)) from None
        except OSError as fault:
            raise CallUnanswered(f"unreachable: {fault}") from None
        self._outgoing.add(outgoing)
        try:
            return await outgoing.call(self._settings.ring_s)
        finally:
            self._outgoing.discard(outgoing)

    async def _prepare(self, target: Target, offer: str, name: str) -> OutgoingCall:
        """Choose the transport of an INVITE: `auto` sends a large one over TCP if a connection succeeds (RFC 3261
        §18.1.1).

        Raises OSError.
        """
        if target.transport != "auto":
            return OutgoingCall(self._context, target, await self._flow(target), offer, name)
        by_udp = await self._prepare(replace(target, transport="udp"), offer, name)
        if by_udp.fits:
            return by_udp
        try:
            return await self._prepare(replace(target, transport="tcp"), offer, name)
        except OSError as fault:
            log.info("x no TCP connection to %s, UDP is used instead: %s", target.host, fault)
            return by_udp

    async def alive(self, target: Target) -> bool:
        """Return whether anything answers an OPTIONS request there; `auto` tries UDP, then TCP."""
        if target.transport == "auto":
            by_udp, by_tcp = replace(target, transport="udp"), replace(target, transport="tcp")
            return await self.alive(by_udp) or await self.alive(by_tcp)
        try:
            async with asyncio.timeout(OPTIONS_TIMEOUT_S):
                flow = await self._flow(target)
                return (
                    await self._layer.exchange(new_request(self._context, "OPTIONS", target, flow, ""), flow)
                    is not None
                )
        except (OSError, TimeoutError):
            return False

    async def _flow(self, target: Target) -> Flow:
        where = (str(ipaddress.ip_address(target.host)), target.port)
        if (":" in where[0]) != (":" in self.address[0]):
            raise OSError("another kind of address than ours")
        transport = self._layer.transport
        return transport.udp(where) if target.transport == "udp" else await transport.connect(target.transport, where)

    def _on_flow_lost(self, flow: Flow) -> None:
        for call in list(self._context.calls.values()):
            call.lost(flow)

    def _is_needed(self, flow: Flow) -> bool:
        return any(call.uses(flow) for call in self._context.calls.values())

    def _on_malformed(self, fault: BadRequest, flow: Flow) -> None:
        """Answer a malformed request, within the limit of its address."""
        log.debug("x %s: %s", flow.remote, fault)
        if not self._closing and self._rate_limit.admit(
            network_of(flow.remote[0]), 1.0, asyncio.get_running_loop().time()
        ):
            self._layer.refuse(fault, flow, self._context.tag_of_refusal(fault))

    def _on_request(self, transaction: ServerTransaction) -> None:
        """Dispatch a request that is no retransmission."""
        request = transaction.request
        if self._closing or not self._ready:
            if transaction.flow.transport != "udp" and request.method != "ACK" and not request.recipient.tag:
                self._refuse_full(transaction)  # by UDP it comes again
            return
        call = self._context.calls.get((request.call_id, request.recipient.tag, request.sender.tag))
        if call is not None and not comes_from(call.peer, transaction.flow):
            call = None
        if request.method == "ACK":
            self._layer.admit(transaction)
            if call is not None:
                call.confirmed(request)
            return
        now = asyncio.get_running_loop().time()
        if call is not None and request.method != "CANCEL":
            if self._call_limit.admit(call.id, 1.0, now):
                self._layer.admit(transaction)
                call.request(transaction)
            else:
                self._layer.forget_requests(request.call_id, request.sender.tag)
                self._context.spawn(call.hang_up("too many requests"))
            return
        if request.method == "NOTIFY" and self._notified(transaction, now):
            return
        proven = self._context.received(request, transaction.flow)
        transaction.forgeable = transaction.flow.transport == "udp" and not proven
        if self._rate_limit.admit(
            self._bucket(transaction, proven=proven), INVITE_COST if request.method == "INVITE" else 1.0, now
        ):
            self._layer.admit(transaction)
            self._outside_dialog(transaction)
        elif transaction.flow.transport != "udp":
            self._refuse_full(transaction)
        else:
            self._ask_for_proof(transaction)  # else it comes again, or its sender was forged

    def _notified(self, transaction: ServerTransaction, now: float) -> bool:
        """Hand on a NOTIFY; return False if it belongs to no subscription of ours, or to one that is left by now."""
        request = transaction.request
        subscription = self._context.subscriptions.get((request.call_id, request.recipient.tag))
        if subscription is None or subscription.is_over or not comes_from(subscription.peer, transaction.flow):
            return False
        if self._notify_limit.admit(request.call_id, 1.0, now):
            self._layer.admit(transaction)
            subscription.notified(transaction)
            return True
        subscription.leave()
        return False

    def _bucket(self, transaction: ServerTransaction, *, proven: bool) -> str:
        """Return with whose requests a request is counted: forged UDP uses up nothing of who is at that address.

        A name that is registered has a bucket of its own where the address is a device's, as behind an SBC many are;
        and by UDP without a proof, as each device sends what it is asked for its password: who forges datagrams without
        knowing the name does not use that up.
        """
        peer = describe(transaction.request, transaction.flow)
        registered = self._handler.has_address(peer.address)
        where = peer.address if registered else network_of(peer.address)
        bucket = f"{where} {'proven' if proven else peer.transport}"
        own = transaction.forgeable or registered
        return f"{bucket} as {peer.user}" if own and self._handler.names_device(peer.user) else bucket

    def _ask_for_proof(self, transaction: ServerTransaction) -> bool:
        """Let a device show that it receives at its address where others may have forged that: its request comes again
        with a nonce, and counts apart from theirs. Return False if it is not asked.

        One with a password is challenged. One without would take that for a refusal, and is redirected (RFC 3261
        §8.1.3.4) to us. No state is kept.
        """
        request, flow = transaction.request, transaction.flow
        if not transaction.forgeable or request.method not in ("INVITE", "REGISTER"):
            return False
        peer = describe(request, flow)
        if self._handler.proves_itself(peer.user):
            response = self._context.bare_challenge(request, flow)
        elif request.method == "INVITE" and self._handler.has_address(peer.address):
            response = self._context.redirect(request, flow)
        else:
            return False
        larger = len(response.write()) > len(request.write())
        if larger and not self._proof_limit.admit("", 1.0, asyncio.get_running_loop().time()):
            return False
        self._layer.reply(transaction, response)
        return True

    def _outside_dialog(self, transaction: ServerTransaction) -> None:
        """Answer a request that belongs to no call."""
        request = transaction.request
        if request.method == "CANCEL":
            self._on_cancel(transaction)
        elif request.method == "PRACK":
            waiting = self._waiting_of(request)
            self._reply(transaction, 200 if any(each.acknowledge(request) for each in waiting) else 481)
        elif request.method not in ("INVITE", "OPTIONS", "REGISTER", *WITHIN):
            self._reply(transaction, 405 if request.method in METHODS else 501)
        elif (refusal := request_checks.check_request(request)) is not None:
            self._layer.reply(transaction, self._context.response(request, *refusal))
        elif request.method == "REGISTER":
            self._on_register(transaction)
        elif request.recipient.tag or request.method in WITHIN:
            early = request.method == "UPDATE" and any(each.update(transaction) for each in self._waiting_of(request))
            if not early:
                self._reply(transaction, 481)
        elif request.method == "INVITE":
            self._on_invite(transaction)
        else:
            response = self._context.response(request, 200, [("accept", SDP)])
            self._layer.reply(transaction, response)

    def _waiting_of(self, request: Request) -> list[IncomingCall]:
        """Return the calls of the sender of a request that are not decided and have its Call-ID."""
        caller = request.call_id, request.sender.tag
        return [incoming for key, incoming in self._waiting.items() if key[:2] == caller]

    def _on_register(self, transaction: ServerTransaction) -> None:
        forgeable = transaction.forgeable
        if self._registering[forgeable] >= MAX_WAITING or self._layer.busy(forgeable=forgeable):
            if not self._ask_for_proof(transaction):
                self._refuse_full(transaction)
        else:
            self._registering[forgeable] += 1
            self._context.spawn(self._register(transaction))

    async def _register(self, transaction: ServerTransaction) -> None:
        try:
            await self._handler.registering(Registration(self._context, transaction))
        except Exception:
            self._reply(transaction, 500)
            raise
        finally:
            self._registering[transaction.forgeable] -= 1

    def _on_invite(self, transaction: ServerTransaction) -> None:
        request = transaction.request
        key = _key(request)
        calls = self._context.calls
        if (refusal := request_checks.check_invite(request)) is not None:
            self._layer.reply(transaction, self._context.response(request, *refusal))
        elif key in self._waiting or any((call_id, theirs) == key[:2] for call_id, _, theirs in calls):
            self._reply(transaction, 482)  # the same INVITE by two ways (§8.2.2.2)
        elif self._full(forgeable=transaction.forgeable):
            if self._full(forgeable=False) or not self._ask_for_proof(transaction):
                self._refuse_full(transaction)
        else:
            incoming = IncomingCall(self._context, transaction, lambda: self._waiting.pop(key, None))
            self._waiting[key] = incoming
            self._context.spawn(self._called(incoming))

    def _full(self, *, forgeable: bool) -> bool:
        """Return whether there is no room for another call, of those that may be forged or of the others."""
        waiting = sum(each.from_its_address != forgeable for each in self._waiting.values())
        most = min(MAX_WAITING, self._settings.most_calls - len(self._context.calls))
        return waiting >= most or self._layer.busy(forgeable=forgeable)

    async def _called(self, incoming: IncomingCall) -> None:
        try:
            await self._handler.called(incoming)
        except Exception:
            incoming.refuse(500)  # unless it was decided
            raise

    def _on_cancel(self, transaction: ServerTransaction) -> None:
        invited = self._layer.cancelled(transaction.request)
        self._reply(transaction, 481 if invited is None else 200)
        if invited is not None:
            incoming = self._waiting.get(_key(invited.request))
            if incoming is not None:
                incoming.refuse(487)

    def _refuse_full(self, transaction: ServerTransaction) -> None:
        headers = [("retry-after", str(FULL_RETRY_AFTER_S))]
        self._layer.reply(transaction, self._context.response(transaction.request, 503, headers))

    def _reply(self, transaction: ServerTransaction, status: int) -> None:
        self._layer.reply(transaction, self._context.response(transaction.request, status))


def _key(invite: Request) -> tuple[str, str, int]:
    return invite.call_id, invite.sender.tag, invite.sequence[0]
