"""Calls with a real room system (baresip), both ways, over UDP and TCP."""

import asyncio
from pathlib import Path

import pytest

from loadtest.rooms.baresip import room
from loadtest.rooms.forger import WRONG_CODE, forging
from signaling.sip.agent.agent import Call, CallRefused, CallUnanswered, IncomingCall, Target
from tests.signaling.sip.agents import OFFER, RecordingHandler, accept, agent, soon

BOTH = pytest.mark.parametrize("transport", ["udp", "tcp"])


@BOTH
async def test_dial_and_hang_up(tmp_path: Path, transport: str) -> None:
    async with room(tmp_path, name="Sở Y tế") as peer, agent() as ours:
        call = await ours.invite(Target(*peer.address, transport=transport), OFFER, name="Phiên họp")
        await peer.event("CALL_ESTABLISHED")
        assert call.sdp.startswith("v=0\r\n") and "m=audio" in call.sdp and "H264/90000" in call.sdp
        assert call.peer.address == "127.0.0.1" and call.peer.user.startswith("room-")
        assert call.peer.user_agent.startswith("baresip v1.1.0")
        assert 'From: "Phiên họp" <sip:diemcau@' in peer.log
        await call.hang_up()
        await peer.event("CALL_CLOSED")
        assert call.reason == "hung up"


@BOTH
async def test_they_hang_up(tmp_path: Path, transport: str) -> None:
    async with room(tmp_path) as peer, agent() as ours:
        call = await ours.invite(Target(*peer.address, transport=transport), OFFER, name="Phiên họp")
        await peer.event("CALL_ESTABLISHED")
        await peer.command("hangup")
        await soon(call.ended.wait())
        assert call.reason == "bye"


@BOTH
async def test_they_dial(tmp_path: Path, transport: str) -> None:
    handler = RecordingHandler()
    async with room(tmp_path, name="Huyện Cam Lâm", user="camlam") as peer, agent(handler) as ours:
        await peer.command("dial", "sip:1234567890@{}:{};transport={}".format(*ours.address, transport))
        await peer.event("CALL_ESTABLISHED")
        call = await soon(handler.calls.get())
        incoming = handler.incoming.get_nowait()
        assert incoming.user == "1234567890"
        assert (incoming.peer.address, incoming.peer.name, incoming.peer.user) == (
            "127.0.0.1",
            "Huyện Cam Lâm",
            "camlam",
        )
        assert incoming.peer.user_agent.startswith("baresip v1.1.0")
        assert incoming.offer == call.sdp and "m=video" in call.sdp
        await call.hang_up()
        await peer.event("CALL_CLOSED")


async def test_they_dial_again_where_they_are_redirected_as_others_call_in_their_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)

    async def take(incoming: IncomingCall) -> Call:
        if incoming.user == WRONG_CODE:
            incoming.refuse(404)
            raise CallUnanswered("forged")
        return await accept(incoming)

    handler = RecordingHandler(take)
    handler.names = {"camlam"}
    async with (
        room(tmp_path, user="camlam") as peer,
        agent(handler) as ours,
        forging("127.0.0.1", "camlam", ours.address),
    ):
        await peer.command("dial", "sip:1234567890@{}:{};transport=udp".format(*ours.address))
        await peer.event("CALL_ESTABLISHED")
        assert peer.log.count("SIP/2.0 302 Moved Temporarily") == 1
        await (await soon(handler.calls.get())).hang_up()
        await peer.event("CALL_CLOSED")


@BOTH
async def test_hold_and_resume(tmp_path: Path, transport: str) -> None:
    handler = RecordingHandler()
    async with room(tmp_path) as peer, agent(handler) as ours:
        await peer.command("dial", "sip:1@{}:{};transport={}".format(*ours.address, transport))
        call = await soon(handler.calls.get())
        await peer.event("CALL_ESTABLISHED")
        for number, command, direction in ((2, "hold", "inactive"), (3, "resume", "sendrecv")):
            await peer.command(command)
            await soon(_says(peer.folder / "log", "got SDP answer", number))
            answer = peer.log.rpartition("Server: Diemcau")[2].partition("\x1b")[0]
            assert answer.count(f"a={direction}") == answer.count("m=") == 2
        await call.hang_up()


async def test_hold_of_a_dialled_call(tmp_path: Path) -> None:
    async with room(tmp_path) as peer, agent() as ours:
        call = await ours.invite(Target(*peer.address), OFFER, name="Phiên họp")
        await peer.event("CALL_ESTABLISHED")
        await peer.command("hold")
        await soon(_says(peer.folder / "log", "a=inactive"))
        assert "SIP/2.0 488" not in peer.log
        await call.hang_up()


async def test_they_do_not_answer(tmp_path: Path) -> None:
    async with room(tmp_path, answer="manual") as peer, agent(ring_s=1.0) as ours:
        with pytest.raises(CallUnanswered, match="no answer in 1 s"):
            await ours.invite(Target(*peer.address), OFFER, name="Phiên họp")
        await peer.event("CALL_CLOSED")
        assert "CANCEL sip:" in peer.log


async def test_a_cancelled_invite_stops_ringing(tmp_path: Path) -> None:
    async with room(tmp_path, answer="manual") as peer, agent() as ours:
        waiting = asyncio.create_task(ours.invite(Target(*peer.address), OFFER, name="Phiên họp"))
        await peer.event("CALL_INCOMING")
        waiting.cancel()
        await peer.event("CALL_CLOSED")


async def test_they_refuse(tmp_path: Path) -> None:
    async with room(tmp_path, answer="manual") as peer, agent() as ours:
        waiting = asyncio.create_task(ours.invite(Target(*peer.address), OFFER, name="Phiên họp"))
        await peer.event("CALL_INCOMING")
        await peer.command("hangup")
        with pytest.raises(CallRefused) as refusal:
            await waiting
        assert refusal.value.status == 486


@BOTH
async def test_the_call_handler_refuses(tmp_path: Path, transport: str) -> None:
    async def refuse(incoming: IncomingCall) -> Call:
        incoming.refuse(404)
        raise CallUnanswered("refused")

    handler = RecordingHandler(refuse)
    async with room(tmp_path) as peer, agent(handler) as ours:
        await peer.command("dial", "sip:1@{}:{};transport={}".format(*ours.address, transport))
        assert "404" in (await peer.event("CALL_CLOSED"))["param"]


async def test_they_hang_up_before_the_answer(tmp_path: Path) -> None:
    go = asyncio.Event()

    async def wait(incoming: IncomingCall) -> Call:
        await go.wait()
        return await incoming.accept(OFFER)

    handler = RecordingHandler(wait)
    async with room(tmp_path) as peer, agent(handler) as ours:
        await peer.command("dial", "sip:1@{}:{}".format(*ours.address))
        await soon(handler.incoming.get())
        await peer.command("hangupall", "dir=all")
        await soon(_says(peer.folder / "log", "487 Request Terminated"))
        go.set()
        assert str(await soon(handler.failed.get())) == "gone before the answer"


@BOTH
async def test_alive(tmp_path: Path, transport: str) -> None:
    async with agent() as ours:
        async with room(tmp_path) as peer:
            assert await ours.alive(Target(*peer.address, transport=transport))
        if transport == "tcp":
            assert not await ours.alive(Target(*peer.address, transport=transport))


async def test_closing_hangs_up(tmp_path: Path) -> None:
    async with room(tmp_path) as peer:
        async with agent() as ours:
            call = await ours.invite(Target(*peer.address), OFFER, name="Phiên họp")
            await peer.event("CALL_ESTABLISHED")
        await peer.event("CALL_CLOSED")
        assert call.reason == "hung up"


async def _says(log: Path, text: str, times: int = 1) -> None:
    while log.read_text("utf-8", "replace").count(text) < times:
        await asyncio.sleep(0.05)
