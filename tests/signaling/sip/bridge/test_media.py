"""A real room system in a meeting of browsers: picture and sound in both directions."""

import asyncio
import wave
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.perception import picture_of
from loadtest.media.perception import sees as sees_colour
from loadtest.rooms import baresip
from loadtest.rooms.baresip import LOOPBACK, Baresip
from mediaserver.api import Encryption, Layout, PeerUp, RoomOptions, SeatOptions, SipLimits
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import VIDEO_CLOCK
from mediaserver.sdp import sip_write
from mediaserver.video.layout import arrange
from mediaserver.worker.engine import LocalEngine
from signaling.sip.agent.agent import Agent, Call, IncomingCall, Registration, SipSettings, Target
from tests.mediaserver.meeting import PATIENCE_S, ROOM, Guest, Meeting, tones

HD, FULL_HD = (1280, 720), (1920, 1080)
OPTIONS = RoomOptions(*HD)
BLUE_HERTZ = 1000
FLUENT_HZ, IN_A_ROW = 15, 6
"""Pictures a second, for so many, once and each way: a busy machine skips some of thirty; of slides there are five."""


class SeatingHandler:
    """Accepts every call into the seat."""

    def __init__(self, meeting: Meeting) -> None:
        self.meeting = meeting
        self.encryption: Encryption = "off"
        self.calls: asyncio.Queue[Call] = asyncio.Queue()

    async def called(self, incoming: IncomingCall) -> None:
        answer = await self.meeting.engine.connect(ROOM, "vcs", incoming.offer, plain=True, encryption=self.encryption)
        self.calls.put_nowait(await incoming.accept(answer))

    async def registering(self, registration: Registration) -> None:
        raise AssertionError("nobody registers")

    def names_device(self, user: str) -> bool:
        return False

    def proves_itself(self, user: str) -> bool:
        return False

    def has_address(self, host: str) -> bool:
        return True

    async def reoffered(self, call: Call, offer: str) -> str:
        return await self.meeting.engine.renegotiate(ROOM, "vcs", offer)

    async def reoffer(self, call: Call) -> str:
        return await self.meeting.engine.reoffer(ROOM, "vcs")

    async def reanswered(self, call: Call, answer: str) -> None:
        await self.meeting.engine.accept(ROOM, "vcs", answer)

    def digit_pressed(self, call: Call, digit: str) -> None:
        """Ignore digits of INFO requests."""

    def certificate_refused(self, host: str, why: str) -> None:
        raise AssertionError("nobody calls by TLS")

    def keyframe_requested(self, call: Call) -> None:
        """Ignore the request: RTCP says so too."""


@pytest.fixture
async def meeting() -> AsyncIterator[Meeting]:
    engine = LocalEngine([LOOPBACK], 0)
    engine.start()
    held = Meeting(engine, OPTIONS)
    await held.open()
    yield held
    await held.close()


@pytest.fixture
async def handler(meeting: Meeting) -> SeatingHandler:
    return SeatingHandler(meeting)


@pytest.fixture
async def agent(handler: SeatingHandler) -> AsyncIterator[Agent]:
    held = Agent(SipSettings(LOOPBACK, 0), handler)
    await held.start()
    yield held
    await held.close()


class PictureTimes:
    """The times of the pictures of a stream, as their RTP timestamps say."""

    def __init__(self) -> None:
        self._newest: deque[int] = deque(maxlen=IN_A_ROW)
        self.fluent = False
        """Whether some came so fast."""

    def note(self, packet: bytes | memoryview) -> None:
        """Note the picture to which an RTP packet belongs."""
        time = int.from_bytes(packet[4:8], "big")
        if time not in self._newest:
            self._newest.append(time)
            lasted = (time - self._newest[0]) & 0xFFFFFFFF
            fast = len(self._newest) == IN_A_ROW and FLUENT_HZ * lasted <= (IN_A_ROW - 1) * VIDEO_CLOCK
            self.fluent = self.fluent or fast


def sent_to(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> PictureTimes:
    """Note the pictures that the room system is sent from now on."""
    peer, sent = meeting.engine._rooms[ROOM].seats["vcs"].peer, PictureTimes()  # type: ignore[attr-defined]
    pair = peer.streams.picture.port_pair
    send = pair.send_packet

    def noted(packet: bytes) -> None:
        sent.note(packet)
        send(packet)

    monkeypatch.setattr(pair, "send_packet", noted)
    return sent


def received_by(guest: Guest, monkeypatch: pytest.MonkeyPatch) -> PictureTimes:
    """Note the pictures that a guest gets from now on, and decode none: that takes the cores."""
    received = PictureTimes()

    def noted(codec: str, data: memoryview, _length: int, _received_at: float) -> bool:
        if codec == "H264":
            received.note(data)
        return False

    monkeypatch.setattr(guest.watch, "packet", noted)
    return received


async def sees(
    peer: Baresip, meeting: Meeting, name: str, rgb: tuple[int, int, int], size: tuple[int, int] = HD
) -> None:
    """Wait until a room system sees a colour in a seat's place, in a picture of a size."""
    tile = next(each for each in arrange(Layout(), meeting.seats, None, *size) if each.seat == name)
    async with asyncio.timeout(PATIENCE_S):
        while True:
            picture = picture_of(await peer.snapshot())
            if picture.shape == (size[1], size[0], 3):
                pixel = picture[tile.y + tile.height // 2, tile.x + tile.width // 2].astype(int)
                if max(abs(pixel - np.array(rgb))) < 80:
                    return


def heard(peer: Baresip) -> set[int]:
    """Return the tones it heard in the last seconds of its last call, but for the very end."""
    with wave.open(str(peer.heard()[-1])) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)[:: file.getnchannels()]
        rate = file.getframerate()
    return tones(np.repeat(samples, 48_000 // rate)[-120_000:-24_000])


async def see_and_hear_each_other(meeting: Meeting, a: Guest, peer: Baresip, size: tuple[int, int] = HD) -> None:
    """Wait until both sides see each other, and the guest hears the room system once it has the floor."""
    await meeting.happened(PeerUp(ROOM, "vcs"))
    await peer.event("CALL_RTPESTAB", "audio")
    await peer.event("CALL_RTPESTAB", "video")
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    await sees(peer, meeting, "a", (255, 0, 0), size)
    assert await a.watch.listen() == set()
    await meeting.engine.set_floor(ROOM, "vcs", True)
    await a.watch.until(lambda: a.watch.tones() == {BLUE_HERTZ})
    await a.watch.more(75)
    await a.watch.hears(BLUE_HERTZ)


def in_slices(offer: str) -> str:
    """Return our offer as one who knows packetization-mode 0 alone would understand it."""
    lines = [line for line in offer.split("\r\n") if f":{sip_write.MODE_1} " not in line]
    return "\r\n".join(lines).replace(f"RTP/AVP {sip_write.MODE_1} ", "RTP/AVP ")


@pytest.mark.parametrize(("audio", "mode", "size"), [("g722/16000/1", 1, FULL_HD), ("pcma/8000/1", 0, HD)])
async def test_r057_a_real_room_system_that_is_called_sees_hears_is_seen_and_heard(
    meeting: Meeting,
    agent: Agent,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    audio: str,
    mode: int,
    size: tuple[int, int],
) -> None:
    fps = 30 if size == FULL_HD else 25
    film = await baresip.film(tmp_path / "blue.mp4", "color=blue:size={}x{}:rate={}".format(*size, fps))
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("vcs", "Phòng họp"))
    meeting.seats.append("vcs")
    async with baresip.room(tmp_path, film=film, size=size, fps=fps, tone=BLUE_HERTZ, audio=audio) as peer:
        limits = SipLimits(level=40, bitrate=2_600_000) if size == FULL_HD else SipLimits()
        offer = await meeting.engine.invite(ROOM, "vcs", limits=limits)
        offer = offer if mode else in_slices(offer)
        call = await agent.invite(Target(*peer.address), offer, name="UBND tỉnh")
        assert call.sdp.count("packetization-mode=") == 1 + mode
        answer = call.sdp.replace("42e01f", "42e028") if size == FULL_HD else call.sdp  # it decodes more than it says
        await meeting.engine.accept(ROOM, "vcs", answer)
        await see_and_hear_each_other(meeting, a, peer, size)
        b = await meeting.join("b", "green", 660, view="camera:vcs", offered=OfferOptions(("H264",), 1))
        await b.watch.until(lambda: b.watch.size == size and b.watch.colour() == "blue")
        sent, received = sent_to(meeting, monkeypatch), received_by(b, monkeypatch)
        received_by(a, monkeypatch)
        async with asyncio.timeout(PATIENCE_S):
            while not (sent.fluent and received.fluent):
                await asyncio.sleep(0.1)
        await call.hang_up()
        await peer.event("CALL_CLOSED")
        assert heard(peer) == {440}


async def test_r095_a_real_room_system_that_calls_encrypted_sees_hears_is_seen_and_heard(
    meeting: Meeting, agent: Agent, handler: SeatingHandler, tmp_path: Path
) -> None:
    film = await baresip.film(tmp_path / "blue.mp4")
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("vcs", "Phòng họp"))
    meeting.seats.append("vcs")
    handler.encryption = "demanded"
    facts: dict[str, Any] = {"audio": "opus/48000/2", "more": ";mediaenc=dtls_srtp"}
    async with baresip.room(tmp_path, film=film, size=(1280, 720), tone=BLUE_HERTZ, **facts) as peer:
        host, port = agent.address
        await peer.command("dial", f"sip:123456@{host}:{port}")
        await peer.event("CALL_ESTABLISHED")
        await see_and_hear_each_other(meeting, a, peer)
        assert "UDP/TLS/RTP/SAVP" in peer.log and "a=crypto" not in peer.log
        await peer.command("hangup")
        call = handler.calls.get_nowait()
        async with asyncio.timeout(PATIENCE_S):
            await call.ended.wait()
        assert heard(peer) == {440}


async def test_a_real_room_system_on_hold_is_neither_seen_nor_heard_until_it_resumes(
    meeting: Meeting, agent: Agent, tmp_path: Path
) -> None:
    film = await baresip.film(tmp_path / "blue.mp4")
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("vcs", "Phòng họp"))
    meeting.seats.append("vcs")
    async with baresip.room(tmp_path, film=film, size=(1280, 720), tone=BLUE_HERTZ) as peer:
        offer = await meeting.engine.invite(ROOM, "vcs")
        call = await agent.invite(Target(*peer.address), offer, name="UBND tỉnh")
        await meeting.engine.accept(ROOM, "vcs", call.sdp)
        await see_and_hear_each_other(meeting, a, peer)
        await peer.command("hold")
        await a.watch.silence()
        await a.watch.until(lambda: not meeting.shows(a, "vcs", colour="blue"))
        await peer.command("resume")
        await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {BLUE_HERTZ})
        await sees(peer, meeting, "a", (255, 0, 0))
        assert not call.ended.is_set()


class Losses:
    """Loses one packet of twenty of a call, either way; counts what is lost and the key frames that are asked for."""

    def __init__(self, streams: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lost = {"sent": 0, "received": 0}
        self.keyframes = 0
        self._random = Random(7)
        ask = streams.picture.forwarder.request_keyframe

        def asked(now: float) -> None:
            self.keyframes += 1
            ask(now)

        monkeypatch.setattr(streams.picture.forwarder, "request_keyframe", asked)
        for stream in (streams.sound, streams.picture):
            send, take = stream.port_pair.send_packet, stream.rtp

            def sent(packet: bytes, send: Callable[[bytes], None] = send) -> None:
                if self._passes("sent"):
                    send(packet)

            def received(packet: Packet, now: float, take: Callable[[Packet, float], None] = take) -> None:
                if self._passes("received"):
                    take(packet, now)

            monkeypatch.setattr(stream.port_pair, "send_packet", sent)
            monkeypatch.setattr(stream, "rtp", received)

    def _passes(self, way: str) -> bool:
        lost = self._random.random() < 0.05
        self.lost[way] += lost
        return not lost


@pytest.mark.drill
async def test_a_real_room_system_on_a_lossy_line_reports_it_gets_key_frames_and_is_seen_and_heard_on(
    meeting: Meeting, agent: Agent, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """baresip has no packet sent again (NACK) and names no limit (TMMBR): it reports loss and asks for key frames."""
    film = await baresip.film(tmp_path / "blue.mp4", seconds=150)
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("vcs", "Phòng họp"))
    meeting.seats.append("vcs")
    async with baresip.room(tmp_path, film=film, size=HD, tone=BLUE_HERTZ) as peer:
        offer = await meeting.engine.invite(ROOM, "vcs")
        call = await agent.invite(Target(*peer.address), offer, name="UBND tỉnh")
        await meeting.engine.accept(ROOM, "vcs", call.sdp)
        await see_and_hear_each_other(meeting, a, peer)
        streams = meeting.engine._rooms[ROOM].seats["vcs"].peer.streams  # type: ignore[attr-defined]
        reported, losses = streams.picture.carried, Losses(streams, monkeypatch)
        async with asyncio.timeout(60):
            while not (min(losses.lost.values()) > 100 and losses.keyframes):
                await asyncio.sleep(0.2)
        assert streams.sound.carried.lost > 0 and (streams.sound.carried.lost_there or 0) > 0
        assert (streams.picture.carried.lost_there or 0) > (reported.lost_there or 0)
        assert streams.picture.carried.keyframes > reported.keyframes
        async with asyncio.timeout(PATIENCE_S):
            while not sees_colour(picture_of(await peer.snapshot()), (255, 0, 0)):
                pass
        sent = sent_to(meeting, monkeypatch)
        await a.watch.until(lambda: sent.fluent and meeting.shows(a, "vcs", colour="blue"))
        await a.watch.hears(BLUE_HERTZ)
        await call.hang_up()
        await peer.event("CALL_CLOSED")
        assert heard(peer) == {440}
