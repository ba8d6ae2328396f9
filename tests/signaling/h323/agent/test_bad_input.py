"""Messages of strangers and broken devices get the answers that the standards name."""

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from signaling.h323.agent import agent as agent_module
from signaling.h323.agent import link
from signaling.h323.agent.call import Call
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.h323.protocol import asn1, h225, q931, tpkt
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message
from signaling.sip.agent import rate_limit
from tests.signaling.h323.agents import OURS, RecordingHandler, accept, agent, target
from tests.signaling.h323.pdus import IDENTITY, call_signalling
from tests.signaling.h323.wire import Wire, wire
from tests.signaling.sip.agents import soon

STRANGER = "127.0.0.2"
SETUP, PROCEEDING, *_ = call_signalling()
CUT_OFF = tpkt.frame(SETUP[4:-200])
"""A Setup whose user-user element ends before its length says."""
UNDECODABLE = tpkt.frame(q931.write(Message(q931.SETUP, 7, False, ((q931.USER_USER, b"\x05strange"),))))
EMPTY = tpkt.frame(q931.write(Message(q931.SETUP, 7, False)))
OTHER_BODY = tpkt.frame(
    q931.write(
        Message(q931.SETUP, 7, False, (q931.body(h225.write(Body("releaseComplete", h225.release(IDENTITY), True))),))
    )
)


def told(message: Message) -> tuple[int, int, bool, int]:
    """Return type, call reference, side and cause of a message."""
    return message.kind, message.reference, message.answers, message.cause


@pytest.mark.parametrize(
    ("first", "cause"),
    [(CUT_OFF, 100), (UNDECODABLE, 100), (OTHER_BODY, 100), (EMPTY, 96)],
    ids=("cut off", "undecodable", "another body", "empty"),
)
async def test_a_setup_that_cannot_be_read_is_released_with_its_cause(first: bytes, cause: int) -> None:
    async with agent() as callee, wire(callee.address) as caller:
        caller.send(first + SETUP)  # the second one in the same segment begins no call
        released = await caller.message()
        assert told(released) == (q931.RELEASE_COMPLETE, 7, True, cause)
        assert h225.parse(released.body).name == "releaseComplete"
        assert await caller.packet() == b""


async def test_messages_of_no_call_are_released_or_told_its_state() -> None:
    async with agent() as callee:
        for first, answer in (
            (PROCEEDING, (q931.RELEASE_COMPLETE, 7, False, 81)),
            (tpkt.frame(q931.write(Message(q931.STATUS_INQUIRY, 7, False))), (q931.STATUS, 7, True, 30)),
        ):
            async with wire(callee.address) as caller:
                caller.send(first)
                assert told(await caller.message()) == answer
                assert await caller.packet() == b""


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        tpkt.frame(b"strange"),
        tpkt.frame(q931.write(Message(q931.SETUP, 7, True))),
        tpkt.frame(q931.write(Message(q931.RELEASE_COMPLETE, 7, False))),
        tpkt.frame(q931.write(Message(q931.STATUS, 7, False))),
    ],
    ids=("no packet", "no message", "Setup of a callee", "ReleaseComplete", "Status"),
)
async def test_what_gets_no_answer_is_closed(first: bytes) -> None:
    async with agent() as callee, wire(callee.address) as caller:
        caller.send(first)
        assert await caller.packet() == b""


async def test_a_call_for_which_there_is_no_room_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "MAX_REFUSED", 1)
    async with agent(most_calls=0) as callee, wire(callee.address) as caller:
        async with wire(callee.address) as another:  # one at a time may say what it wants
            assert await another.packet() == b""
        caller.send(SETUP)
        assert told(await caller.message()) == (q931.RELEASE_COMPLETE, 7, True, 42)
        assert await caller.packet() == b""


async def test_whose_calls_come_too_fast_is_told_so_and_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "PER_SECOND", 0.0)
    monkeypatch.setattr(rate_limit, "BURST", 2 * agent_module.CALL_COST)
    async with agent() as callee:
        for host, causes in (("127.0.0.1", [100, 100, 42]), (STRANGER, [100])):
            for cause in causes:
                async with wire(callee.address, host) as caller:
                    caller.send(UNDECODABLE)
                    assert (await caller.message()).cause == cause
                    assert await caller.packet() == b""


async def test_connections_that_wait_for_their_refusal_keep_nobody_else_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "MAX_WAITING_OF_ONE", 1)
    monkeypatch.setattr(agent_module, "MAX_REFUSED", 1)
    async with AsyncExitStack() as waiting, agent() as callee:
        for _ in range(2):  # of one address: one that may bring a Setup, one that will be told that there is no room
            await waiting.enter_async_context(wire(callee.address, STRANGER))
        async with wire(callee.address, STRANGER) as third:
            assert await third.packet() == b""
        async with wire(callee.address) as caller:
            caller.send(UNDECODABLE)
            assert (await caller.message()).cause == 100
            assert await caller.packet() == b""


async def test_a_refused_connection_that_brings_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_module, "REFUSE_S", 0.05)
    async with agent(most_calls=0) as callee, wire(callee.address) as caller:
        assert await caller.packet() == b""


async def connected(caller: Wire) -> None:
    """Begin a call."""
    caller.send(SETUP)
    await caller.until(q931.CONNECT)


async def test_messages_of_a_call_that_cannot_be_read_are_answered_and_end_nothing_but_a_release_does() -> None:
    handler = RecordingHandler()
    async with agent(handler) as callee, wire(callee.address) as caller:
        await connected(caller)
        facility = q931.write(Message(q931.FACILITY, 7, False, ((q931.USER_USER, b"\x05strange"),)))
        for strange, answer in ((facility, (q931.STATUS, 7, True, 100)), (b"\x08\x02\0\x07\x6f", (125, 7, True, 97))):
            caller.send(tpkt.frame(strange))
            assert told(await caller.until(q931.STATUS)) == answer
        caller.send(tpkt.frame(b"\x08\x02\0\x07\x7d\x14"))  # a Status is never answered
        caller.send(tpkt.frame(b"\x08\x02\0\x07\x5a\x08"))
        while last := await caller.packet():
            assert q931.parse(last).kind == q931.FACILITY
        await soon(handler.failed.get())


async def test_messages_of_h245_that_cannot_be_read_are_told_to_the_sender() -> None:
    async with agent(RecordingHandler(), tunnelling=False) as callee, wire(callee.address) as caller:
        caller.send(SETUP)
        async with wire(await caller.h245_address()) as control:
            control.send(tpkt.frame(b"\x60strange"))  # an indication gets no answer
            control.send(tpkt.frame(b"\x02strange"))
            sent = [asn1.decode("control", await control.packet()) for _ in range(3)]
            assert sent[2] == ("indication", ("functionNotSupported", {"cause": ("syntaxError", 0)}))


def requests(fields: int) -> list[bytes]:
    """Return as many requests of H.245 as one message may carry, each with so many parameters."""
    each = {"parameterIdentifier": ("standard", 1), "parameterValue": ("logical", 0)}
    content = {"messageIdentifier": ("standard", (0, 0, 8)), "messageContent": [each] * fields}
    return [asn1.encode("control", ("request", ("genericRequest", content)))] * h225.MAX_CHANNELS


def too_many(encoded: Sequence[bytes]) -> int:
    """Return how many of the same messages are beyond what is read of one."""
    reads = asn1.Reads()
    asn1.decode("control", encoded[0], reads)
    return len(encoded) - asn1.MAX_READS // (asn1.MAX_READS - reads.left)


def tunnelled(control: Sequence[bytes]) -> bytes:
    """Return a packet that carries messages of H.245."""
    fields = h225.facility(IDENTITY, "transportedInformation")
    body = h225.write(Body("facility", fields, True, tuple(control)))
    return tpkt.frame(q931.write(Message(q931.FACILITY, 7, False, (q931.body(body),))))


LAST = tunnelled([asn1.encode("control", ("request", ("roundTripDelayRequest", {"sequenceNumber": 1})))])


async def misread(caller: Wire, *, connecting: bool = False) -> int:
    """Return of how many messages we say that we could not read them, before we answer a last one. A call that we are
    `connecting` is answered first."""
    if not connecting:
        caller.send(LAST)
    found: list[str] = []
    while "roundTripDelayResponse" not in found:
        message = await caller.message()
        if message.kind == q931.CONNECT:
            caller.send(LAST)
        control = h225.parse(message.body).control
        found += [name for _, (name, _) in (asn1.decode("control", each) for each in control)]
    return found.count("functionNotSupported")


async def test_messages_of_h245_in_one_message_have_together_as_many_fields_as_one() -> None:
    beyond = too_many(requests(100))
    setup = q931.parse(SETUP[4:])
    body = q931.body(h225.write(replace(h225.parse(setup.body), control=tuple(requests(100)))))
    elements = [each for each in setup.elements if each[0] != q931.USER_USER]
    async with agent(RecordingHandler()) as callee, wire(callee.address) as caller:
        caller.send(tpkt.frame(q931.write(replace(setup, elements=(*elements, body)))))
        assert await misread(caller, connecting=True) == beyond
        caller.send(tunnelled(requests(100)))
        assert await misread(caller) == beyond
        caller.send(tunnelled(requests(1)))
        assert await misread(caller) == 0


async def test_messages_that_waited_for_the_answer_of_a_call_have_together_as_many_fields_as_one() -> None:
    answering = asyncio.Event()

    async def take(incoming: IncomingCall) -> Call:
        await answering.wait()
        return await accept(incoming)

    async with agent(RecordingHandler(take)) as callee, wire(callee.address) as caller:
        caller.send(SETUP)
        for each in requests(500):
            caller.send(tunnelled([each]))
        caller.send(tpkt.frame(q931.write(Message(q931.STATUS_INQUIRY, 7, False))))
        await caller.until(q931.STATUS)
        answering.set()
        assert await misread(caller, connecting=True) == too_many(requests(500))


async def test_the_h245_port_of_a_call_takes_its_caller_alone() -> None:
    handler = RecordingHandler()
    async with agent(handler, tunnelling=False) as callee, wire(callee.address) as caller:
        caller.send(call_signalling()[0])
        where = await caller.h245_address()
        for _ in range(2):
            async with wire(where, STRANGER) as stranger:
                assert await stranger.packet() == b""
        async with wire(where) as control:
            kind, (name, _) = asn1.decode("control", await control.packet())
            assert (kind, name) == ("request", "terminalCapabilitySet")
        assert await caller.packet() == b""  # its control channel was closed
        await soon(handler.failed.get())


async def test_a_peer_that_never_stops_sending_is_hung_up_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(link, "PDUS_PER_SECOND", 0.0)
    handler = RecordingHandler()
    inquiry = tpkt.frame(q931.write(Message(q931.STATUS_INQUIRY, 7, False)))
    async with agent(handler) as callee, agent() as another, wire(callee.address) as hurried:
        call = await soon(another.invite(target(callee), OURS, name="UBND tỉnh"))
        theirs = await soon(handler.calls.get())
        hurried.send(SETUP + inquiry * (link.BURST - 1))
        for _ in range(link.BURST - 1):
            await hurried.until(q931.STATUS)
        hurried.send(inquiry)
        while last := await hurried.packet():
            assert q931.parse(last).kind != q931.STATUS
        await soon(handler.failed.get())
        await soon(call.offer(OURS.replace("40000", "41000")))
        assert (call.ended.is_set(), theirs.ended.is_set()) == (False, False)


async def test_h245_goes_from_the_address_from_which_the_call_was_made() -> None:
    async with agent(host=STRANGER) as caller, agent(RecordingHandler(), tunnelling=False) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        assert call.sdp.count("a=sendrecv") == 2
