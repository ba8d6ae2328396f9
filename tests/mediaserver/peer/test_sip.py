"""Tests of room systems in a meeting with browsers: what each side sees and hears of the other.

Also tests `call_streams.py`.
"""

import re
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import numpy as np
import pytest

from loadtest.endpoint.sdp_offer import OfferOptions
from mediaserver.api import (
    Descriptions,
    Encryption,
    Layout,
    MediaElsewhere,
    PeerDown,
    PeerUp,
    RoomOptions,
    SeatOptions,
    SipLimits,
)
from mediaserver.errors import BadOffer, NoPortFree
from mediaserver.peer.sip import KEYFRAMES_S
from mediaserver.room.room import Room
from mediaserver.rtp import rtcp
from mediaserver.rtp.source import FlushQueue, VideoSource
from mediaserver.sdp import sdes, sip_parse
from mediaserver.sdp.sip_write import CAMERA_BPS
from mediaserver.transport.plain_rtp import SILENCE_S
from mediaserver.video import codecs
from mediaserver.video.quality import USUAL
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver import pictures
from tests.mediaserver.meeting import COLOURS, OPTIONS, ROOM, Meeting
from tests.mediaserver.peer.room_calls import KINDS, dial_in, invite, seat, shows, sip_peer_of
from tests.mediaserver.room_system import SIZE, SSRC, RoomSystem
from tests.ports import FIRST_PORT


async def test_nothing_is_sent_in_plain_to_where_a_browser_asks_for_it(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await seat(meeting)
    with pytest.raises(BadOffer):
        await meeting.engine.connect(ROOM, "vcs", system.sdp())
    assert room.seats["vcs"].peer is None


@pytest.mark.parametrize("system", KINDS, indirect=True, ids=lambda kind: f"{kind[0]}-mode{kind[1]}")
@pytest.mark.parametrize("join", [dial_in, invite])
async def test_r095_a_room_system_sees_all_and_hears_all_but_itself(
    meeting: Meeting, system: RoomSystem, join: object
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    b = await meeting.join("b", "green", 660, offered=OfferOptions(("VP8",), 1))
    await (dial_in if join is dial_in else invite)(meeting, system, floor=True)
    await system.until(
        lambda: all(shows(system, meeting, *each) for each in (("a", "red"), ("b", "green"), ("vcs", "blue")))
    )
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    await b.watch.until(lambda: meeting.shows(b, "vcs", colour="blue") and b.watch.tones() == {440, 1000})
    await system.until(lambda: system.tones() == {440})
    await system.hears(440)
    assert PeerUp(ROOM, "vcs") in meeting.events
    assert system.modes.isdisjoint({24, 28}) is (system.mode == 0)
    assert system.faults == 0


async def test_r056_a_room_system_without_the_floor_is_silent_whatever_it_sends(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440)
    await dial_in(meeting, system)
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    sent = system._sequences["audio"]
    assert await a.watch.listen() == set()
    assert system._sequences["audio"] != sent
    assert room.mixer.voices == {}
    await meeting.engine.set_floor(ROOM, "vcs", True)
    await a.watch.until(lambda: a.watch.tones() == {1000})
    await system.hears()
    await meeting.engine.set_floor(ROOM, "vcs", False)
    await a.watch.silence()


async def test_a_picture_and_a_mix_that_room_systems_share_are_encoded_once(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440, floor=True, offered=OfferOptions(("H264",), 1))
    await dial_in(meeting, system)
    other = RoomSystem("G722", 1, "blue", 1500)
    await other.open()
    await seat(meeting, "other")
    other.set_destinations(await meeting.engine.connect(ROOM, "other", other.sdp(), plain=True))
    await system.until(lambda: system.tones() == {440} and system.pictures > 0)
    await other.until(lambda: other.tones() == {440} and other.pictures > 0)
    sip_peers = [sip_peer_of(room), sip_peer_of(room, "other")]
    sound, picture = sip_peers[0].audio.source, sip_peers[0].picture.source  # type: ignore[union-attr]
    assert sound is not None and sound.sinks == [peer.audio for peer in sip_peers]
    assert picture is not None and picture is room.seats["a"].peer.picture.source  # type: ignore[union-attr]
    assert a.watch.pictures > 0 and sip_peers[1].picture.source is picture  # type: ignore[union-attr]
    await other.close()


async def test_a_key_frame_is_asked_for_until_one_comes(meeting: Meeting, system: RoomSystem) -> None:
    a = await meeting.join("a", "red", 440)
    system._wanted, system.ignores_keyframe_requests = False, True
    system._encoder.encode(pictures.plain(*SIZE, COLOURS["blue"]), keyframe=True)  # what follows refers to it
    await dial_in(meeting, system)
    await system.until(lambda: system.requests >= 4)
    assert not meeting.shows(a, "vcs", colour="blue")
    system.ignores_keyframe_requests = False
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    requests_before = system.requests
    await a.watch.more(40)
    assert system.requests == requests_before


async def test_empty_packets_and_nonsense_do_no_harm(meeting: Meeting, system: RoomSystem, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    await seat(meeting, floor=True)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True))
    for kind, number in (("audio", 9), ("video", 96), ("audio", 101), ("video", 13), ("audio", 13)):
        for payload in (b"", b"\x00", b"\x7c", bytes(1400)):
            system.packet_out(kind, number, 0, payload, marker=True)
    for kind in ("audio", "video"):
        system.sockets[kind].transport.sendto(b"\x80", system.destinations[kind])
        system.say(kind, b"\x80\xc8\x00\x06")
        system.say(kind, b"")
    system.begin()
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    for _ in range(5):
        system.packet_out("video", 96, 0, b"")
        await a.watch.more(5)
    assert meeting.shows(a, "vcs", colour="blue")


@pytest.mark.parametrize(
    "request_",
    [rtcp.picture_loss(SSRC, 1), rtcp.full_intra(SSRC, 1, 7), bytes.fromhex("80c00001") + bytes(4), None],
    ids=("PLI", "FIR", "old FIR", "INFO"),
)
async def test_all_ways_to_ask_for_a_key_frame_are_understood(
    meeting: Meeting, system: RoomSystem, request_: bytes | None
) -> None:
    await dial_in(meeting, system)
    await system.until(lambda: system.pictures > 30)
    kinds = system.modes
    kinds.clear()
    await system.more(5)
    assert kinds.isdisjoint({5, 24})
    if request_:
        system.say("video", rtcp.receiver_report(SSRC, []) + rtcp.name(SSRC) + request_)
    else:
        await meeting.engine.refresh_picture(ROOM, "vcs")
    seen = system.pictures
    await system.until(lambda: 24 in kinds)  # parameter sets, which are sent with key frames alone
    assert system.pictures < seen + 100  # and by themselves every ten seconds


async def test_media_follows_the_room_system_to_another_port_and_other_hosts_are_ignored(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440)
    await dial_in(meeting, system)
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    stranger = RoomSystem("G722", 1, "green", 660)
    await stranger.open("127.0.0.2")
    stranger.destinations = system.destinations
    before = room_counters(meeting)
    stranger.begin()
    await a.watch.until(lambda: room_counters(meeting) > before + 20)
    assert all(each.datagrams == [] for each in stranger.sockets.values())
    assert meeting.shows(a, "vcs", colour="blue")
    await stranger.close()
    moved = RoomSystem("G722", 1, "green", 660)
    await moved.open()
    moved.destinations = system.destinations
    await system.close()
    moved.begin()
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="green"))
    await moved.until(lambda: shows(moved, meeting, "a", "red"))
    await moved.close()


async def test_media_of_another_host_are_told_and_those_of_a_registered_one_are_taken(
    meeting: Meeting, system: RoomSystem
) -> None:
    """The SDP names one host, and the media come from two others: of the device's border controller, and of nobody."""
    a = await meeting.join("a", "red", 440)
    await seat(meeting)
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True, media_hosts=["127.0.0.2"])
    stranger, controller = RoomSystem("G722", 1, "red", 660), RoomSystem("G722", 1, "blue", 660)
    async with AsyncExitStack() as stack:
        for each, host in ((stranger, "127.0.0.3"), (controller, "127.0.0.2")):
            await each.open(host)
            stack.push_async_callback(each.close)
            each.set_destinations(answer)
            each.begin()
        await meeting.happened(MediaElsewhere(ROOM, "vcs", "127.0.0.2", "127.0.0.1", taken=True))
        assert any(
            event == MediaElsewhere(ROOM, "vcs", "127.0.0.3", host, taken=False)
            for event in meeting.events
            for host in ("127.0.0.1", "127.0.0.2")
        )
        await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
        await controller.until(lambda: controller.pictures > 0)


def room_counters(meeting: Meeting) -> int:
    assert isinstance(meeting.engine, LocalEngine)
    return meeting.engine._mux.counters.strangers


async def test_a_room_system_that_reports_and_says_nothing_else_stays_and_a_silent_one_goes(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await seat(meeting)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True))
    await meeting.happened(PeerUp(ROOM, "vcs"))
    peer = sip_peer_of(room)
    system.report()
    await system.until(lambda: peer.transport.port_pairs[1].heard > peer._reported - 1 and system.pictures > 5)
    heard = max(pair.heard for pair in peer.transport.port_pairs)
    peer.tick(heard + SILENCE_S - 0.1)
    assert room.seats["vcs"].peer is peer
    peer.tick(heard + SILENCE_S + 1.0)
    await meeting.happened(PeerDown(ROOM, "vcs", "silent"))
    assert room.seats["vcs"].peer is None


async def test_the_reports_of_both_sides_are_compound_and_tell_the_link(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await dial_in(meeting, system)
    seen = system.sockets["video rtcp"].datagrams
    await system.until(lambda: any(data[1] == 200 and data[0] & 31 == 1 for data in seen))
    assert {data[1] for data in seen} <= {200, 201}
    assert all(b"diemcau" in data for data in seen)
    await system.until(lambda: sip_peer_of(room).connection_quality.up == 0.0 and "vcs" in room.lines)
    await system.until(lambda: room.lines["vcs"].camera == 720)
    assert (room.lines["vcs"].step, room.lines["vcs"].most, room.lines["vcs"].limited) == (2, 2, False)
    await meeting.engine.remove_seat(ROOM, "vcs")
    await system.until(lambda: bytes.fromhex("81cb0001") in seen[-1])


async def test_ports_come_back_and_are_refused_when_none_is_free() -> None:
    engine = LocalEngine(["127.0.0.1"], 0, range(FIRST_PORT + 1, FIRST_PORT + 7))
    engine.start()
    await engine.open_room(ROOM, OPTIONS)
    for name in ("one", "two"):
        await engine.add_seat(ROOM, SeatOptions(name, name))
    offer = await engine.invite(ROOM, "one")
    assert {line.split()[1] for line in offer.splitlines() if line.startswith("m=")} == {
        str(FIRST_PORT + 2),
        str(FIRST_PORT + 4),
    }
    with pytest.raises(NoPortFree, match="is free on 127"):
        await engine.invite(ROOM, "two")
    await engine.remove_seat(ROOM, "one")
    assert str(FIRST_PORT + 2) in await engine.invite(ROOM, "two")
    await engine.close()
    again = LocalEngine(["127.0.0.1"], 0, range(FIRST_PORT + 1, FIRST_PORT + 7))
    again.start()
    await again.open_room(ROOM, OPTIONS)
    await again.add_seat(ROOM, SeatOptions("one", "one"))
    assert str(FIRST_PORT + 2) in await again.invite(ROOM, "one")
    await again.close()


async def test_an_answer_must_be_to_an_offer_and_refused_media_gives_its_ports_back(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await seat(meeting)
    with pytest.raises(BadOffer, match="an answer to nothing"):
        await meeting.engine.accept(ROOM, "vcs", system.sdp())
    await meeting.engine.invite(ROOM, "vcs")
    with pytest.raises(BadOffer):
        await meeting.engine.accept(ROOM, "vcs", "v=0")
    await meeting.engine.accept(ROOM, "vcs", system.sdp(camera=False))
    peer = sip_peer_of(room)
    assert len(peer.transport.port_pairs) == 1 and peer.picture is None and peer.audio is not None
    with pytest.raises(BadOffer, match="an answer to nothing"):
        await meeting.engine.accept(ROOM, "vcs", system.sdp())


async def test_a_room_system_that_calls_again_replaces_its_former_transport(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440)
    await dial_in(meeting, system)
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    first = sip_peer_of(room)
    other = RoomSystem("PCMA", 0, "green", 660)
    await other.open()
    other.set_destinations(await meeting.engine.connect(ROOM, "vcs", other.sdp(), plain=True))
    other.begin()
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="green"))
    assert first.transport.state == "closed"
    assert isinstance(meeting.engine, LocalEngine) and len(meeting.engine._plain.port_pairs) == 2
    await other.close()


async def test_a_room_system_that_cannot_request_key_frames_is_sent_some_in_the_beginning(
    meeting: Meeting, system: RoomSystem, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    requested_at: list[float] = []
    system.feedback = ()
    await dial_in(meeting, system)
    peer = sip_peer_of(room)
    assert peer.picture is not None
    monkeypatch.setattr(peer.picture, "request_keyframe", requested_at.append)
    begun = peer._keyframes[0] - KEYFRAMES_S[0]
    for after in (0.5, 1.0, 1.1, 2.9, 3.0, 3.1, 9.0):
        peer.tick(begun + after)
    assert requested_at == [begun + after for after in KEYFRAMES_S]


async def test_a_room_system_that_requests_a_key_frame_once_too_soon_is_sent_one_as_soon_as_it_may(
    meeting: Meeting, system: RoomSystem, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await dial_in(meeting, system)
    peer = sip_peer_of(room)
    assert peer.picture is not None and peer.streams.picture is not None
    source = VideoSource("other", "H264", FlushQueue())
    passed_on: list[float] = []
    monkeypatch.setattr(source, "request_keyframe", passed_on.append)
    peer.picture.close()
    peer.picture.follow(source, 0.0)
    begun = time.monotonic() + 100.0
    for after in (0.0, 0.25):
        peer.streams.picture.rtcp(rtcp.picture_loss(SSRC, 1), begun + after)
    for after in (0.375, 0.5, 1.5):
        peer.streams.picture.remind(begun + after)
    assert passed_on == [0.0, begun, begun + 0.5]


def orders(system: RoomSystem) -> list[int]:
    """Return the sequence numbers of the FIRs that the room system got (RFC 5104 §4.3.1.1)."""
    head = b"\x84\xce\x00\x04"
    return [data[data.index(head) + 16] for data in system.sockets["video rtcp"].datagrams if head in data]


async def test_a_room_system_that_knows_only_fir_is_asked_for_a_key_frame_with_it(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await meeting.join("a", "red", 440)
    system.feedback, system.ignores_keyframe_requests = ("ccm fir",), True
    await dial_in(meeting, system)
    await system.until(lambda: bool(sip_peer_of(room).camera.layers))
    sip_peer_of(room).camera.layers[0].ask()
    sip_peer_of(room).camera.layers[0].ask()
    await system.until(lambda: len(orders(system)) >= 2)
    found = orders(system)
    assert found == sorted(set(found))
    assert sip_peer_of(room).picture is not None and sip_peer_of(room)._keyframes == []


async def sent_size(meeting: Meeting) -> tuple[int, int]:
    """Return the size that the call's report names of the pictures sent."""
    report = await meeting.engine.call_report(ROOM, "vcs")
    assert report.picture is not None
    return report.picture.sent_width, report.picture.sent_height


def pictures_of(system: RoomSystem) -> int:
    """Return the number of pictures that came, by their markers."""
    return sum(datagram[1] >> 7 for datagram in system.sockets["video"].datagrams)


async def test_a_room_system_that_loses_or_wants_less_gets_the_smaller_picture_that_others_get(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    system.feedback = ("nack pli", "ccm tmmbr")
    await dial_in(meeting, system)
    peer = sip_peer_of(room)
    renditions, now = room.compositions.of("").renditions, time.monotonic() + 5
    assert peer.picture is not None and peer.streams.picture is not None
    await system.until(lambda: peer.picture.source is renditions["H264", USUAL])  # type: ignore[union-attr]
    assert await sent_size(meeting) == (320, 180)
    for highest, lost in ((1000, 0), (1500, 77)):  # 30 %
        peer.streams.picture.rtcp(
            rtcp.receiver_report(SSRC, [rtcp.Block(peer.picture.ssrc, lost, 0, highest, 0, 0, 0)]), now
        )
    await system.until(lambda: peer.picture.source is renditions["H264", 1])  # type: ignore[union-attr]
    assert await sent_size(meeting) == (160, 90)
    system.say("video", rtcp.receiver_report(SSRC, []) + rtcp.bitrate_limit(SSRC, peer.picture.ssrc, 128_000, 40))
    await system.until(lambda: peer.picture.source is renditions["H264", 0])  # type: ignore[union-attr]
    assert rtcp.BitrateLimitTaken(frozenset({SSRC})) in system.reports
    system.say("video", rtcp.receiver_report(SSRC, []) + rtcp.bitrate_limit(SSRC, peer.picture.ssrc, 0, 0))
    await system.until(lambda: peer.picture.source is None)  # type: ignore[union-attr]
    assert await sent_size(meeting) == (0, 0)
    report = await meeting.engine.call_report(ROOM, "vcs")
    assert report.picture is not None and report.picture.sent_pictures > 0
    await system.until(lambda: pictures_of(system) == report.picture.sent_pictures)  # type: ignore[union-attr]
    limit = rtcp.BitrateLimit(system._ssrc + 1, peer.streams.picture._own_ssrc, CAMERA_BPS, 40)
    await system.until(lambda: limit in system.reports)


async def test_a_picture_takes_no_more_than_a_device_may(meeting: Meeting, system: RoomSystem, room: Room) -> None:
    await seat(meeting)
    limits = SipLimits(bitrate=384_000)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True, limits=limits))
    assert "b=TIAS:384000\r\n" in sip_peer_of(room).description and sip_peer_of(room).downlink.step == 1


@pytest.mark.parametrize("system", [("G722", 1)], indirect=True)
async def test_a_browser_may_look_at_a_room_system_alone(meeting: Meeting, system: RoomSystem, room: Room) -> None:
    a = await meeting.join("a", "red", 440, view="camera:vcs", offered=OfferOptions(("H264",), 1))
    await dial_in(meeting, system)
    await a.watch.until(lambda: a.watch.colour(0.05, 0.05) == a.watch.colour(0.95, 0.95) == "blue")
    assert room.seats["a"].peer.picture.source is sip_peer_of(room).camera.layers[0]  # type: ignore[union-attr]
    b = await meeting.join("b", "green", 660, view="camera:vcs", offered=OfferOptions(("VP8",), 1))
    await b.watch.until(lambda: meeting.shows(b, "vcs", colour="blue"))


@pytest.mark.parametrize("system", [("G722", 1)], indirect=True)
async def test_a_room_that_looks_at_one_camera_gets_no_more_than_its_own_rate_and_profile(system: RoomSystem) -> None:
    engine = LocalEngine(["127.0.0.1"], 0)
    engine.start()
    meeting = Meeting(engine, RoomOptions(1280, 720, 5))
    await meeting.open()
    room = engine._rooms[ROOM]
    await meeting.join("a", "red", 440, offered=OfferOptions(("H264",), 3))
    camera = room.seats["a"].camera
    assert camera is not None
    await dial_in(meeting, system)
    await system.until(lambda: [each.active(time.monotonic()) for each in camera.layers] == [True] * 3)
    await meeting.engine.set_view(ROOM, "vcs", "camera:a")
    peer = sip_peer_of(room)
    assert peer.picture is not None and peer.downlink.step == USUAL  # 1.1 Mbit/s, of which a camera takes 1.7
    await system.until(lambda: peer.picture.source is camera.layers[1])  # type: ignore[union-attr]
    sent = camera.layers[1].recall(camera.layers[1].receive_stats.highest)
    assert sent is not None
    camera.layers[1].push(replace(sent, payload=bytes.fromhex("6764001f"), keyframe=True))  # of profile High
    usual = room.compositions.of("").renditions["H264", USUAL]
    await system.until(lambda: peer.picture.source is usual)  # type: ignore[union-attr]
    limit = rtcp.bitrate_limit(SSRC, peer.picture.ssrc, 128_000, 40)
    system.say("video", rtcp.receiver_report(SSRC, []) + limit)
    composed = room.compositions.of("").renditions["H264", 0]
    await system.until(lambda: peer.picture.source is composed)  # type: ignore[union-attr]
    await meeting.close()


@pytest.mark.parametrize("system", [("G722", 1)], indirect=True)
async def test_a_room_system_that_knows_h264_high_alone_is_answered_with_it_and_seen(
    meeting: Meeting, system: RoomSystem, monkeypatch: pytest.MonkeyPatch
) -> None:
    a = await meeting.join("a", "red", 440, offered=OfferOptions(("VP8",), 1))
    await seat(meeting)
    with monkeypatch.context() as patched:
        patched.setitem(codecs._ENCODERS, "H264", ("libx264", {**codecs.X264, "profile": "high"}))
        system._encoder = codecs.VideoEncoder("H264", *SIZE, 25, 500_000)
    first, _ = system._encoder.encode(pictures.plain(*SIZE, COLOURS["blue"]), keyframe=True)
    assert first.partition(b"\0\0\1\x67")[2][0] == 100  # the profile in the sequence parameter set
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp().replace("42801f", "64001f"), plain=True)
    assert "profile-level-id=64001f" in answer
    system.set_destinations(answer)
    system.begin()
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    await system.until(lambda: shows(system, meeting, "a", "red"))
    assert {profile for _, profile in system.profiles} == {100}


@pytest.mark.parametrize("system", [("G722", 1)], indirect=True)
async def test_high_is_sent_while_all_who_watch_decode_it(meeting: Meeting, system: RoomSystem) -> None:
    await meeting.join("a", "red", 440, offered=OfferOptions(("VP8",), 1))
    await seat(meeting)
    baseline = "a=rtpmap:96 H264/90000"
    high = "a=rtpmap:109 H264/90000\r\na=fmtp:109 profile-level-id=64001f;packetization-mode=1"
    offer = system.sdp().replace(f"{system.profile} 96", f"{system.profile} 109 96")
    offer = offer.replace(baseline, f"{high}\r\n{baseline}")
    answer = await meeting.engine.connect(ROOM, "vcs", offer, plain=True, limits=SipLimits(high=True))
    assert re.findall(r"m=video \d+ RTP/AVP (.*)\r", answer) == ["96 109"]
    system.set_destinations(answer)
    system.begin()
    await system.until(lambda: shows(system, meeting, "a", "red"))
    assert system.profiles == [(109, 100)]
    b = await meeting.join("b", "green", 660, offered=OfferOptions(("H264",), 1))
    await b.watch.until(lambda: meeting.shows(b, "a"))
    await system.until(lambda: shows(system, meeting, "b", "green"))
    assert system.profiles == [(109, 100), (109, 66)]
    await meeting.engine.remove_seat(ROOM, "b")
    system.say("video", rtcp.receiver_report(SSRC, []) + rtcp.picture_loss(SSRC, system.ssrcs["video"]))
    await system.until(lambda: system.profiles[2:] == [(109, 100)])


async def test_an_offer_names_our_address_on_the_route_to_the_room_system() -> None:
    engine = LocalEngine(["192.0.2.1", "127.0.0.1"], 0)
    await engine.open_room(ROOM, OPTIONS)
    await engine.add_seat(ROOM, SeatOptions("vcs", "vcs"))
    assert "c=IN IP4 127.0.0.1\r\n" in await engine.invite(ROOM, "vcs", "127.0.0.1")
    with pytest.raises(NoPortFree, match="is free on 192"):  # which is nobody's address here
        await engine.invite(ROOM, "vcs")
    await engine.close()


@pytest.mark.parametrize("view", ["composed", "composed:grid"])
async def test_one_seat_reads_an_overlay_until_it_ends(
    meeting: Meeting, system: RoomSystem, room: Room, view: str
) -> None:
    a = await meeting.join("a", "red", 440)
    await dial_in(meeting, system)
    await meeting.engine.set_layout(ROOM, Layout("grid"), "grid")
    await meeting.engine.set_view(ROOM, "vcs", view)

    await system.until(lambda: shows(system, meeting, "a", "red") and shows(system, meeting, "vcs", "blue"))
    await meeting.engine.show_overlay(ROOM, "vcs", "Bấm *1 để xem các phím\n" * 8, 3600)
    await system.until(lambda: system.colour(0.4, 0.6) == "")
    assert shows(system, meeting, "a", "red") and a.watch.colour(0.4, 0.6) == "red"
    room._end_overlays(room.seats["vcs"].overlay_ends)
    assert room.seats["vcs"].overlay == ""
    await system.until(lambda: system.colour(0.4, 0.6) == "red")


async def test_a_prompt_is_heard_in_place_of_the_mix_and_the_mix_afterwards(
    meeting: Meeting, system: RoomSystem
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await dial_in(meeting, system)
    await system.until(lambda: system.tones() == {440})
    with pytest.raises(BadOffer):
        await meeting.engine.play_prompt(ROOM, "a", "not-open")
    await meeting.engine.play_prompt(ROOM, "vcs", "not-open")
    await system.until(lambda: system.tones() != {440} and np.abs(system.sound()[-9600:]).max() > 3000)
    await system.until(lambda: system.tones() == {440})


@pytest.mark.parametrize("encryption", ["off", "demanded"])
async def test_a_call_moves_to_a_room_of_its_own_with_other_ports_and_keys(
    meeting: Meeting, system: RoomSystem, encryption: Encryption
) -> None:
    await meeting.engine.open_room("door", RoomOptions(320, 180, 5))
    await meeting.engine.add_seat("door", SeatOptions("visitor", "visitor", visible=False))
    first = system.sdp()
    if encryption == "demanded":
        keys = iter(sdes.make_all()[0] for _ in range(2))
        first = re.sub("RTP/AVP (.*)", lambda line: f"RTP/SAVP {line[1]}\r\na=crypto:{next(keys)}", first)
        first = first.replace("\r\r", "\r")
    begun = await meeting.engine.connect("door", "visitor", first, plain=True, encryption=encryption)
    held = await meeting.engine.descriptions("door", "visitor")
    assert held == Descriptions(begun, first)
    await seat(meeting)
    offer = await meeting.engine.move_in(ROOM, "vcs", held, encryption)
    (number, version), (same, next_version) = sip_parse.origin(begun), sip_parse.origin(offer)
    assert (same, next_version) == (number, version + 1)
    lines = [[line.split() for line in sdp.splitlines() if line.startswith("m=")] for sdp in (begun, offer)]
    assert [(line[0], line[2:]) for line in lines[0]] == [(line[0], line[2:]) for line in lines[1]]
    assert {line[1] for line in lines[0]}.isdisjoint(line[1] for line in lines[1])
    assert ("a=crypto" in offer) is (encryption == "demanded")
    if encryption == "demanded":
        return
    a = await meeting.join("a", "red", 440, floor=True)
    system.set_destinations(offer)
    await meeting.engine.accept(ROOM, "vcs", system.sdp())
    system.begin()
    await meeting.engine.remove_seat("door", "visitor")
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    await system.until(lambda: system.tones() == {440})
    await meeting.engine.close_room("door")


async def test_a_room_that_is_closed_keeps_no_packets(meeting: Meeting, system: RoomSystem, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    await dial_in(meeting, system)

    def kept() -> list[VideoSource]:
        cameras = [camera for seat in room.seats.values() if (camera := seat.camera) is not None]
        sources: list[VideoSource] = [layer for camera in cameras for layer in camera.layers]
        sources += [each for composition in room.compositions for each in composition.renditions.values()]
        return [source for source in sources if any(source._cache.ring)]

    await a.watch.until(lambda: len({source.name for source in kept()}) == 3)  # two cameras and the picture
    sources = kept()
    await meeting.engine.close_room(ROOM)
    assert not [source for source in sources if any(source._cache.ring)]
