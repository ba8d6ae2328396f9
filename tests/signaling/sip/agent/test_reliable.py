"""Reliable provisional responses for callers that require them (RFC 3262)."""

import asyncio

import pytest

from signaling.sip.agent.agent import Call, IncomingCall, Target
from tests.signaling.sip import wire
from tests.signaling.sip.agents import ANSWER, OFFER, RecordingHandler, agent, soon

REQUIRE = "Require: 100rel"


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do not wait for peers that are gone."""
    monkeypatch.setattr("signaling.sip.agent.agent.CLOSE_TIMEOUT_S", 0.05)


class _Undecided(RecordingHandler):
    """Accepts a call when `decided` is set."""

    def __init__(self) -> None:
        super().__init__(self._accept)
        self.decided = asyncio.Event()

    async def _accept(self, incoming: IncomingCall) -> Call:
        await self.decided.wait()
        return await incoming.accept(ANSWER)


async def test_180_is_repeated_until_its_prack() -> None:
    handler = _Undecided()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(REQUIRE)
        for _ in range(2):
            ringing = await peer.response()
            assert (ringing.status, ringing.get("require"), ringing.get("rseq")) == (180, "100rel", "1")
        peer.theirs = ringing.recipient.tag
        invited = peer.number
        peer.request("PRACK", f"RAck: 2 {invited} INVITE")
        assert (await peer.response()).status == 481
        peer.request("PRACK", f"RAck: 1  {invited} INVITE")
        assert (await peer.response()).status == 200
        peer.request("PRACK", f"RAck: 1 {invited} INVITE")  # a second one acknowledges nothing
        assert (await peer.response()).status == 481
        handler.decided.set()
        response = await peer.response()
        assert (response.status, response.sequence, response.recipient.tag) == (200, (invited, "INVITE"), peer.theirs)
        peer.number = invited
        peer.ack()
        await soon(handler.calls.get())


async def test_an_update_within_the_early_dialog() -> None:
    """RFC 3311 §5.2: the offer of the INVITE is not answered yet."""
    handler = _Undecided()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(REQUIRE)
        peer.theirs = (await peer.response()).recipient.tag
        invited = peer.number
        peer.request("PRACK", f"RAck: 1 {invited} INVITE")
        assert (await peer.response()).status == 200
        peer.contact_user = "moved"
        update = peer.request("UPDATE")
        response = await peer.response()
        assert (response.status, response.text) == (200, "")
        assert response.contact is not None and response.contact.uri.startswith("sip:diemcau@")
        peer.request("UPDATE", body=OFFER)
        response = await peer.response()
        assert (response.status, response.get("retry-after")) == (500, "2")
        peer.request("UPDATE", "Require: x")
        assert (await peer.response()).status == 420
        peer.send(update.replace(b"branch=z9hG4bK", b"branch=z9hG4bKlate"))
        response = await peer.response()
        assert (response.status, response.get("retry-after")) == (500, None)
        peer.theirs, ours_tag = "another", peer.theirs
        peer.request("UPDATE")
        assert (await peer.response()).status == 481
        handler.decided.set()
        assert (await peer.response()).status == 200
        peer.theirs, peer.number = ours_tag, invited
        peer.ack()
        call = await soon(handler.calls.get())
        hanging_up = asyncio.create_task(call.hang_up())
        bye = await peer.next_request("BYE")
        assert bye.uri.startswith("sip:moved@")
        peer.respond(bye, 200)
        await soon(hanging_up)


async def test_a_prack_may_come_after_the_200() -> None:
    handler = RecordingHandler()
    async with agent(handler) as ours, wire.tcp(ours) as peer:
        peer.invite(REQUIRE)
        invited, response = peer.number, await peer.response(skip=180)
        while response.status < 200:
            response = await peer.response(skip=180)
        peer.theirs = response.recipient.tag
        for status in (200, 481):
            peer.request("PRACK", f"RAck: 1 {invited} INVITE")
            while (answer := await peer.response()).sequence[1] != "PRACK":
                pass
            assert answer.status == status
        peer.number = invited
        peer.ack()
        await soon(handler.calls.get())


async def test_without_an_offer_nothing_is_said_before_the_200() -> None:
    """A reliable response would have to hold our offer (§5)."""
    handler = _Undecided()
    async with agent(handler) as ours, wire.udp(ours) as peer:
        peer.invite(REQUIRE, body="")
        await soon(handler.incoming.get())
        handler.decided.set()
        assert (await peer.response()).status == 200


@pytest.mark.parametrize("headers", [(), ("Supported: 100rel",)])
async def test_nobody_else_hears_180(headers: tuple[str, ...]) -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        peer.invite(*headers)
        assert (await peer.response()).status == 200


async def test_nothing_is_required_of_those_we_call() -> None:
    async with agent() as ours, wire.udp(ours) as peer:
        calling = asyncio.create_task(ours.invite(Target(wire.HOST, peer.port), OFFER, name=""))
        invite = await peer.next_request("INVITE")
        assert (invite.get("require"), invite.get("supported")) == (None, None)
        peer.respond(invite, 200, body=ANSWER)
        await soon(calling)
