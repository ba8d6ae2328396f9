"""Calls between two agents of our own over loopback; no H.323 stack of others is to be had as a package."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import pytest

from signaling.h323.agent import call as call_module
from signaling.h323.agent.call import Call
from signaling.h323.agent.incoming_call import IncomingCall
from signaling.h323.agent.unresumed_call import UnresumedCall
from signaling.h323.protocol import h225, q931, tpkt
from signaling.h323.protocol.h225 import Body
from signaling.h323.protocol.q931 import Message
from signaling.sip.agent.context import Target
from signaling.sip.protocol.errors import CallRefused, CallUnanswered
from tests.signaling.h323.agents import OURS, THEIRS, RecordingHandler, agent, target
from tests.signaling.h323.pdus import IDENTITY, call_signalling
from tests.signaling.h323.wire import wire
from tests.signaling.sip.agents import soon, started

PCMU_ALONE = THEIRS.replace("RTP/AVP 9 8 0 101", "RTP/AVP 0")


def lines(sdp: str, *beginnings: str) -> list[str]:
    return [line for line in sdp.splitlines() if line.startswith(beginnings)]


@pytest.mark.parametrize("tunnelling", [(True, True), (False, True), (True, False)])
@pytest.mark.parametrize("fast", [(True, True), (True, False), (False, True)])
async def test_a_call_opens_sound_and_pictures_both_ways(
    tunnelling: tuple[bool, bool], fast: tuple[bool, bool]
) -> None:
    handler = RecordingHandler()
    async with (
        agent(tunnelling=tunnelling[0], fast_connect=fast[0]) as caller,
        agent(handler, tunnelling=tunnelling[1], fast_connect=fast[1]) as callee,
    ):
        call = await soon(caller.invite(target(callee, "1234567890"), OURS, name="UBND tỉnh"))
        theirs, incoming = await soon(handler.calls.get()), handler.incoming.get_nowait()
        assert (incoming.user, incoming.peer.name, incoming.peer.user_agent) == ("1234567890", "UBND tỉnh", "Diemcau 1")
        for each, sound, picture in ((call, 50000, 50002), (theirs, 40000, 40002)):
            assert lines(each.sdp, "m=") == [f"m=audio {sound} RTP/AVP 9 101", f"m=video {picture} RTP/AVP 98"]
            assert lines(each.sdp, "a=send") == ["a=sendrecv"] * 2
        await call.hang_up()
        await soon(theirs.ended.wait())
        assert (call.reason, theirs.reason) == ("hung up", "bye")


async def test_digits_wait_while_the_remote_party_is_on_hold_and_come_in_their_order() -> None:
    handler, own = RecordingHandler(), RecordingHandler()
    async with agent(own) as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        theirs = await soon(handler.calls.get())
        assert theirs._control is not None
        theirs._control.pause()
        theirs._flush()
        assert "m=audio 0 " in await soon(own.offers.get())
        keyed = asyncio.create_task(call.send_digits("12#"))
        await asyncio.sleep(0.1)
        assert handler.digits.empty()
        theirs._control.resume(theirs._control.own, theirs._control.ports)
        theirs._flush()
        assert await soon(keyed)
        assert [await soon(handler.digits.get()) for _ in "12#"] == ["1", "2", "#"]


async def test_what_happens_in_a_call_is_told_and_its_media_may_move() -> None:
    handler = RecordingHandler()
    async with agent() as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        await soon(handler.calls.get())
        await call.send_digits("1#")
        call.request_keyframe()
        assert [await soon(handler.digits.get()) for _ in "1#"] == ["1", "#"]
        assert await soon(handler.pictures.get()) == "picture"
        answer = await soon(call.offer(OURS.replace("40000", "41000").replace("40002", "41002")))
        assert lines(answer, "m=") == ["m=audio 50000 RTP/AVP 9 101", "m=video 50002 RTP/AVP 98"]
        held, moved = await soon(handler.offers.get()), await soon(handler.offers.get())
        assert lines(held, "m=") == ["m=audio 0 RTP/AVP 9 8 0 101", "m=video 0 RTP/AVP 97 96"]
        assert lines(moved, "m=") == ["m=audio 41000 RTP/AVP 9 101", "m=video 41002 RTP/AVP 98"]


@pytest.mark.parametrize(("status", "heard"), [(486, 486), (403, 603), (404, 404), (480, 408), (503, 503), (488, 488)])
async def test_a_refusal_tells_its_reason_as_a_status_of_sip(status: int, heard: int) -> None:
    async def refuse(incoming: IncomingCall) -> Call:
        incoming.refuse(status)
        raise CallUnanswered

    async with agent() as caller, agent(RecordingHandler(refuse)) as callee:
        with pytest.raises(CallRefused) as refused:
            await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        assert refused.value.status == heard


async def test_who_does_not_answer_is_given_up_and_hears_so() -> None:
    async def wait(incoming: IncomingCall) -> Call:
        await incoming._call.ended.wait()
        return await incoming.accept(THEIRS)

    handler = RecordingHandler(wait)
    async with agent(ring_s=0.1) as caller, agent(handler) as callee:
        with pytest.raises(CallUnanswered, match="no answer"):
            await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        with pytest.raises(CallUnanswered, match="gone"):
            raise await soon(handler.failed.get())


async def test_who_shares_no_codec_or_is_not_there_is_no_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_module, "GRACE_S", 0.1)

    async def other(incoming: IncomingCall) -> Call:
        return await incoming.accept(PCMU_ALONE.replace("m=video 50002", "m=video 0"))

    async with agent() as caller, agent(RecordingHandler(other)) as callee:
        offer = OURS.replace("RTP/AVP 9 8 0 101", "RTP/AVP 9 8")
        with pytest.raises(CallRefused) as refused:
            await soon(caller.invite(target(callee), offer, name="UBND tỉnh"))
        assert refused.value.status == 488
        where = target(callee)
    async with agent() as caller:
        with pytest.raises(CallUnanswered, match="unreachable"):
            await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        assert not await soon(caller.alive(where))
        assert await soon(caller.alive(target(caller)))


async def test_a_silent_peer_and_strange_bytes_end_the_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(call_module, "SETTLE_S", 0.2)
    _, _, connect, *_ = call_signalling()

    async def answers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(4)
        writer.write(tpkt.frame(b"strange") + connect)
        await reader.read()
        writer.close()

    server = await asyncio.start_server(answers, "127.0.0.1", 0)
    async with agent(fast_connect=False) as caller, server:
        where = Target("127.0.0.1", server.sockets[0].getsockname()[1], "h323")
        with pytest.raises(CallUnanswered, match=r"no agreement by H\.245"):
            await soon(caller.invite(where, OURS, name="UBND tỉnh"))


@asynccontextmanager
async def scripted_callee(
    before: bytes = b"", after: bytes = b""
) -> AsyncIterator[tuple[Target, asyncio.Queue[bytes]]]:
    """Run a callee whose Connect, between other packets, tunnels nothing and says where H.245 is listened for; queue
    the first bytes that come there."""
    heard: asyncio.Queue[bytes] = asyncio.Queue()
    serving: list[asyncio.Task[None] | None] = []

    async def control(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        heard.put_nowait(await reader.read(5))
        await closed(writer)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.append(asyncio.current_task())
        await reader.read(4)
        fields = h225.answer("connect", IDENTITY, h245=listening.sockets[0].getsockname())
        body = q931.body(h225.write(Body("connect", fields, tunnelling=False)))
        writer.write(before + tpkt.frame(q931.write(Message(q931.CONNECT, 7, True, (body,)))) + after)
        with suppress(OSError):
            await reader.read()
        await closed(writer)

    async def closed(writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            writer.close()
            await writer.wait_closed()

    async with (
        await asyncio.start_server(control, "127.0.0.1", 0) as listening,
        await asyncio.start_server(answer, "127.0.0.1", 0) as server,
    ):
        yield Target("127.0.0.1", server.sockets[0].getsockname()[1], "h323"), heard
        await soon(asyncio.gather(*filter(None, serving)))


async def test_a_callee_that_tunnels_no_longer_is_connected_to() -> None:
    _, proceeding, *_ = call_signalling()
    async with scripted_callee(before=proceeding) as (where, heard), agent() as caller:
        with pytest.raises(CallUnanswered, match="unreachable"):
            await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        assert (await soon(heard.get()))[4:] == b"\x02"  # terminalCapabilitySet


async def test_a_connection_of_h245_that_opens_after_the_end_is_closed() -> None:
    *_, release = call_signalling()
    async with scripted_callee(after=release) as (where, heard), agent() as caller:
        with pytest.raises(CallUnanswered, match=r"no agreement by H\.245"):
            await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        assert await soon(heard.get()) == b""


async def test_a_caller_that_is_gone_while_a_port_of_h245_is_opened_has_made_no_call() -> None:
    async def take(incoming: IncomingCall) -> Call:
        accepted = asyncio.create_task(incoming.accept(THEIRS))
        await asyncio.sleep(0)
        incoming._call._lost()
        return await accepted

    handler = RecordingHandler(take)
    async with agent(handler, tunnelling=False) as callee, wire(callee.address) as caller:
        caller.send(call_signalling()[0])
        with pytest.raises(CallUnanswered, match="unreachable"):
            raise await soon(handler.failed.get())
        server = (await soon(handler.incoming.get()))._call._control_link._server
        assert server is not None and not server.is_serving()


async def test_a_caller_that_is_cut_off_ends_its_call() -> None:
    handler = RecordingHandler()
    async with agent() as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee), OURS, name="UBND tỉnh"))
        theirs = await soon(handler.calls.get())
        call._link._writer.transport.abort()
        await soon(theirs.ended.wait())
        assert theirs.reason == "unreachable"


async def test_a_dialling_task_that_is_cancelled_hangs_up() -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def wait(incoming: IncomingCall) -> Call:
        arrived.set()
        await incoming._call.ended.wait()
        gone.set()
        raise CallUnanswered

    async with agent() as caller, agent(RecordingHandler(wait)) as callee:
        async with started(caller.invite(target(callee), OURS, name="UBND tỉnh")):
            await soon(arrived.wait())
        await soon(gone.wait())


async def test_calls_of_an_earlier_process_are_dialled_anew() -> None:
    handler = RecordingHandler()
    async with agent() as caller, agent(handler) as callee:
        call = await soon(caller.invite(target(callee, "2001"), OURS, name="UBND tỉnh"))
        snapshot = call.snapshot
        theirs = await soon(handler.calls.get())
    assert (snapshot.transport, snapshot.host, snapshot.user) == ("h323", "127.0.0.1", "2001")
    assert theirs.ended.is_set()  # it was hung up
    resumed = UnresumedCall(snapshot)
    assert (resumed.ended.is_set(), resumed.reason, resumed.peer, resumed.sdp) == (
        True,
        "unreachable",
        call.peer,
        call.sdp,
    )


async def test_a_pin_is_dialled_behind_the_number_and_stands_nowhere_else() -> None:
    handler = RecordingHandler()
    async with agent() as caller, agent(handler) as callee:
        where = replace(target(callee, "2001"), secret_user="2001**1234", device="vcs")
        call = await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        await soon(handler.calls.get())
        assert handler.incoming.get_nowait().user == "2001**1234"
        assert (call.peer.user, call.snapshot.user) == ("2001", "2001")
        traces = (*caller.traced("vcs", ""), *callee.traced("", "127.0.0.1"))
        assert len(traces) == 2
        assert not [each.text for traced in traces for each in traced.messages if "1234" in each.text]


async def test_the_trace_of_a_call_tells_no_digits() -> None:
    handler = RecordingHandler()
    async with agent() as caller, agent(handler) as callee:
        where = replace(target(callee, "1234567890"), device="vcs")
        call = await soon(caller.invite(where, OURS, name="UBND tỉnh"))
        await call.send_digits("98")
        await soon(handler.digits.get())
        assert caller.traced("", "127.0.0.1") == []  # it is a device's
        for traced in (*caller.traced("vcs", ""), *callee.traced("", "127.0.0.1")):
            texts = [each.text for each in traced.messages]
            assert texts[0].startswith("H.225.0 setup\nproduct: Diemcau 1\ndialled: •\nh245Tunnelling: yes")
            assert {text.splitlines()[0] for text in texts} >= {"H.225.0 connect", "H.245 terminalCapabilitySet"}
            assert not [text for text in texts if "1234567890" in text or '"9"' in text]
