"""Tests of slides of room systems: asked for by BFCP, seen by browsers, and others' screens as a second picture."""

import asyncio
import hashlib
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.rooms.bfcp_client import bfcp_client
from loadtest.rooms.certificates import Authority
from mediaserver.api import (
    CONTENT,
    Descriptions,
    FloorDecided,
    KeyframeWanted,
    Layout,
    RoomOptions,
    SeatOptions,
    ShareAsked,
    SipLimits,
)
from mediaserver.bfcp.message import HEADER, Primitive, Status, payload_bytes
from mediaserver.errors import BadOffer
from mediaserver.peer.sip_quality import slides_quality
from mediaserver.peer.slides_floor import BfcpFloor
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.room.room import Room
from mediaserver.rtp.payload import SINGLE_NAL, VIDEO_CLOCK
from mediaserver.sdp import sdes
from mediaserver.sdp.h264 import DecoderLimits
from mediaserver.sdp.sip_parse import Codec
from mediaserver.video.quality import LARGE, SLIDES, USUAL
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.bfcp.client import Client
from tests.mediaserver.meeting import OPTIONS, ROOM, Meeting, WatchingDecoder
from tests.mediaserver.peer.room_calls import dial_in, invite, seat, sip_peer_of
from tests.mediaserver.room_system import RoomSystem
from tests.mediaserver.slides_system import CONFID, FLOOR, USER, SlidesSystem
from tests.ports import FIRST_PORT

KINDS = [(1, 2, ""), (0, 1, ""), (1, 1, "active"), (1, 1, "passive"), (0, 1, "actpass")]
"""Packetization mode, version of BFCP, and what the offer says of TCP."""


@pytest.fixture
async def system(request: pytest.FixtureRequest) -> AsyncIterator[SlidesSystem]:
    """Open a room system whose slides are green."""
    mode, version, setup = getattr(request, "param", KINDS[0])
    held = SlidesSystem(mode, version, setup, "green")
    await held.open()
    yield held
    await held.close()


def m_ports(sdp: str) -> list[int]:
    """Return the ports of all m-lines."""
    return [int(port) for port in re.findall(r"^m=\S+ (\d+)", sdp, re.MULTILINE)]


async def share(meeting: Meeting, system: SlidesSystem) -> None:
    """Let a room system ask, grant it, and show its slides."""
    system.client.ask()
    await meeting.happened(ShareAsked(ROOM, "vcs", True))
    await meeting.engine.set_content(ROOM, "vcs")
    await system.until(lambda: system.client.states[-1:] == [Status.GRANTED])
    system.show_slides()


@pytest.mark.parametrize("system", KINDS, indirect=True, ids=str)
async def test_r057_slides_are_granted_seen_by_browsers_and_come_back_as_a_second_picture(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440, offered=OfferOptions(("VP8", "H264"), 1))
    await dial_in(meeting, system)
    await system.connect()
    system.client.hello()
    system.client.query()
    await system.until(lambda: Primitive.FLOOR_STATUS in system.client.kinds)
    await meeting.engine.set_view(ROOM, "a", CONTENT)
    await share(meeting, system)
    await a.watch.until(lambda: system.show_slides() and a.watch.colour() == "green")
    peer = sip_peer_of(room)
    assert peer.streams.slides is not None and peer.streams.slides.forwarder is not None
    assert peer.streams.slides.forwarder.source is None

    system.client.release(1)
    await meeting.happened(ShareAsked(ROOM, "vcs", False))
    await meeting.engine.set_content(ROOM, None)

    browser = room.seats["a"].peer
    assert isinstance(browser, WebRtcPeer)
    browser.content = browser.camera  # what it shares looks like its camera
    await meeting.engine.set_content(ROOM, "a")
    await system.slides.until(lambda: system.slides.colour() == "red")
    assert system.slides.size == (480, 270)
    await system.slides.more(3)
    assert system.client.states == [Status.PENDING, Status.GRANTED, Status.RELEASED]
    await meeting.engine.set_content(ROOM, None)
    assert peer.streams.slides.forwarder.source is None


@pytest.mark.parametrize("system", [(1, 2, "token")], indirect=True, ids=str)
async def test_slides_under_a_token_are_decided_by_the_call_that_carries_it(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    engine, system.feedback = meeting.engine, ()
    a = await meeting.join("a", "red", 440, offered=OfferOptions(("VP8", "H264"), 1))
    await seat(meeting)
    offer = await engine.invite(ROOM, "vcs", limits=SipLimits(token=True))
    assert re.findall(r"^m=application.*", offer, re.MULTILINE) == ["m=application 9 H.239 *\r"]
    system.number = 98
    system.set_destinations(offer)
    idle = system.sdp().replace("a=rtcp-fb:* nack pli\r\na=content:slides", "a=content:slides\r\na=inactive")
    await engine.accept(ROOM, "vcs", idle)
    system.begin()
    await engine.set_content(ROOM, "vcs")
    await meeting.happened(FloorDecided(ROOM, "vcs", "granted"))
    described = idle.replace("a=inactive", "a=sendrecv").replace("o=room 1 1", "o=room 1 2")
    await engine.renegotiate(ROOM, "vcs", described)
    await engine.set_view(ROOM, "a", CONTENT)
    await a.watch.until(lambda: system.show_slides() and a.watch.colour() == "green")
    await meeting.happened(KeyframeWanted(ROOM, "vcs", True))
    await engine.refuse_share(ROOM, "vcs")
    await meeting.happened(FloorDecided(ROOM, "vcs", "refused"))

    browser = room.seats["a"].peer
    assert isinstance(browser, WebRtcPeer)
    browser.content = browser.camera  # what it shares looks like its camera
    await engine.set_content(ROOM, "a")
    await meeting.happened(FloorDecided(ROOM, "vcs", "other"))
    await system.slides.until(lambda: system.slides.colour() == "red")
    system.say = lambda kind, data: None  # type: ignore[method-assign]  # it asks by its call alone
    system.slides, shown = WatchingDecoder(), system.slide_times[-1]
    await engine.refresh_picture(ROOM, "vcs", slides=True)
    await system.slides.until(lambda: system.slides.colour() == "red")
    assert (system.slide_times[-1] - shown) & 0xFFFFFFFF < 8 * VIDEO_CLOCK  # by themselves they come every ten seconds
    await engine.set_content(ROOM, None)
    await meeting.happened(FloorDecided(ROOM, "vcs", "nobody"))


@pytest.mark.parametrize("version", [1, 2])
async def test_floor_control_of_libre_is_refused_granted_and_revoked(
    meeting: Meeting, system: SlidesSystem, tmp_path: Path, version: int
) -> None:
    engine = meeting.engine
    numbers = {"confid": CONFID, "user": USER, "floor": FLOOR}
    async with bfcp_client(tmp_path, "127.0.0.1", version=version, **numbers) as (libre, port):
        system.floor_client_port = port
        await dial_in(meeting, system)
        await libre.say(str(system.floor_server[1]))
        await libre.say("hello", "HelloAck")
        await libre.say("query", "FloorStatus")
        for number in (1, 2):
            await libre.say("ask", f"FloorRequestStatus Pending {number}")
            await meeting.happened(ShareAsked(ROOM, "vcs", True))
            meeting.events.clear()
            await (engine.refuse_share(ROOM, "vcs") if number == 1 else engine.set_content(ROOM, "vcs"))
            await libre.say("", f"FloorRequestStatus {'Denied' if number == 1 else 'Granted'} {number}")
        await engine.set_content(ROOM, None)
        await libre.say("", "FloorRequestStatus Revoked 2", "FloorStatus")
        await libre.say("ask", "FloorRequestStatus Pending 3")
        await libre.say("release 3", "FloorRequestStatus Cancelled 3")
        await libre.say("goodbye", "GoodbyeAck")
    await meeting.happened(ShareAsked(ROOM, "vcs", False))


async def test_the_grant_in_the_next_call_is_no_repetition_of_that_in_the_call_before(
    meeting: Meeting, system: SlidesSystem, tmp_path: Path
) -> None:
    numbers = {"confid": CONFID, "user": USER, "floor": FLOOR}
    async with bfcp_client(tmp_path, "127.0.0.1", version=2, **numbers) as (libre, port):
        system.floor_client_port = port
        for _ in range(2):
            await dial_in(meeting, system)
            await libre.say(str(system.floor_server[1]))
            await libre.say("ask", "FloorRequestStatus Pending 1")
            await meeting.happened(ShareAsked(ROOM, "vcs", True))
            await meeting.engine.set_content(ROOM, "vcs")
            await libre.say("", "FloorRequestStatus Granted 1")
            await meeting.engine.remove_seat(ROOM, "vcs")
            meeting.events.clear()


@pytest.mark.parametrize("system", [(1, 1, "active")], indirect=True)
async def test_the_floor_is_asked_for_by_tls_with_the_certificate_that_the_description_names(
    meeting: Meeting, system: SlidesSystem, tmp_path: Path
) -> None:
    folder = Authority("room").folder(tmp_path / "room", "127.0.0.1")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    binary = ssl.PEM_cert_to_DER_cert((folder / "cert.pem").read_text())
    mine = "sha-256 " + hashlib.sha256(binary).digest().hex(":").upper()
    offer = system.sdp().replace("TCP/BFCP *", f"TCP/TLS/BFCP *\r\na=fingerprint:{mine}")
    await seat(meeting)
    answer = await meeting.engine.connect(ROOM, "vcs", offer, plain=True)
    (port,) = re.findall(r"^m=application (\d+) TCP/TLS/BFCP", answer, re.MULTILINE)
    reader, writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=context)
    shown = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    assert f"a=fingerprint:sha-256 {hashlib.sha256(shown).digest().hex(':').upper()}" in answer
    client = Client(writer.write, CONFID, USER, FLOOR, 1)
    client.ask()
    await meeting.happened(ShareAsked(ROOM, "vcs", True))
    await meeting.engine.set_content(ROOM, "vcs")
    while client.states[-1:] != [Status.GRANTED]:
        head = await reader.readexactly(HEADER.size)
        client.receive(head + await reader.readexactly(payload_bytes(head) or 0))
    writer.close()


async def test_another_who_shares_takes_the_floor_and_a_refused_one_waits_no_longer(
    meeting: Meeting, system: SlidesSystem
) -> None:
    await meeting.join("a", "red", 440)
    await dial_in(meeting, system)
    await system.connect()
    await share(meeting, system)
    await meeting.engine.set_content(ROOM, "a")
    await system.until(lambda: system.client.states[-1] == Status.REVOKED)
    system.client.ask()
    await system.until(lambda: system.client.states[-1] == Status.PENDING)
    await meeting.engine.refuse_share(ROOM, "vcs")
    await meeting.engine.refuse_share(ROOM, "a")
    await system.until(lambda: system.client.states[-1] == Status.DENIED)


async def test_slides_of_a_room_are_in_the_picture_of_one_with_a_single_stream(
    meeting: Meeting, system: SlidesSystem
) -> None:
    plain = RoomSystem("PCMA", 1, "blue", 1500)
    await plain.open()
    await dial_in(meeting, system)
    await system.connect()
    await seat(meeting, "other")
    plain.set_destinations(await meeting.engine.connect(ROOM, "other", plain.sdp(), plain=True))
    await share(meeting, system)
    await meeting.engine.set_layout(ROOM, Layout("content"))
    await plain.until(lambda: system.show_slides() and plain.colour(0.4, 0.5) == "green")
    await plain.close()


async def test_a_room_with_a_second_picture_sees_the_screen_there_alone(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    engine, sees_in = meeting.engine, (0.25, 0.7)

    def seen() -> list[str]:
        return [system.colour(x) for x in sees_in]

    await meeting.join("a", "red", 440, offered=OfferOptions(("VP8", "H264"), 1))
    await dial_in(meeting, system)
    await system.connect()
    browser = room.seats["a"].peer
    assert isinstance(browser, WebRtcPeer)
    await engine.set_layout(ROOM, Layout("side-by-side", seats=("vcs", "a")))
    await system.until(lambda: seen() == ["blue", "red"])
    browser.content = browser.camera  # what it shares looks like its camera
    await engine.set_content(ROOM, "a")
    await engine.set_layout(ROOM, Layout("content"))  # red and, beside it, both of them
    await system.slides.until(lambda: system.slides.colour() == "red")
    await engine.show_overlay(ROOM, "vcs", "*1", 60)
    more = system.pictures + 10
    await system.until(lambda: system.pictures >= more)
    assert seen() == ["blue", "red"] and room.seats["vcs"].overlay
    await engine.set_layout(ROOM, Layout("side-by-side", seats=("a", "vcs")))  # the same that others see
    await system.until(lambda: seen() == ["red", "blue"])
    assert not room.seats["vcs"].left_out

    await engine.set_layout(ROOM, Layout("content"))
    await share(meeting, system)  # its own slides it shows itself
    more = system.pictures + 10
    await system.until(lambda: system.show_slides() and system.pictures >= more)
    assert seen() == ["red", "blue"]
    await engine.renegotiate(ROOM, "vcs", re.sub(r"m=application \d+", "m=application 0", system.sdp()))
    await engine.set_content(ROOM, "a")
    await system.until(lambda: seen() == ["red", "red"])


async def test_slides_of_a_room_are_another_rooms_second_picture(meeting: Meeting, system: SlidesSystem) -> None:
    other = SlidesSystem(0, 1, "", "red")
    await other.open()
    await dial_in(meeting, system)
    await system.connect()
    await seat(meeting, "other")
    other.set_destinations(await meeting.engine.connect(ROOM, "other", other.sdp(), plain=True))
    await share(meeting, system)
    await other.slides.until(lambda: system.show_slides() and other.slides.colour() == "green")
    await other.close()


async def test_a_room_system_that_is_called_takes_the_slides_that_it_is_offered(
    meeting: Meeting, system: SlidesSystem
) -> None:
    await meeting.join("a", "red", 440)
    await invite(meeting, system)
    await system.connect()
    await share(meeting, system)
    assert system.client.states == [Status.PENDING, Status.GRANTED]


@pytest.mark.parametrize("system", [(1, 1, "active"), (1, 1, "passive")], indirect=True)
async def test_a_room_system_that_is_called_by_tcp_connects_or_is_connected_to(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    await meeting.join("a", "red", 440)
    await invite(meeting, system, limits=SipLimits(bfcp="TCP"))
    await system.connect()
    await share(meeting, system)
    assert system.client.states == [Status.PENDING, Status.GRANTED]
    slides = sip_peer_of(room).streams.slides
    existing = system.sdp().replace("a=connection:new", "a=connection:existing")
    assert "a=connection:existing" in await meeting.engine.renegotiate(ROOM, "vcs", existing)
    assert sip_peer_of(room).streams.slides is slides  # the same connection goes on


@pytest.mark.parametrize("system", [(1, 1, "passive")], indirect=True)
async def test_floor_control_of_a_room_system_that_names_no_side_moves_with_its_call(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    engine = meeting.engine
    await engine.open_room("door", RoomOptions(320, 180, 5))
    await engine.add_seat("door", SeatOptions("visitor", "visitor", visible=False))
    offer = await engine.invite("door", "visitor", limits=SipLimits(bfcp="TCP"))
    system.number = 98
    silent = system.sdp().replace("a=setup:passive\r\na=connection:new\r\n", "")
    await engine.accept("door", "visitor", silent)  # who answers so waits for our connection (RFC 4145 §4)
    await system.connect()
    held = await engine.descriptions("door", "visitor")
    assert held == Descriptions(offer, silent)
    await seat(meeting)
    moved = await engine.move_in(ROOM, "vcs", held, limits=SipLimits(bfcp="TCP"))
    assert re.findall("m=application.*|a=setup.*", moved) == ["m=application 9 TCP/BFCP *\r", "a=setup:active\r"]
    await engine.accept(ROOM, "vcs", silent)
    await system.connect()
    system.client.ask()
    await meeting.happened(ShareAsked(ROOM, "vcs", True))

    slides = sip_peer_of(room).streams.slides
    assert "a=setup:active" in await engine.renegotiate(ROOM, "vcs", silent)
    assert sip_peer_of(room).streams.slides is slides  # nothing is said of another side or another connection
    await engine.close_room("door")


@pytest.mark.parametrize("system", [(1, 1, "active")], indirect=True)
async def test_the_room_system_that_named_no_side_in_its_offer_opens_the_connection_after_ours_too(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    engine = meeting.engine
    silent = system.sdp().replace("a=setup:active\r\na=connection:new\r\n", "")
    await seat(meeting)
    answer = await engine.connect(ROOM, "vcs", silent, plain=True)
    assert "a=setup" not in answer
    system.set_destinations(answer)
    await system.connect()
    assert "a=setup:passive" in await engine.reoffer(ROOM, "vcs")
    slides = sip_peer_of(room).streams.slides
    await engine.accept(ROOM, "vcs", silent)
    assert sip_peer_of(room).streams.slides is slides
    held = Descriptions(answer, silent)
    await seat(meeting, "moved")
    assert "a=setup:passive" in await engine.move_in(ROOM, "moved", held)


def with_keys(answer: str) -> str:
    """Return an answer that takes the first key of each m-line of RTP."""
    key = sdes.make_all()[0]
    return re.sub("(m=(?:audio|video) .*)", lambda line: f"{line[1].rstrip()}\r\na=crypto:{key}\r", answer)


@pytest.mark.parametrize("system", [(1, 1, "passive")], indirect=True)
async def test_an_answer_with_another_floor_than_was_offered_has_no_slides(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    await seat(meeting)
    await meeting.engine.invite(ROOM, "vcs", encryption="wished")  # floor control by UDP
    system.number = 98
    await meeting.engine.accept(ROOM, "vcs", with_keys(system.sdp()))
    peer = sip_peer_of(room)
    assert (peer.streams.slides, len(peer.transport.port_pairs)) == (None, 2)


@pytest.mark.parametrize("more", ["slides", "camera control"])
async def test_an_answer_with_more_than_was_offered_is_refused(
    meeting: Meeting, system: SlidesSystem, more: str
) -> None:
    await seat(meeting)
    await meeting.engine.invite(ROOM, "vcs", limits=SipLimits(bfcp="off"))
    system.number = 98
    main, start, slides = system.sdp().partition("m=application")
    control = "m=application 40010 RTP/AVP 100\r\na=rtpmap:100 H224/4800\r\n"
    with pytest.raises(BadOffer, match="other m-lines"):
        await meeting.engine.accept(ROOM, "vcs", main + (start + slides if more == "slides" else control))
    await meeting.engine.accept(ROOM, "vcs", main)


async def test_slides_come_back_after_a_hold_without_an_address(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    """Some switches hold by 0.0.0.0, and have us offer when the call goes on (RFC 2543 §B.5)."""
    await dial_in(meeting, system)
    slides = sip_peer_of(room).streams.slides
    held = system.sdp().replace("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0").replace("a=sendrecv", "a=inactive")
    await meeting.engine.renegotiate(ROOM, "vcs", held)
    assert all(m_ports(await meeting.engine.reoffer(ROOM, "vcs")))
    await meeting.engine.accept(ROOM, "vcs", system.sdp())
    await system.connect()
    assert sip_peer_of(room).streams.slides is slides
    await share(meeting, system)


async def test_slides_that_the_answer_to_our_offer_within_the_call_refuses_are_sent_no_longer(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    await dial_in(meeting, system)
    await meeting.engine.reoffer(ROOM, "vcs")
    refused = re.sub(r"m=(application|video) \d+ (?=UDP|RTP/AVP \d+\r\nb=TIAS:4000000\r)", r"m=\1 0 ", system.sdp())
    assert m_ports(refused)[2:] == [0, 0]
    await meeting.engine.accept(ROOM, "vcs", refused)
    peer = sip_peer_of(room)
    assert (peer.streams.slides, len(peer.transport.port_pairs)) == (None, 2)


async def test_others_slides_are_sent_again_in_a_stream_of_their_own_where_the_room_offers_that(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    main, start, slides = system.sdp().partition("m=application")
    number = system.number
    slides = slides.replace(f"RTP/AVP {number}\r\n", f"RTP/AVP {number} 99\r\n")
    slides += f"a=rtcp-fb:* nack\r\na=rtpmap:99 rtx/90000\r\na=fmtp:99 apt={number}\r\n"
    await seat(meeting)
    answer = await meeting.engine.connect(ROOM, "vcs", main + start + slides, plain=True)
    assert f"a=rtpmap:99 rtx/90000\r\na=fmtp:99 apt={number}\r\n" in answer
    held = sip_peer_of(room).streams.slides
    assert held is not None and held.forwarder is not None and held.forwarder.rtx is not None
    second, *_ = held.forwarder.rtx.wrap((number, 5, 0, 1, b"slides"))
    assert second == 99
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    assert held.forwarder is not None and held.forwarder.rtx is None


async def test_an_offer_has_no_slides_where_the_profile_says_so(meeting: Meeting) -> None:
    await seat(meeting)
    offer = await meeting.engine.invite(ROOM, "vcs", limits=SipLimits(bfcp="off"))
    assert len(m_ports(offer)) == 2 and "BFCP" not in offer


async def test_slides_come_and_go_with_offers_within_the_call_and_rest_on_hold(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    whole = system.sdp()
    without = whole.partition("m=application")[0]
    refused = re.sub(r"m=application \d+", "m=application 0", whole)
    await seat(meeting)
    await meeting.engine.connect(ROOM, "vcs", without, plain=True)
    peer = sip_peer_of(room)
    assert peer.streams.slides is None
    system.set_destinations(await meeting.engine.renegotiate(ROOM, "vcs", whole))
    system.begin()
    await system.connect()
    await share(meeting, system)

    answer = await meeting.engine.renegotiate(ROOM, "vcs", whole.replace("a=sendrecv", "a=inactive"))
    assert m_ports(answer)[2:] == m_ports(await meeting.engine.reoffer(ROOM, "vcs"))[2:]
    await meeting.engine.accept(ROOM, "vcs", whole)
    assert peer.streams.slides is not None and peer.streams.slides.stream.taken

    ports = peer.transport.port_pairs
    assert len(ports) == 3
    assert m_ports(await meeting.engine.renegotiate(ROOM, "vcs", refused))[2:] == [0, 0]
    assert (peer.streams.slides, len(ports)) == (None, 2)
    await meeting.happened(ShareAsked(ROOM, "vcs", False))
    engine = meeting.engine
    assert isinstance(engine, LocalEngine) and engine._plain.floor_ports == []


@pytest.mark.parametrize("system", [(1, 1, "active"), (1, 1, "passive")], indirect=True)
async def test_offers_within_the_call_keep_the_connection_of_floor_control_or_open_another_one(
    meeting: Meeting, system: SlidesSystem, room: Room
) -> None:
    engine, new = meeting.engine, "a=connection:new"
    await dial_in(meeting, system)
    await system.connect()
    await share(meeting, system)
    slides = sip_peer_of(room).streams.slides
    assert slides is not None
    existing = system.sdp().replace(new, "a=connection:existing")
    assert "a=connection:existing" in await engine.reoffer(ROOM, "vcs")
    await engine.accept(ROOM, "vcs", existing)
    assert "a=connection:existing" in await engine.renegotiate(ROOM, "vcs", existing)
    assert isinstance(slides.floor, BfcpFloor) and slides.floor._port.connected

    if system.setup == "passive":
        assert new in await engine.renegotiate(ROOM, "vcs", system.sdp())
        await system.connect()
        system.client.ask()
        await meeting.happened(ShareAsked(ROOM, "vcs", True))
        slides.floor._port.renew()
        assert new in await engine.renegotiate(ROOM, "vcs", existing)  # there is none

    other = {"active": "passive", "passive": "active"}[system.setup]
    answer = await engine.renegotiate(ROOM, "vcs", system.sdp().replace(f"setup:{system.setup}", f"setup:{other}"))
    assert f"a=setup:{system.setup}" in answer and sip_peer_of(room).streams.slides is not slides


@pytest.mark.parametrize(("pairs", "offered", "slides"), [(2, 2, False), (3, 3, False), (4, 4, True), (5, 5, True)])
async def test_a_call_takes_ten_ports_and_goes_without_slides_or_camera_control_where_fewer_are_left(
    system: SlidesSystem, pairs: int, offered: int, slides: bool
) -> None:
    engine = LocalEngine(["127.0.0.1"], 0, range(FIRST_PORT, FIRST_PORT + 2 * pairs))
    engine.start()
    await engine.open_room(ROOM, OPTIONS)
    await engine.add_seat(ROOM, SeatOptions("vcs", "Điểm cầu"))
    offer = await engine.invite(ROOM, "vcs", limits=SipLimits(camera_control=True))
    await engine.remove_seat(ROOM, "vcs")
    await engine.add_seat(ROOM, SeatOptions("vcs", "Điểm cầu"))
    answer = await engine.connect(ROOM, "vcs", system.sdp(), plain=True)
    await engine.close()
    assert [bool(port) for port in m_ports(offer)] == [True] * offered
    assert [bool(port) for port in m_ports(answer)] == [True, True, slides, slides]


FULL_HD, HD, OLD = (DecoderLimits("42e0", 31, *limits) for limits in ((245_760, 8_192), (108_000, 3_600), (1_485, 99)))


@pytest.mark.parametrize(
    ("limits", "bitrate", "codec", "step"),
    [
        (FULL_HD, 4_000_000, "H264", LARGE),
        (FULL_HD, 4_000_000, SINGLE_NAL, SLIDES),
        (FULL_HD, None, "H264", SLIDES),
        (FULL_HD, 1_200_000, "H264", USUAL),
        (HD, 4_000_000, "H264", USUAL),
        (HD, 384_000, "H264", 1),
        (DecoderLimits("42e0", 31, 108_000, 8_192), 4_000_000, "H264", SLIDES),
        (OLD, 4_000_000, "H264", None),
    ],
)
def test_slides_have_the_most_pixels_that_a_decoder_and_its_bitrate_take(
    limits: DecoderLimits, bitrate: int | None, codec: str, step: int | None
) -> None:
    quality = slides_quality(Codec(codec, 97, limits), RoomOptions(), bitrate, None)
    assert (quality and quality.step) == step
