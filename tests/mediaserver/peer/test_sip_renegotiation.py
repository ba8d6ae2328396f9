"""Tests of offers within a room system's call (RFC 3264 §8): hold, other ports, a picture added, offers of ours."""

import re

import pytest

from mediaserver.errors import BadOffer
from mediaserver.room.room import Room
from mediaserver.transport.plain_rtp import HELD_SILENCE_S, SILENCE_S
from tests.mediaserver.meeting import ROOM, Meeting
from tests.mediaserver.peer.room_calls import dial_in, invite, seat, shows, sip_peer_of
from tests.mediaserver.room_system import RoomSystem

HOLDS = {
    "sendonly": ("a=sendrecv", "a=sendonly"),
    "inactive": ("a=sendrecv", "a=inactive"),
    "no address": ("c=IN IP4 127.0.0.1", "c=IN IP4 0.0.0.0"),
    "no ports": (r"m=(audio|video) \d+", r"m=\1 0"),
}


def lines(sdp: str, start: str) -> list[str]:
    return [line for line in sdp.splitlines() if line.startswith(start)]


def directions(sdp: str) -> list[str]:
    """Return the direction of each m-line in use."""
    return re.findall(r"a=(sendrecv|sendonly|recvonly|inactive)", sdp)


def version(sdp: str) -> int:
    return int(lines(sdp, "o=")[0].split()[2])


async def quiet(system: RoomSystem, meeting: Meeting) -> None:
    """Wait until no media comes to a room system: what was under way, then half a second of others' sound."""
    counts: list[int] = []
    other = next(iter(meeting.guests.values()))
    while len(counts) < 2 or counts[-1] != counts[-2]:
        counts.append(len(system.sockets["audio"].datagrams) + len(system.sockets["video"].datagrams))
        await other.watch.listen()


@pytest.mark.parametrize("join", [dial_in, invite])
@pytest.mark.parametrize("how", HOLDS)
async def test_a_call_on_hold_neither_hears_nor_is_heard_and_goes_on_as_it_was(
    meeting: Meeting, system: RoomSystem, room: Room, how: str, join: object
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await (dial_in if join is dial_in else invite)(meeting, system, floor=True)
    await system.until(lambda: shows(system, meeting, "a", "red") and system.tones() == {440})
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    before, ssrcs, peer = system.sdp(), dict(system.ssrcs), sip_peer_of(room)
    active = await meeting.engine.renegotiate(ROOM, "vcs", before)

    held = await meeting.engine.renegotiate(ROOM, "vcs", re.sub(*HOLDS[how], before))
    await quiet(system, meeting)
    assert directions(held) == ([] if how == "no ports" else ["inactive", "inactive"])
    assert version(held) == version(active) + 1
    await a.watch.silence()
    await a.watch.until(lambda: not meeting.shows(a, "vcs", colour="blue"))
    heard = max(pair.heard for pair in peer.transport.port_pairs)
    peer.tick(heard + 10 * SILENCE_S)
    assert peer.transport.state == "connected"

    again = await meeting.engine.renegotiate(ROOM, "vcs", before)
    assert (lines(again, "m="), directions(again)) == (lines(active, "m="), ["sendrecv", "sendrecv"])
    assert version(again) == version(active) + 2
    assert version(await meeting.engine.renegotiate(ROOM, "vcs", before)) == version(again)
    system._sound.clear()
    await system.until(lambda: system.tones() == {440})
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    assert system.ssrcs == ssrcs


async def test_a_call_on_hold_that_is_silent_for_an_hour_is_gone(
    meeting: Meeting, system: RoomSystem, room: Room
) -> None:
    await seat(meeting)
    await meeting.engine.connect(ROOM, "vcs", system.sdp(), plain=True)
    await meeting.engine.renegotiate(ROOM, "vcs", system.sdp().replace("a=sendrecv", "a=inactive"))
    peer = sip_peer_of(room)
    heard = max(pair.heard for pair in peer.transport.port_pairs)
    peer.tick(heard + HELD_SILENCE_S - 1.0)
    assert room.seats["vcs"].peer is peer
    peer.tick(heard + HELD_SILENCE_S + 10.0)
    assert room.seats["vcs"].peer is None


async def test_a_camera_that_shows_nothing_is_no_hold(meeting: Meeting, system: RoomSystem) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await dial_in(meeting, system, floor=True)
    sound, camera = system.sdp().split("m=video")
    answer = await meeting.engine.renegotiate(ROOM, "vcs", f"{sound}m=video{camera.replace('sendrecv', 'sendonly')}")
    assert directions(answer) == ["sendrecv", "recvonly"]
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    await system.until(lambda: system.tones() == {440})


async def test_media_follow_a_room_system_to_other_ports(meeting: Meeting, system: RoomSystem) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await dial_in(meeting, system)
    await system.until(lambda: shows(system, meeting, "a", "red") and system.tones() == {440})
    moved = RoomSystem("G722", 1, "blue", 1000)
    await moved.open()
    moved.set_destinations(await meeting.engine.renegotiate(ROOM, "vcs", moved.sdp()))
    await moved.until(lambda: moved.tones() == {440})
    moved.begin()
    moved.report()
    await moved.until(lambda: moved.pictures > 0)
    await quiet(system, meeting)  # it still sends from its old ports
    await moved.close()


async def test_a_picture_is_added_to_a_call_of_sound_alone_and_taken_away(meeting: Meeting, system: RoomSystem) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await seat(meeting)
    alone = await meeting.engine.connect(ROOM, "vcs", system.sdp(camera=False), plain=True)
    assert lines(alone, "m=video")[0].startswith("m=video 0 ")
    system.set_destinations(await meeting.engine.renegotiate(ROOM, "vcs", system.sdp()))
    system.begin()
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue"))
    await system.until(lambda: shows(system, meeting, "a", "red"))
    without = await meeting.engine.renegotiate(ROOM, "vcs", system.sdp(camera=False))
    assert (lines(without, "m=video")[0].split()[1], directions(without)) == ("0", ["sendrecv"])
    await a.watch.until(lambda: not meeting.shows(a, "vcs", colour="blue"))


async def test_another_codec_for_the_sound_is_followed(meeting: Meeting, system: RoomSystem) -> None:
    await meeting.join("a", "red", 440, floor=True)
    await dial_in(meeting, system)
    await system.until(lambda: system.tones() == {440})
    other = RoomSystem("PCMU", 1, "blue", 1000)
    await other.open()
    answer = await meeting.engine.renegotiate(ROOM, "vcs", other.sdp())
    assert lines(answer, "m=audio")[0].endswith(" 0 101")
    other.set_destinations(answer)
    await other.until(lambda: other.tones() == {440})
    await other.close()


async def test_an_offer_of_ours_lists_the_m_lines_of_the_call_and_is_answered(
    meeting: Meeting, system: RoomSystem
) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await dial_in(meeting, system, floor=True)
    await a.watch.until(lambda: a.watch.tones() == {1000})
    asked = system.sdp() + "m=application 5070 UDP/BFCP *\r\na=sendrecv\r\n"
    active = await meeting.engine.renegotiate(ROOM, "vcs", asked)
    await meeting.engine.renegotiate(ROOM, "vcs", asked.replace("a=sendrecv", "a=sendonly"))
    await a.watch.silence()
    offer = await meeting.engine.reoffer(ROOM, "vcs")
    assert [line.split()[:2] for line in lines(offer, "m=")] == [line.split()[:2] for line in lines(active, "m=")]
    assert directions(offer) == ["sendrecv", "sendrecv"]
    await meeting.engine.accept(ROOM, "vcs", asked)
    await a.watch.until(lambda: a.watch.tones() == {1000})
    with pytest.raises(BadOffer, match="an answer to nothing"):
        await meeting.engine.accept(ROOM, "vcs", asked)


async def test_what_cannot_be_agreed_to_changes_nothing(meeting: Meeting, system: RoomSystem) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await seat(meeting, "browser")
    with pytest.raises(BadOffer, match="no call to change"):
        await meeting.engine.renegotiate(ROOM, "browser", system.sdp())
    with pytest.raises(BadOffer, match="no call to change"):
        await meeting.engine.reoffer(ROOM, "a")
    await dial_in(meeting, system, floor=True)
    fewer = system.sdp().split("m=video")[0]
    unknown = re.sub(r"(m=\w+ \d+ \S+) .*", r"\1 18", system.sdp())
    for offer, why in ((fewer, "fewer m-lines"), (unknown, "shares no codec"), ("v=0", "SDP")):
        with pytest.raises(BadOffer, match=why):
            await meeting.engine.renegotiate(ROOM, "vcs", offer)
    await a.watch.until(lambda: meeting.shows(a, "vcs", colour="blue") and a.watch.tones() == {1000})
    await system.until(lambda: system.tones() == {440})
