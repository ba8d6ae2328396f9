"""Tests of a room system's encrypted media (SRTP under keys of the SDP, RFC 4568), whoever calls, and of new keys."""

import re

import pytest

from mediaserver.api import DigitPressed, Encryption, PeerUp, RoomOptions, SeatOptions, SipLimits
from mediaserver.errors import BadOffer, NotEncrypted
from mediaserver.room.room import Room
from mediaserver.rtp.packet import HEADER
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.peer.room_calls import dial_in, invite, seat, shows, sip_peer_of
from tests.mediaserver.room_system import RoomSystem

SUITE = "AES_CM_128_HMAC_SHA1_80"


async def both_ways(meeting: Meeting, system: RoomSystem) -> None:
    """Wait until each side sees and hears the other's newest."""
    a = meeting.guests["a"]
    system._sound.clear()
    await system.until(lambda: shows(system, meeting, "a", "red") and system.tones() == {440})
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})


@pytest.mark.parametrize(
    ("join", "profile", "suite", "encryption"),
    [
        (dial_in, "RTP/SAVP", SUITE, "demanded"),
        (dial_in, "RTP/SAVPF", "AES_CM_128_HMAC_SHA1_32", "wished"),
        (dial_in, "RTP/AVP", "AEAD_AES_128_GCM", "demanded"),
        (invite, "RTP/SAVP", "AEAD_AES_128_GCM", "demanded"),
        (invite, "RTP/AVP", SUITE, "wished"),
    ],
    ids=["in SAVP", "in SAVPF 32", "in AVP GCM", "out SAVP GCM", "out AVP"],
)
async def test_an_encrypted_call_sees_and_hears_as_a_plain_one(
    meeting: Meeting, system: RoomSystem, room: Room, join: object, profile: str, suite: str, encryption: Encryption
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    system.encrypt(profile, suite)
    if join is invite:  # the tag of the answer says which of our keys was taken
        tag = {"AEAD_AES_128_GCM": 1, SUITE: 2}[suite]
        system.choose(tag)
    await (dial_in if join is dial_in else invite)(meeting, system, floor=True, encryption=encryption)
    await both_ways(meeting, system)
    await system.until(lambda: bool(system.reports) and system.pictures > 5)
    counters = sip_peer_of(room).transport.port_pairs[0]._counters
    assert (system.undecryptable, counters.undecryptable) == (0, 0)
    assert (await meeting.engine.stats())["dtls_calls"] == 0


async def test_packets_that_are_plain_forged_or_repeated_are_dropped_and_counted(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await seat(meeting, floor=True)
    system.encrypt("RTP/SAVP", SUITE)
    system.set_destinations(await meeting.engine.connect(ROOM, "vcs", system.sdp(), True, "demanded"))
    sound = system.sockets["audio"].transport
    plain = HEADER.pack(0x80, 9, 7, 0, 5) + b"sound"
    packet = system._srtp["audio"][0].protect(plain)
    for data in (plain, packet[:-1] + bytes([packet[-1] ^ 1]), packet, packet, b"\x80\x09"):
        sound.sendto(data, system.destinations["audio"])
    counters = sip_peer_of(room).transport.port_pairs[0]._counters
    await a.watch.until(lambda: counters.undecryptable == 4)
    system.begin()
    await both_ways(meeting, system)


async def test_new_keys_within_a_call_are_answered_by_new_ones_and_known_ones_by_the_same(
    meeting: Meeting, system: RoomSystem
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    system.encrypt("RTP/SAVP", SUITE)
    await dial_in(meeting, system, floor=True, encryption="wished")
    await both_ways(meeting, system)
    first, again = [await meeting.engine.renegotiate(ROOM, "vcs", system.sdp()) for _ in range(2)]
    assert first == again

    system.encrypt("RTP/SAVP", "AEAD_AES_128_GCM")
    changed = await meeting.engine.renegotiate(ROOM, "vcs", system.sdp())
    assert set(_keys(changed)).isdisjoint(_keys(first))
    system.set_destinations(changed)
    await both_ways(meeting, system)
    offer = await meeting.engine.reoffer(ROOM, "vcs")
    assert _keys(offer) == _keys(changed)
    system.encrypt("RTP/SAVP", "AEAD_AES_128_GCM")
    await meeting.engine.accept(ROOM, "vcs", system.sdp())
    system.set_destinations(offer)
    await both_ways(meeting, system)

    system.profile, system.keys = "RTP/AVP", {}
    system.set_destinations(await meeting.engine.renegotiate(ROOM, "vcs", system.sdp()))
    await both_ways(meeting, system)


def _keys(sdp: str) -> list[str]:
    return re.findall(r"inline:\S+", sdp)


async def test_a_demand_that_is_not_met_is_refused_and_a_call_keeps_its_keys(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await seat(meeting, floor=True)
    with pytest.raises(NotEncrypted):
        await meeting.engine.connect(ROOM, "vcs", system.sdp(), True, "demanded")
    assert room.seats["vcs"].peer is None
    await meeting.engine.invite(ROOM, "vcs", encryption="demanded")
    with pytest.raises(NotEncrypted):
        await meeting.engine.accept(ROOM, "vcs", system.sdp())
    system.encrypt("RTP/SAVP", "AEAD_AES_128_GCM")
    system.choose(3)
    with pytest.raises(BadOffer, match="none that was offered"):
        await meeting.engine.accept(ROOM, "vcs", system.sdp())
    with pytest.raises(NotEncrypted):
        await meeting.engine.connect(ROOM, "vcs", system.sdp(), True, "off")
    answer = await meeting.engine.connect(ROOM, "vcs", system.sdp(), True, "demanded")
    system.set_destinations(answer)
    system.begin()
    with pytest.raises(NotEncrypted):
        await meeting.engine.renegotiate(ROOM, "vcs", re.sub(r"a=crypto.*\r\n", "", system.sdp()))
    await both_ways(meeting, system)


async def test_a_wish_that_is_not_met_is_a_plain_call(meeting: Meeting, system: RoomSystem) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await invite(meeting, system, floor=True, encryption="wished")
    await both_ways(meeting, system)


async def test_keys_of_dtls_are_agreed_upon_anew_when_a_call_moves_from_the_front_door(meeting: Meeting) -> None:
    """The room system is an engine of ours, which begins DTLS anew then (RFC 8842 §4)."""
    engine, theirs = meeting.engine, LocalEngine(["127.0.0.1"], 0)
    theirs.start()
    device = Meeting(theirs)
    await device.open()
    inside = await device.join("inside", "blue", 1000, floor=True)
    await theirs.add_seat(ROOM, SeatOptions("centre", "Trung tâm", visible=False, floor=True))
    offer = await theirs.invite(ROOM, "centre", encryption="demanded", limits=SipLimits(keys="DTLS"))
    await engine.open_room("door", RoomOptions(320, 180, 5))
    await engine.add_seat("door", SeatOptions("visitor", "visitor", visible=False))
    await theirs.accept(ROOM, "centre", await engine.connect("door", "visitor", offer, True, "demanded"))
    await meeting.happened(PeerUp("door", "visitor"))
    assert await theirs.send_digits(ROOM, "centre", "1")
    await meeting.happened(DigitPressed("door", "visitor", "1"))

    a = await meeting.join("a", "red", 440, floor=True)
    await seat(meeting, floor=True)
    held = await engine.descriptions("door", "visitor")
    moved = await engine.move_in(ROOM, "vcs", held, "demanded")
    before, after = (set(re.findall("a=fingerprint:(.*)", sdp)) for sdp in (held.ours, moved))
    assert len(before) == len(after) == 1 and before != after
    await engine.accept(ROOM, "vcs", await theirs.renegotiate(ROOM, "centre", moved))
    await engine.remove_seat("door", "visitor")
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    await inside.watch.until(lambda: inside.watch.tones() == {440})
    assert [(await each.stats())["dtls_calls"] for each in (engine, theirs)] == [1, 1]
    report = await theirs.call_report(ROOM, "centre")
    assert report.picture is not None and report.picture.received
    await device.close()
