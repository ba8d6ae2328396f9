"""Tests of garbage from strangers and from members: nobody else notices.

Also tests `dtls.py`.
"""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from struct import pack

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.ice_checks import Credentials, IceChecks
from loadtest.endpoint.sdp_answer import parse_answer
from loadtest.endpoint.sdp_offer import MID_ID, OPUS, VP8, OfferOptions
from mediaserver.api import COMPOSED, SeatOptions
from mediaserver.peer.webrtc import MAX_SSRCS_PER_PEER, WebRtcPeer
from mediaserver.room.room import Room
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.transport.ice import MAX_VALIDATED
from mediaserver.transport.peer_path import MAX_SSRCS as MAX_PATH_SSRCS
from mediaserver.transport.udp_mux import UdpMux
from mediaserver.worker.engine import LocalEngine
from tests.mediaserver.meeting import CERTIFICATE, ROOM, Guest, Meeting, material
from tests.mediaserver.pictures import huge_keyframe
from tests.mediaserver.transport.client_hello import HELLO

RANDOM = random.Random(7)
FLOOD = 3000


def mux_of(meeting: Meeting) -> UdpMux:
    assert isinstance(meeting.engine, LocalEngine)
    return meeting.engine._mux


@asynccontextmanager
async def flood(meeting: Meeting, datagrams: Iterator[bytes]) -> AsyncIterator[None]:
    """Send datagrams from a stranger's address, as many as the loop lets through."""
    (address,) = mux_of(meeting).addresses
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.setblocking(False)

        async def send() -> None:
            for at, data in zip(range(FLOOD), datagrams, strict=False):
                with suppress(BlockingIOError):
                    stranger.sendto(data, address)
                if at % 20 == 19:
                    await asyncio.sleep(0)

        sending = asyncio.ensure_future(send())
        yield
        await sending


def noise() -> Iterator[bytes]:
    """Return random bytes behind first bytes that mean STUN, DTLS, SRTP, SRTCP and nothing."""
    for at in count():
        yield bytes([(0, 1, 22, 20, 63, 128, 191, 255)[at % 8]]) + os.urandom(at % 1400)


async def test_strangers_change_nothing_for_those_who_meet_and_those_who_join(meeting: Meeting) -> None:
    a = await meeting.join("a", "red", 440, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("x", "X"))
    waiting = Endpoint(CERTIFICATE, material("red", 440), OfferOptions(layers=1))
    answer = parse_answer(await meeting.engine.connect(ROOM, "x", waiting.offer()))

    def forged() -> Iterator[bytes]:
        checks = IceChecks(waiting._local, Credentials(answer.fragment, "w" * 24))
        for garbage in noise():
            yield checks.request()  # right names, wrong password
            yield HELLO
            yield b"\x17" + HELLO[1:]
            yield garbage

    had = meeting.guests["a"].pictures
    async with flood(meeting, forged()):
        b = await meeting.join("b", "green", 660, floor=True)
        await waiting.connect(await meeting.engine.connect(ROOM, "x", waiting.offer()))
        meeting.seats.insert(1, "x")
    await a.watch.until(lambda: meeting.shows(a, "b") and a.watch.tones() >= {660})
    await b.watch.until(lambda: meeting.shows(b, "a") and b.watch.tones() >= {440})
    await a.watch.until(lambda: a.pictures > had + 5)
    mux = mux_of(meeting)
    assert mux.counters.strangers >= FLOOD / 2
    assert (len(mux._by_fragment), len(mux._inbox)) == (3, 3)
    await waiting.close()


async def test_a_handshake_forged_before_the_check_is_dropped(meeting: Meeting, room: Room) -> None:
    await meeting.engine.add_seat(ROOM, SeatOptions("x", "X"))
    endpoint = Endpoint(CERTIFICATE, material("red", 440), OfferOptions(layers=1))
    await meeting.engine.connect(ROOM, "x", endpoint.offer())
    async with flood(meeting, iter([HELLO] * 50)):
        pass
    a = await meeting.join("a", "red", 440)
    await a.watch.more(5)
    peer = room.seats["x"].peer
    assert isinstance(peer, WebRtcPeer)
    transport = peer.transport
    assert (transport.state, transport._dtls._records._queue.qsize()) == ("new", 0)


async def test_a_member_with_many_addresses_keeps_the_newest(meeting: Meeting, room: Room) -> None:
    a = await meeting.join("a", "red", 440)
    checks = a.endpoint._transport._checks
    assert checks is not None
    mux = mux_of(meeting)
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(3 * MAX_VALIDATED)]
    for sock in sockets:
        sock.sendto(checks.request().replace(b"", b""), mux.addresses[0])
    await a.watch.more(10)
    for sock in sockets:
        sock.close()
    assert len(mux._inbox) == MAX_VALIDATED
    peer = room.seats["a"].peer
    assert isinstance(peer, WebRtcPeer)
    assert peer.transport.ice.selected in peer.transport.ice.validated


def rtp(number: int, sequence: int, ssrc: int, payload: bytes, first: int = 0x80, marker: bool = False) -> bytes:
    return pack("!BBHII", first, number | marker << 7, sequence & 0xFFFF, sequence * 960 & 0xFFFFFFFF, ssrc) + payload


def malformed_rtp(guest: Guest) -> Iterator[bytes]:
    """Return packets that SRTP carries and nobody can read, on new streams and on the guest's own."""
    own = next(iter(guest.endpoint._layers))
    for sequence, ssrc in zip(range(0x9000, 0x9100), [own, 77] * 128, strict=True):
        yield rtp(VP8, sequence, ssrc, b"\xff\x00", 0xA0)  # more padding than packet
        yield rtp(VP8, sequence, ssrc, b"\x00", 0xA0)
        yield rtp(VP8, sequence, ssrc, b"\xbe\xde\x00\x01" + bytes([MID_ID << 4 | 15]) + b"abc", 0x90)
        yield rtp(VP8, sequence, ssrc, b"\x10\x00\x00\x01\x09\xff\x00\x00" + b"x", 0x90)
        yield rtp(VP8, sequence, ssrc, b"")
        yield rtp(OPUS, sequence, ssrc + 1, b"")
        yield rtp(OPUS, sequence, ssrc + 1, b"\xff\xff\xff")
        yield rtp(VP8, sequence, ssrc, RANDOM.randbytes(RANDOM.randrange(1300)), marker=True)
        yield rtp(RANDOM.choice([0, 5, 63, 95, 127]), sequence, ssrc + 2, b"unknown type")
        yield rtp(VP8, sequence, ssrc, b"\x90\x80\x81")  # a descriptor cut off
        yield rtp(VP8, sequence, ssrc, bytes(1450), marker=True)


def malformed_rtcp(guest: Guest) -> Iterator[bytes]:
    """Yield RTCP with wrong lengths, counts and types under a guest's own SSRC."""
    own = next(iter(guest.endpoint._layers))
    for _ in range(100):
        yield pack("!BBHI", 0x80, 200, 0xFFFF, own)
        yield pack("!BBHI", 0x81, 200, 1, own)
        yield pack("!BBHII", 0x8F, 206, 2, own, 0) + b"REMB"
        yield pack("!BBHII", 0x8F, 206, 5, own, 0) + b"REMB\xff\xff\xff\xff" + bytes(4)
        yield pack("!BBHII", 0x8F, 206, 4, own, 0) + b"REMB\x00\xff\xff\xff"
        yield pack("!BBHII", 0x81, 205, 302, own, 1) + pack("!HH", 0, 0xFFFF) * 300
        yield pack("!BBHII", 0x84, 206, 3, own, 0) + bytes(3)
        yield pack("!BBHI", 0xA1, 201, 1, own) + b"\xff" * 4
        yield pack("!BBHI", 0x81, 202, 3, own) + b"\x01\xff" + bytes(6)
        yield pack("!BBHI", 0x80 | RANDOM.randrange(64), RANDOM.randrange(192, 224), 10, own) + RANDOM.randbytes(40)
        yield pack("!BBHI", 0x80 | RANDOM.randrange(64), RANDOM.randrange(192, 224), 4, own) + RANDOM.randbytes(16)


async def attacked(meeting: Meeting) -> tuple[Guest, Guest]:
    """Return an innocent guest and one who will be malicious, who see each other."""
    innocent = await meeting.join("a", "red", 440, floor=True)
    malicious = await meeting.join("b", "green", 660, floor=True, offered=OfferOptions(("VP8",), 1))
    await meeting.all_seen()
    return innocent, malicious


async def unharmed(meeting: Meeting, innocent: Guest) -> None:
    """Check that pictures go on without a gap, and that somebody new is seen and heard."""
    lost = innocent.endpoint.counters.picture().lost
    await innocent.watch.more(25)
    assert meeting.shows(innocent, "a")
    assert innocent.endpoint.counters.picture().lost == lost
    await meeting.engine.remove_seat(ROOM, "b")
    meeting.seats.remove("b")
    fresh = await meeting.join("c", "blue", 1000, floor=True)
    await innocent.watch.until(lambda: meeting.shows(innocent, "c") and innocent.watch.tones() == {1000})
    await fresh.watch.until(lambda: meeting.shows(fresh, "a") and fresh.watch.tones() == {440})


async def test_malformed_packets_of_a_member_harm_nobody(meeting: Meeting, room: Room) -> None:
    innocent, malicious = await attacked(meeting)
    for at, packet in enumerate(malformed_rtp(malicious)):
        malicious.endpoint._transport.send_packet(packet)
        if at % 50 == 49:
            await asyncio.sleep(0)
    for packet in malformed_rtcp(malicious):
        malicious.endpoint._transport.send_rtcp(packet)
        await asyncio.sleep(0)
    assert len(room.seats["b"].peer._streams) <= MAX_SSRCS_PER_PEER  # type: ignore[union-attr]
    await unharmed(meeting, innocent)


async def test_a_thousand_streams_of_a_member_cost_no_more_than_eight(meeting: Meeting, room: Room) -> None:
    innocent, malicious = await attacked(meeting)
    for ssrc in range(1, 1001):
        malicious.endpoint._transport.send_packet(rtp(VP8 if ssrc & 1 else OPUS, 1, ssrc << 8, b"\x10\x00picture"))
        if ssrc % 50 == 0:
            await asyncio.sleep(0)
    await innocent.watch.more(5)
    peer = room.seats["b"].peer
    assert isinstance(peer, WebRtcPeer)
    assert (len(peer._streams), len(peer._receive_stats)) == (MAX_SSRCS_PER_PEER, MAX_SSRCS_PER_PEER)
    assert len(peer.camera.layers) <= MAX_SSRCS_PER_PEER
    await unharmed(meeting, innocent)


async def test_a_peer_that_used_up_its_ssrcs_is_seen_again_after_each_of_ten_new_offers(meeting: Meeting) -> None:
    """Every offer makes a new transport, with keys and streams of its own."""
    innocent, restless = await attacked(meeting)
    counters = mux_of(meeting).counters
    for colour in ("red", "blue") * 5:
        refused = counters.excess
        for ssrc in range(2 * MAX_PATH_SSRCS):
            restless.endpoint._transport.send_packet(rtp(OPUS, 1, ssrc << 8 | 1, b"\xf8\xff\xfe"))
        await innocent.watch.until(lambda before=refused: counters.excess > before)  # type: ignore[misc]
        restless = await meeting.connect("b", colour, 660, OfferOptions(("VP8",), 1))
        await innocent.watch.until(lambda: meeting.shows(innocent, "b"))
    await unharmed(meeting, innocent)


def peak_mb() -> float:
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


async def test_a_huge_key_frame_of_a_member_costs_no_memory(meeting: Meeting, room: Room) -> None:
    (payload,) = packetize_vp8(huge_keyframe(), 1)
    innocent, malicious = await attacked(meeting)
    malicious.endpoint.sending.camera = False
    layer = next(iter(malicious.endpoint._layers.values()))
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts from here (proc(5))
    before = peak_mb()
    for at in range(10):
        packet = rtp(VP8, layer._sequence + at, layer.ssrc, payload, marker=True)
        malicious.endpoint._transport.send_packet(packet)
        await innocent.watch.more(2)
    assert room.seats["b"].input._current is not None
    camera = room._picture_clock.compositor._cameras["b"]  # a thread decodes the last of them while this one looks
    await innocent.watch.until(lambda: camera._stream is None)
    assert peak_mb() - before < 50
    await unharmed(meeting, innocent)


async def test_a_jump_ahead_in_a_members_numbers_is_survived(meeting: Meeting, room: Room) -> None:
    innocent, malicious = await attacked(meeting)
    await meeting.engine.set_view(ROOM, "a", "camera:b")
    await innocent.watch.until(lambda: innocent.watch.colour(0.1, 0.1) == "green")
    await meeting.join("o", "red", 440, visible=False)
    await room_decodes(room, innocent)
    for stream in (*malicious.endpoint._layers.values(), malicious.endpoint._voice):
        stream._sequence = (stream._sequence + 0x7000) & 0xFFFF  # type: ignore[union-attr]
    await innocent.watch.more(10)
    await room_decodes(room, innocent)
    await innocent.watch.until(lambda: innocent.watch.tones() == {660})
    await meeting.engine.set_view(ROOM, "a", COMPOSED)
    await meeting.all_seen()
    await unharmed(meeting, innocent)


async def room_decodes(room: Room, innocent: Guest) -> None:
    """Wait until the compositor has ten more pictures of the member."""
    before = room._picture_clock.compositor._cameras["b"].decoded
    await innocent.watch.until(lambda: room._picture_clock.compositor._cameras["b"].decoded >= before + 10)
