"""A call continues in another process, with an agent that did not begin it.

Also tests `snapshot.py`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from loadtest.rooms.baresip import room
from signaling.sip.agent.agent import Agent, Call, SipSettings, Target
from tests.signaling.sip import wire
from tests.signaling.sip.agents import OFFER, RecordingHandler, agent, soon

TIMER = ("Supported: timer", "Session-Expires: 1800;refresher=uac")


@asynccontextmanager
async def succeeded(ours: Agent, call: Call) -> AsyncIterator[Call]:
    """Yield another agent at the same address, with the call of the first one; the peer was told nothing."""
    host, port = ours.address
    snapshot = call.snapshot
    await ours.leave()
    next_ = Agent(SipSettings(host, port), RecordingHandler())
    (again,) = await next_.start([snapshot])
    try:
        yield again
    finally:
        await next_.close()


async def test_a_resumed_call_survives_its_next_refresh_and_ends_by_the_peer_s_bye() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call(*TIMER)
        call = await soon(handler.calls.get())
        async with succeeded(ours, call) as again:
            assert again.snapshot == _later(call)
            peer.request("UPDATE", *TIMER, body=OFFER)
            response = await peer.response()
            assert (response.status, response.get("session-expires")) == (200, "1800;refresher=uac")
            assert not again.ended.is_set()
            peer.request("BYE")
            assert (await peer.response()).status == 200
            await soon(again.ended.wait())
            assert (again.reason, call.ended.is_set()) == ("bye", False)


def _later(call: Call) -> object:
    snapshot = call.snapshot
    return type(snapshot)(
        **{name: getattr(snapshot, name) for name in snapshot.__slots__} | {"sequence": snapshot.sequence + 16}
    )


async def test_our_requests_have_numbers_that_the_first_agent_cannot_have_used() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call()
        call = await soon(handler.calls.get())
        async with succeeded(ours, call) as again:
            leaving = asyncio.ensure_future(again.hang_up())
            bye = await peer.next_request("BYE")
            assert (bye.sequence, bye.sender.tag, bye.recipient.tag) == ((18, "BYE"), peer.theirs, "peer")
            peer.respond(bye, 200)
            await soon(leaving)


async def test_a_resumed_call_that_nobody_refreshes_ends_at_its_session_expiry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.sip.agent.session_timer.watch_seconds", lambda _: 0.3)
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        await peer.call(*TIMER)
        call = await soon(handler.calls.get())
        async with succeeded(ours, call) as again:
            peer.respond(await peer.next_request("BYE"), 200)
            await soon(again.ended.wait())
            assert again.reason == "session timer"


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_room_system_holds_resumes_and_hangs_up_with_the_next_agent(tmp_path: Path, transport: str) -> None:
    async with room(tmp_path) as peer, agent() as ours:
        call = await ours.invite(Target(*peer.address, transport=transport), OFFER, name="Phiên họp")
        await peer.event("CALL_ESTABLISHED")
        async with succeeded(ours, call) as again:
            await peer.command("hold")
            async with asyncio.timeout(30):
                while "a=inactive" not in peer.log:
                    await asyncio.sleep(0.05)
            assert not again.ended.is_set()
            await peer.command("hangup")
            await soon(again.ended.wait())
            assert again.reason == "bye"
