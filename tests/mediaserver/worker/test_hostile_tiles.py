"""Tests of bad input from viewers that draw the layout themselves, and from senders whom they are forwarded.

Everybody else goes on seeing, and a fault of an offer is told.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from struct import pack
from time import monotonic

import pytest

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.rtcp import KeyframeRequest, keyframe_request, parse_requests
from loadtest.endpoint.sdp_offer import H264, VP8, OfferOptions
from mediaserver.api import Layout, SeatOptions
from mediaserver.congestion.retransmission_limit import LOOKUP_REFILL_S, MAX_LOOKUPS
from mediaserver.errors import BadOffer
from mediaserver.peer.webrtc import WebRtcPeer
from mediaserver.room.room import Room
from mediaserver.rtp.keyframe_requests import MIN_INTERVAL_S
from mediaserver.rtp.rewriter import Rewriter
from mediaserver.rtp.rtcp import nack
from mediaserver.sdp.sections import MAX_MEDIA
from tests.mediaserver.meeting import CERTIFICATE, PATIENCE_S, ROOM, Guest, Meeting, material
from tests.mediaserver.tile_viewer import CAMERA, TILES, Viewer

ABSENT = 0x0ABCDEF0
"""An SSRC that nobody has."""
SEEN = {"a": "red", "b": "blue", "v": ""}


async def watched(meeting: Meeting, tiles: int) -> tuple[Guest, Guest, Viewer]:
    """Return two cameras and one who is forwarded both."""
    a = await meeting.join("a", "red", 440, offered=CAMERA)
    b = await meeting.join("b", "blue", 1000, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join(replace(TILES, tiles=tiles))
    await viewer.until(lambda: viewer.sees() == SEEN)
    return a, b, viewer


def peer_of(room: Room, seat: str) -> WebRtcPeer:
    peer = room.seats[seat].peer
    assert isinstance(peer, WebRtcPeer)
    return peer


async def more(viewer: Viewer, pictures: int = 5) -> None:
    """Wait for so many more pictures in each m-line that the viewer shows."""
    before = {tile.mid: viewer.watch.pictures(tile.mid) for tile in viewer.tiles.values() if tile.mid is not None}
    assert before
    await viewer.until(lambda: all(viewer.watch.pictures(mid) >= count + pictures for mid, count in before.items()))


async def test_key_frames_requested_in_25_m_lines_at_once_reach_each_sender_once(meeting: Meeting, room: Room) -> None:
    a, b, viewer = await watched(meeting, 25)
    requested: Counter[int] = Counter()

    def count(guest: Guest) -> None:
        carry_out = guest.endpoint.rtcp

        def counted(data: bytes, now: float) -> None:
            requested.update(each.ssrc for each in parse_requests(data) if isinstance(each, KeyframeRequest))
            carry_out(data, now)

        guest.endpoint.rtcp = counted  # type: ignore[method-assign]

    for guest in (a, b):
        count(guest)
    await more(viewer, 15)  # longer than the least interval, since the key frames that it began with
    begun = monotonic()
    for _ in range(25):
        for ssrc in (ABSENT, *peer_of(room, "v")._pictures):
            viewer.endpoint._transport.send_rtcp(keyframe_request(1, ssrc))
    await viewer.until(lambda: len(requested) == 2)
    await more(viewer)
    assert len(requested) == 2, "one layer of each camera"
    assert max(requested.values()) <= 1 + (monotonic() - begun) // MIN_INTERVAL_S
    assert viewer.sees() == SEEN


async def test_packets_missed_in_one_m_line_are_sent_again_in_no_other(meeting: Meeting, room: Room) -> None:
    _, _, viewer = await watched(meeting, 25)
    forwarders = peer_of(room, "v").tiles
    mine, other = (forwarders[viewer.tiles[name].mid or ""] for name in "ab")
    newest = other.stream.next_sequence - 1 & 0xFFFF
    sent = [newest - back & 0xFFFF for back in range(10)]
    foreign = [number for number in sent if mine.rewriter.source_sequence(number) is None]  # first numbers are random
    viewer.endpoint._transport.send_rtcp(nack(1, mine.ssrc, foreign) + nack(1, ABSENT, sent))
    await more(viewer)
    assert {each.resent_octets for each in forwarders.values()} == {0}
    viewer.endpoint._transport.send_rtcp(nack(1, other.ssrc, [newest]))
    await viewer.until(lambda: other.resent_octets > 0)
    assert mine.resent_octets == 0


async def test_a_flood_of_requests_in_all_m_lines_is_looked_at_no_further_than_one_in_one(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, _, viewer = await watched(meeting, 25)
    peer, looked = peer_of(room, "v"), Counter[int]()
    monkeypatch.setattr(Rewriter, "source_sequence", lambda self, _: looked.update([self.ssrc]))
    now = monotonic() + LOOKUP_REFILL_S  # whatever was looked up before
    for ssrc in peer._pictures:
        peer.rtcp(nack(1, ssrc, list(range(0, 0x10000, 17))[: 2 * MAX_LOOKUPS]), now)
    assert looked.total() == MAX_LOOKUPS
    monkeypatch.undo()
    await more(viewer)
    assert viewer.sees() == SEEN


def absurd_reports(ssrcs: Iterable[int]) -> Iterable[bytes]:
    """Yield estimates of 0 and of 2^81, and receiver reports in which every field is at an end of its range."""
    for mantissa, exponent in ((0, 0), (0, 63), (1 << 17, 46), (0x3FFFF, 63), (1, 0)):  # the third is 2^63
        yield pack("!BBHII4sBBH", 0x8F, 206, 4, 1, 0, b"REMB", 0, exponent << 2 | mantissa >> 16, mantissa & 0xFFFF)
    for ssrc in ssrcs:
        for lost, highest, jitter, lsr, dlsr in (
            (0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF),
            (0xFF000000, 0, 0, 1, 0),
            (0x00800000, 0x80000000, 1, int((monotonic() - 59) * 65536) & 0xFFFFFFFF, 0),
            (0xFF7FFFFF, 1, 0, 0, 0xFFFFFFFF),
        ):
            yield pack("!BBHIIIIIII", 0x81, 201, 7, 1, ssrc, lost, highest, jitter, lsr, dlsr)


async def test_absurd_estimates_and_reports_of_a_viewer_cost_others_nothing_and_itself_some_seconds(
    meeting: Meeting, room: Room
) -> None:
    _, _, viewer = await watched(meeting, 6)
    other = await Viewer(meeting, "w").join()
    await other.until(lambda: other.sees() == {"a": "red", "b": "blue", "v": "green", "w": ""})
    arranged, peer = len(other.tile_events), peer_of(room, "v")
    ssrcs = (ABSENT, *peer._pictures, *([peer.audio.ssrc] if peer.audio is not None else []))
    async with asyncio.timeout(PATIENCE_S):
        while peer.downlink.step == peer.downlink.max_step:
            for report in absurd_reports(ssrcs):
                viewer.endpoint._transport.send_rtcp(report)
            await more(other, 3)
    assert peer_of(room, "w").downlink.step == peer_of(room, "w").downlink.max_step
    assert (len(other.tile_events), other.endpoint.counters.picture().lost) == (arranged, 0)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue", "v": "", "w": "green"})


async def test_a_sender_whose_temporal_ids_lie_spoils_no_m_line(meeting: Meeting) -> None:
    _, b, viewer = await watched(meeting, 2)
    draw = random.Random(7)

    def lying(payloads: tuple[bytes, ...]) -> Iterable[bytes]:
        """Return a picture's payloads behind any of the descriptors of RFC 7741 §4.2, with ids drawn by chance."""
        fields = draw.choice([0x00, 0x20, 0x10, 0x30, 0x80, 0xC0, 0xA0, 0xF0])
        short, long = bytes([draw.randrange(0x80)]), bytes([0x80 | draw.randrange(0x80), draw.randrange(0x100)])
        ids = draw.choice([short, long, long]) if fields & 0x80 else b""
        layers = draw.randbytes((fields & 0x40 != 0) + (fields & 0x30 != 0))
        return [bytes([payload[0] | 0x80, fields]) + ids + layers + payload[4:] for payload in payloads]

    for layer in b.endpoint._layers.values():
        layer._numbered = lying  # type: ignore[method-assign]
    await more(viewer, 40)
    assert viewer.sees() == SEEN
    mid = viewer.tiles["b"].mid
    await meeting.engine.remove_seat(ROOM, "b")
    await meeting.join("c", "green", 1500, offered=CAMERA)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "c": "green", "v": ""})
    assert viewer.tiles["c"].mid == mid, "there are two"
    await more(viewer)
    assert viewer.endpoint.counters.picture().lost == 0


async def test_an_offer_with_too_many_m_lines_is_refused_and_what_was_seen_goes_on(meeting: Meeting) -> None:
    _, _, viewer = await watched(meeting, MAX_MEDIA - 3)
    greedy = Endpoint(CERTIFICATE, material("green", 660), replace(TILES, tiles=MAX_MEDIA - 2))
    for offer, why in ((greedy.offer(), "more than 64 m-lines"), (f"{greedy.offer()}{'x' * 131_072}", "128 KiB")):
        with pytest.raises(BadOffer, match=why):
            await meeting.engine.connect(ROOM, "v", offer)
    await more(viewer)
    assert viewer.sees() == SEEN


async def test_a_viewer_of_which_one_m_line_does_not_decode_a_camera_gets_one_picture(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    await meeting.engine.add_seat(ROOM, SeatOptions("v", "V"))
    viewer = Viewer(meeting, "v")
    endpoint = Endpoint(CERTIFICATE, material("green", 660), OfferOptions(("VP8", "H264"), tiles=2), viewer.watch)
    meeting._endpoints.append(endpoint)
    head, last = endpoint.offer().rsplit("m=video", 1)
    offer = f"{head}m=video{last.replace(f'SAVPF {VP8} {H264}', f'SAVPF {H264}')}"
    assert offer != endpoint.offer()
    answer = await meeting.engine.connect(ROOM, "v", offer)
    viewer.watch.read(answer)
    await endpoint.connect(answer)
    await viewer.until(lambda: viewer.watch.pictures("2") > 5)
    assert viewer.tiles == {}


async def test_a_layout_of_seats_that_left_or_never_were_shows_the_others(meeting: Meeting) -> None:
    _, _, viewer = await watched(meeting, 6)
    gone = Layout("1+5", focus="never", seats=("b", "left", "a", "b"))
    await meeting.engine.set_layout(ROOM, gone)
    await meeting.engine.remove_seat(ROOM, "b")
    await viewer.until(lambda: {name for name, colour in viewer.sees().items() if colour} == {"a"})
    assert {name for name, tile in viewer.tiles.items() if tile.mid is not None} == {"a"}
    await more(viewer)


async def test_a_camera_that_comes_next_and_cannot_be_decoded_is_not_forwarded_beforehand(meeting: Meeting) -> None:
    """Its layout is composed for such a viewer; the `meeting` fails when anything is logged."""
    await meeting.join("a", "red", 440, offered=CAMERA)
    await meeting.join("b", "blue", 1000, offered=replace(CAMERA, codecs=("H264",)))
    await meeting.engine.set_layout(ROOM, Layout("single", focus="a"))
    composed = await meeting.join("c", "green", 660)  # for whom a layout waits until its cameras are decoded
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red"} and composed.watch.colour() == "red")
    await meeting.engine.set_layout(ROOM, Layout("single", focus="b"))
    await viewer.until(lambda: viewer.tiles == {} and viewer.watch.colour("2") == "blue")
