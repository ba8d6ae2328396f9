"""sipp as a room system, with an agent of ours on the other side. Also tests `sipp_scenarios.py`, `descriptions.py`,
`forger.py`."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from loadtest.rooms import scripts
from loadtest.rooms.forger import forging
from loadtest.rooms.plain_media import PlainMedia
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.rosters import ALL, CHANGE
from loadtest.rooms.sipp_room import Script, SippRoom, roster_room, sipp_room
from loadtest.rooms.sipp_scenarios import Question
from signaling.sip.agent.agent import Agent, Call, CallRefused, IncomingCall, Target
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.roster import NOBODY, Inside
from tests.signaling.sip.agents import RecordingHandler, agent

BLUE, GREEN = (0, 0, 255), (0, 255, 0)
OURS = (
    "v=0\r\no=diemcau 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 9\r\n"
    "m=video 40002 RTP/AVP 97\r\na=rtpmap:97 H264/90000\r\n"
)
WITH_SLIDES = OURS + "m=application 40004 UDP/BFCP *\r\n"


async def take(incoming: IncomingCall) -> Call:
    """Answer with sound and picture."""
    incoming.proceed()  # as of a caller that is known
    return await incoming.accept(OURS)


class Handler(RecordingHandler):
    """Keeps the offers of re-INVITEs, and answers them."""

    def __init__(self) -> None:
        super().__init__(take)

    async def reoffered(self, call: Call, offer: str) -> str:
        self.offers.put_nowait(offer)
        return OURS


def media() -> PlainMedia:
    return PlainMedia("127.0.1.1", 880, BLUE, GREEN)


async def dial(room: SippRoom, ours: Agent) -> None:
    await room.dial("sip:1234567890@{}:{};transport=udp".format(*ours.address))
    await room.established()
    assert room.description == OURS.replace("\r", "").strip()


async def test_a_call_in_whose_name_others_call_comes_again_where_it_is_redirected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = Handler()
    handler.names, handler.addresses = {scripts.ALIAS}, {media().host}
    async with agent(handler) as ours, sipp_room(tmp_path, media(), scripts.redirected) as room:
        await dial(room, ours)
        assert room.answers == ["200 OK"]
        await room.hang_up()
        monkeypatch.setattr("signaling.sip.agent.rate_limit.PER_SECOND", 0.0)
        async with forging(media().host, scripts.ALIAS, ours.address):
            await dial(room, ours)
            assert room.answers == ["302 Moved Temporarily", "200 OK"]
            await room.hang_up()


@pytest.mark.parametrize("script", [scripts.late_offer, scripts.reliable], ids=["late offer", "100rel"])
async def test_it_dials_and_hangs_up(tmp_path: Path, script: Script) -> None:
    handler = Handler()
    async with agent(handler) as ours, sipp_room(tmp_path, media(), script) as room:
        for _ in range(2):  # one process each
            await dial(room, ours)
            call = await handler.calls.get()
            assert call.sdp.splitlines()[3] == "c=IN IP4 127.0.1.1"
            await room.hang_up()
            assert call.reason == "bye"
            assert [word for word in ("INVITE ", "SIP/2.0 200 OK", "ACK ", "BYE ") if word not in room.said] == []


async def test_it_moves_its_ports_and_address_within_a_call(tmp_path: Path) -> None:
    handler, moving = Handler(), PlainMedia("127.0.1.1", 880, BLUE, GREEN, spare_host="127.0.2.1")
    async with agent(handler) as ours, sipp_room(tmp_path, moving, scripts.moving) as room:
        await dial(room, ours)
        before = dict(room.media.ports)
        await room.move()
        ports = room.media.ports
        assert ports["audio"] != before["audio"] and ports["video"] != before["video"]
        offer = await handler.offers.get()
        assert "o=- 1 2 IN IP4 127.0.1.1" in offer and "c=IN IP4 127.0.2.1" in offer
        assert f"m=audio {ports['audio']} " in offer and f"m=video {ports['video']} " in offer
        await room.hang_up()


async def test_it_keys_a_code_in_by_info_and_takes_the_offer_that_moves_the_call(tmp_path: Path) -> None:
    handler, moved = Handler(), OURS.replace("40000", "41000").replace("40002", "41002")
    async with agent(handler) as ours, sipp_room(tmp_path, media(), scripts.entering) as room:
        await dial(room, ours)
        call = await handler.calls.get()
        assert room.dialled == "diemcau"
        await room.press("1234567890#")
        assert "".join([await handler.digits.get() for _ in range(11)]) == "1234567890#"
        assert "o=- 1 2 IN IP4 127.0.1.1" in await call.offer(moved)
        await room.renewed()
        assert room.description == moved.replace("\r", "").strip()
        await room.hang_up()
        assert call.reason == "bye"


async def test_it_takes_keys_by_info(tmp_path: Path) -> None:
    async with agent(Handler()) as ours, sipp_room(tmp_path, media(), scripts.without_events) as room:
        await room.expect()
        call = await ours.invite(Target(*room.address, "udp"), OURS, name="")
        await room.established()
        assert "telephone-event" not in call.sdp and room.pressed == ""
        assert call.peer.name == "Hội nghị Chính phủ"
        assert await call.send_digits("2468#")
        assert room.pressed == "2468#"
        await room.hang_up()
        await call.ended.wait()


async def test_it_tells_who_is_in_its_room_what_changes_and_the_end(tmp_path: Path) -> None:
    told: asyncio.Queue[Inside] = asyncio.Queue()
    async with agent(Handler()) as ours, roster_room(tmp_path, media(), scripts.telling_roster) as room:
        for changes in (False, True):  # it is also hung up before anything changes
            await room.expect()
            call = await ours.invite(Target(*room.address, "udp"), OURS, name="")
            call.follow_roster(told.put_nowait)
            await room.established()
            assert await told.get() == Inside(ALL.names, ALL.more)
            if changes:
                await room.tell_change()
                assert await told.get() == Inside(CHANGE.names, CHANGE.more)
            await room.hang_up()
            assert await told.get() == NOBODY
            await call.ended.wait()


async def test_its_media_are_at_another_address_than_its_signalling(tmp_path: Path) -> None:
    handler = Handler()
    async with agent(handler) as ours, sipp_room(tmp_path, media(), scripts.plain, "127.0.2.1") as room:
        await dial(room, ours)
        call = await handler.calls.get()
        assert (call.peer.address, call.sdp.splitlines()[3]) == ("127.0.2.1", "c=IN IP4 127.0.1.1")
        await room.hang_up()


async def test_it_hangs_up_after_it_was_asked_whether_it_is_on(tmp_path: Path) -> None:
    async with agent(Handler()) as ours, sipp_room(tmp_path, media(), scripts.late_offer) as room:
        await dial(room, ours)
        asking = asyncio.create_task(ours.alive(Target(*room.address, "udp")))
        while not room._messages()[-1].startswith("OPTIONS "):
            await asyncio.sleep(0.01)
        await room.hang_up()
        asking.cancel()


@pytest.mark.parametrize(
    ("script", "status", "user"),
    [(scripts.redirecting, 302, "moved"), (scripts.refusing("488 Not Acceptable Here"), 488, "")],
    ids=["302", "488"],
)
async def test_it_answers_the_call_that_follows_its_refusal(
    tmp_path: Path, script: Script, status: int, user: str
) -> None:
    async with agent(Handler()) as ours, sipp_room(tmp_path, media(), script) as room:
        await room.expect()
        assert await ours.alive(Target(*room.address, "udp"))
        with pytest.raises(CallRefused) as refused:
            await ours.invite(Target(*room.address, "udp"), WITH_SLIDES, name="")
        assert refused.value.status == status
        call = await ours.invite(Target(*room.address, "udp", user=user), OURS, name="")
        await room.established()
        assert [answer.partition(" ")[0] for answer in room.answers] == [str(status), "200"]
        await room.hang_up()
        await room.expect()
        assert room.answers == []
        await call.ended.wait()


@pytest.mark.parametrize(
    ("status", "algorithm"),
    [("401 Unauthorized", "MD5"), ("407 Proxy Authentication Required", "MD5"), ("401 Unauthorized", "SHA-256")],
)
async def test_it_takes_a_call_that_proves_the_password_and_no_other(
    tmp_path: Path,
    status: Literal["401 Unauthorized", "407 Proxy Authentication Required"],
    algorithm: Literal["MD5", "SHA-256"],
) -> None:
    script = scripts.challenging(Question(status, algorithm, ("kh", "bi-mat-01")))
    async with agent(Handler()) as ours, sipp_room(tmp_path, media(), script) as room:
        await room.expect()
        wrong = Target(*room.address, "udp", credentials=Credentials("kh", "bi-mat-02"))
        if status.startswith("401"):
            with pytest.raises(CallRefused, match="403"):
                await ours.invite(wrong, OURS, name="")
        else:  # whose answer sipp does not check
            await ours.invite(wrong, OURS, name="")
            with pytest.raises(RoomFailed, match="the password is not proved"):
                await room.established()
            await room.hang_up()
        await room.expect()
        call = await ours.invite(replace(wrong, credentials=Credentials("kh", "bi-mat-01")), OURS, name="")
        await room.established()
        await room.hang_up()
        await call.ended.wait()


async def test_a_call_that_is_refused_is_told(tmp_path: Path) -> None:
    async def refuse(incoming: IncomingCall) -> Call:
        incoming.refuse(403)
        return await incoming.accept(OURS)

    async with agent(RecordingHandler(refuse)) as ours, sipp_room(tmp_path, media(), scripts.late_offer) as room:
        with pytest.raises(RoomFailed, match="no ACK from sipp"):
            await dial(room, ours)
