"""Tests of the m-line by which the camera of a room system is controlled, in calls either way."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pylibsrtp import Policy, Session

from mediaserver.api import (
    CameraControl,
    CameraControllable,
    CameraMovement,
    CameraSource,
    RoomOptions,
    SeatOptions,
    SipLimits,
)
from mediaserver.fecc.camera_controller import USUAL
from mediaserver.rtp.packet import HEADER
from mediaserver.sdp import sdes, sip_parse
from tests.mediaserver.meeting import PATIENCE_S, ROOM, Meeting
from tests.mediaserver.peer.room_calls import seat
from tests.mediaserver.room_system import RoomSystem

HEAD = "0071030000000001c0"
"""Of H.281 frames (H.224)."""
START_LEFT, STOP_LEFT, START_IN, RECALL_2 = (HEAD + each for each in ("018000", "0380", "010c00", "0720"))
ALLOWED = SipLimits(camera_control=True)
CAPABILITIES = "0071030000000000c00200810314e0"
"""Three presets; the main camera pans, tilts and zooms."""

TWO_SOURCES = CAPABILITIES + "3400"
"""The same with a document camera, which does not move."""
SELECT_3 = HEAD + "0430"
SOURCES = CameraSource(1), CameraSource(3)


class CameraSystem(RoomSystem):
    """Notes the frames that would move its camera, and answers nothing by itself."""

    number_of_control = 107

    async def open(self, host: str = "127.0.0.1") -> None:
        await super().open(host)
        for name in ("control", "control rtcp"):
            await self.add_socket(asyncio.get_running_loop(), name, host)
        self.frames: list[str] = []
        self.encrypted: list[bytes] = []
        self._sent = 0

    def sdp(self, *, camera: bool = True) -> str:
        lines = [f"m=application {self.sockets['control'].port} {self.profile} {self.number_of_control}"]
        lines += self._key("control")
        lines += [f"a=rtpmap:{self.number_of_control} H224/4800", f"a=rtcp:{self.sockets['control rtcp'].port}", ""]
        return super().sdp(camera=camera) + "\r\n".join(lines)

    def set_destinations(self, sdp: str) -> None:
        super().set_destinations(sdp)
        (port,) = re.findall(r"m=application (\d+) RTP", sdp)
        self.destinations["control"] = ("127.0.0.1", int(port))

    def send_frame(self, frame: str) -> None:
        """Send a frame to us."""
        self._sent += 1
        head = HEADER.pack(0x80, 0x80 | self.number_of_control, self._sent, self._sent * 480, 0xFECC)
        self.sockets["control"].transport.sendto(head + bytes.fromhex(frame), self.destinations["control"])

    def received(self, name: str, data: bytes, address: tuple[str, int]) -> None:
        self.sockets[name].sender = address
        if name == "control" and "control" in self.keys:
            self.encrypted.append(data)
            self.packet_added.set()
        elif name == "control":
            assert data[:2] == bytes((0x80, 0x80 | self.number_of_control))
            self.frames += [data[12:].hex()] if data[12:].hex().startswith(HEAD) else []
            self.packet_added.set()
        elif name != "control rtcp":
            super().received(name, data, address)


@pytest.fixture
async def system() -> AsyncIterator[CameraSystem]:
    """Open a room system whose camera can be controlled."""
    held = CameraSystem("G722", 1, "blue", 1000)
    await held.open()
    yield held
    await held.close()


async def call(meeting: Meeting, system: CameraSystem, *, dial: bool) -> None:
    """Connect a room system that allows it, either way."""
    await seat(meeting)
    if dial:
        offer = await meeting.engine.invite(ROOM, "vcs", limits=ALLOWED)
        assert offer.split("m=")[-1].startswith("application ")
        system.number, system.number_of_control = 98, 100
        slides = "m=application 0 UDP/BFCP *\r\nm=video 0 RTP/AVP 98\r\n"  # it has none, and they keep their places
        answer = system.sdp().replace("m=application", f"{slides}m=application")
        await meeting.engine.accept(ROOM, "vcs", answer)
        system.set_destinations(offer)
    else:
        system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True, limits=ALLOWED))
    system.begin()


def controls(meeting: Meeting) -> list[CameraControl | None]:
    """Return what was told, in order, of what can be controlled."""
    return [event.control for event in meeting.events if isinstance(event, CameraControllable)]


@pytest.mark.parametrize("dial", [True, False], ids=("called", "calls"))
async def test_a_camera_moves_while_it_is_commanded_and_not_a_moment_longer(
    meeting: Meeting, system: CameraSystem, dial: bool
) -> None:
    await call(meeting, system, dial=dial)
    await meeting.happened(CameraControllable(ROOM, "vcs", USUAL))
    system.send_frame(CAPABILITIES)
    told = CameraControl(("pan", "tilt", "zoom"), 3)
    await meeting.happened(CameraControllable(ROOM, "vcs", told))
    assert (await meeting.engine.room_state(ROOM)).seats[0].control == told
    await meeting.engine.move_camera(ROOM, "vcs", CameraMovement(pan=-1))
    await system.until(lambda: system.frames[-1:] == [STOP_LEFT])  # nobody commands it again
    assert (system.frames[0], system.frames[1:-1]) == (START_LEFT, [HEAD + "0280"] * (len(system.frames) - 2))
    assert len(system.frames) >= 4
    await meeting.engine.use_camera_preset(ROOM, "vcs", 2, False)
    await meeting.engine.use_camera_preset(ROOM, "vcs", 3, False)
    await meeting.engine.select_camera_source(ROOM, "vcs", 3)  # it has one source alone
    system.send_frame(TWO_SOURCES)
    await meeting.happened(CameraControllable(ROOM, "vcs", replace(told, sources=SOURCES, source=1)))
    await meeting.engine.select_camera_source(ROOM, "vcs", 3)
    await system.until(lambda: system.frames[-2:] == [RECALL_2, SELECT_3])
    await meeting.engine.move_camera(ROOM, "vcs", CameraMovement(zoom=1))
    await system.until(lambda: START_IN in system.frames)
    assert system.frames[-2:] == [SELECT_3, START_IN]
    system.send_frame(START_LEFT)
    async with asyncio.timeout(PATIENCE_S):
        while (await meeting.engine.stats())["camera_requests"] != 1:
            await asyncio.sleep(0.01)
    await meeting.engine.remove_seat(ROOM, "vcs")
    await system.until(lambda: system.frames[-1:] == [HEAD + "030c"])


async def test_where_a_room_does_not_allow_it_nothing_is_offered_and_nothing_taken(
    meeting: Meeting, system: CameraSystem
) -> None:
    await seat(meeting)
    assert "H224" not in await meeting.engine.invite(ROOM, "vcs")
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True)
    assert "m=application 0 RTP/AVP 107\r\n" in answer
    await meeting.engine.move_camera(ROOM, "vcs", CameraMovement(pan=1))
    await meeting.engine.use_camera_preset(ROOM, "vcs", 0, True)
    await asyncio.sleep(0.01)
    assert controls(meeting) == []


async def test_control_ends_on_hold_and_with_the_m_line_and_begins_again(
    meeting: Meeting, system: CameraSystem
) -> None:
    await call(meeting, system, dial=False)
    await meeting.engine.move_camera(ROOM, "vcs", CameraMovement(pan=-1))
    held = system.sdp().replace("a=sendrecv", "a=sendonly")
    await meeting.engine.renegotiate(ROOM, "vcs", held)
    await meeting.happened(CameraControllable(ROOM, "vcs", None))
    await system.until(lambda: system.frames == [START_LEFT, STOP_LEFT])
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    without = re.sub(r"m=application \d+", "m=application 0", system.sdp())
    answer = await meeting.engine.renegotiate(ROOM, "vcs", without)
    assert "m=application 0 RTP" in answer
    async with asyncio.timeout(PATIENCE_S):
        while len(controls(meeting)) < 4:
            await asyncio.sleep(0.01)
    assert controls(meeting) == [USUAL, None, USUAL, None]


async def test_a_call_that_moves_into_a_meeting_keeps_its_camera_control(
    meeting: Meeting, system: CameraSystem
) -> None:
    await meeting.engine.open_room("door", RoomOptions(320, 180, 5))
    await meeting.engine.add_seat("door", SeatOptions("visitor", "visitor", visible=False))
    begun = await meeting.engine.connect("door", "visitor", system.sdp(), plain=True, limits=ALLOWED)
    await seat(meeting)
    held = await meeting.engine.descriptions("door", "visitor")
    offer = await meeting.engine.move_in(ROOM, "vcs", held, limits=ALLOWED)
    (old,), (new,) = (re.findall(r"m=application (\d+) RTP", sdp) for sdp in (begun, offer))
    assert old != new != "0"
    system.set_destinations(offer)
    await meeting.engine.accept(ROOM, "vcs", system.sdp())
    await meeting.engine.remove_seat("door", "visitor")
    await meeting.happened(CameraControllable(ROOM, "vcs", USUAL))
    await meeting.engine.move_camera(ROOM, "vcs", CameraMovement(pan=-1))
    await system.until(lambda: START_LEFT in system.frames)
    assert system.sockets["control"].sender == ("127.0.0.1", int(new))
    await meeting.engine.close_room("door")


async def test_camera_control_is_encrypted_like_all_else(meeting: Meeting, system: CameraSystem) -> None:
    system.encrypt("RTP/SAVP", "AES_CM_128_HMAC_SHA1_80")
    system.keys["control"] = sdes.make(1, "AES_CM_128_HMAC_SHA1_80")
    await seat(meeting)
    asked: dict[str, Any] = {"plain": True, "encryption": "demanded", "limits": ALLOWED}
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp(), **asked)
    assert re.search(r"m=application [1-9]\d+ RTP/SAVP 107\r\na=rtpmap:107 H224/4800\r\na=crypto:1 AES_CM_128", answer)
    system.set_destinations(answer)
    await system.until(lambda: len(system.encrypted) >= 2)
    key = sdes.parse(re.findall(r"a=crypto:(.*)\r", answer)[-1])
    assert key is not None
    frames = Session(Policy(key.key.secret, Policy.SSRC_ANY_INBOUND))
    assert {frames.unprotect(each)[12:].hex() for each in system.encrypted} >= {"0071030000000000c001ff"}


def test_camera_control_without_a_key_is_refused_where_encryption_is_demanded() -> None:
    key = "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + "A" * 40
    sound = f"v=0\r\nc=IN IP4 192.0.2.7\r\nm=audio 4000 RTP/SAVP 9\r\n{key}\r\n"
    control = "m=application 4002 RTP/AVP 100\r\na=rtpmap:100 H224/4800\r\n"
    assert sip_parse.parse(sound + control).control == 1
    assert sip_parse.permitted(sip_parse.parse(sound + control), "demanded").control is None
