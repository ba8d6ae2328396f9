"""Tests of a viewer that draws the layout itself, with real peers: which camera comes in which m-line, and when.

Also tests `mediaserver/room/tile_forwarding.py` and `mediaserver/room/tile_view.py`.
"""

import asyncio
import time
from dataclasses import replace
from math import inf

import numpy as np
import pytest

from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.frame_timing import ArrivalWatcher
from loadtest.endpoint.rtcp import keyframe_request
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Clip, Frame, Material
from mediaserver.api import Layout, SeatOptions, TilesForwarded
from mediaserver.peer.simulcast import SimulcastLayer
from mediaserver.peer.webrtc import TICK_S, WebRtcPeer
from mediaserver.room.room import Room
from mediaserver.rtp.keyframe_requests import MAX_INTERVAL_S
from mediaserver.video.canvas import Canvas
from mediaserver.video.layout import Tile
from tests.mediaserver.meeting import (
    CERTIFICATE,
    OPTIONS,
    PATIENCE_S,
    ROOM,
    Meeting,
    clip,
    material,
    voice,
)
from tests.mediaserver.tile_viewer import CAMERA, TILES, Viewer


def temporal_clip(colour: str) -> Clip:
    """Return a clip of one colour in three temporal layers, which sends about 110 kbit/s."""
    whole = clip("VP8", colour, (160, 90))
    heads = [
        bytes([0x90, 0xE0, 0x80, 0, 0, layer << 6 | sync << 5]) for layer, sync in ((0, 0), (2, 1), (1, 1), (2, 0))
    ]
    frames = [
        Frame((heads[at % 4] + b"".join(payload[4:] for payload in frame.payloads) + bytes(500),), frame.key)
        for at, frame in enumerate(whole.frames)
    ]
    return replace(whole, frames=tuple(frames))


async def test_each_camera_comes_in_an_m_line_of_its_own_and_nothing_is_composed(meeting: Meeting, room: Room) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    await meeting.join("b", "blue", 1000, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue", "v": ""})
    assert viewer.tiles["v"].mid is None, "its page has its own camera"
    assert [tile.label for tile in viewer.tile_events[-1].tiles] == ["Điểm cầu a", "Điểm cầu b", "Điểm cầu v"]
    assert (viewer.tile_events[-1].width, viewer.tile_events[-1].height) == (OPTIONS.width, OPTIONS.height)
    assert [(tile.x, tile.y, tile.width, tile.height) for tile in viewer.tile_events[-1].tiles] == [
        (tile.x, tile.y, tile.width, tile.height) for tile in room.compositions.of("everyone").layout_state.tiles
    ]
    assert room.compositions.watched == frozenset()
    composed = viewer.watch.pictures("2")
    await asyncio.sleep(0.5)
    assert viewer.watch.pictures("2") == composed, "no composed picture comes beside the tiles"


async def test_a_tile_says_what_the_composed_picture_writes_there(meeting: Meeting) -> None:
    long = f"NT.XuongHuan.01 · {'UBND phường Xương Huân ' * 5}"
    await meeting.join("a", "red", 440, offered=CAMERA, floor=True)
    await meeting.engine.add_seat(ROOM, SeatOptions("a", long, floor=True))
    await meeting.engine.add_seat(ROOM, SeatOptions("dark", long))
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "dark": "", "v": ""})
    await viewer.until(lambda: viewer.tiles["a"].icons == ("mic",))
    for name, tile in viewer.tiles.items():
        place = Tile(name, tile.x, tile.y, tile.width, tile.height)
        drawn, expected = Canvas(OPTIONS.width, OPTIONS.height), Canvas(OPTIONS.width, OPTIONS.height)
        if name == "dark":
            drawn.card(place, tile.text)
            expected.card(place, tile.label)
        else:
            drawn.name(place, tile.text, tile.icons)
            expected.name(place, tile.label, ("mic",) if name == "a" else ())
        assert np.array_equal(drawn.frame.to_ndarray(), expected.frame.to_ndarray())
    assert [viewer.tiles[name].text for name in ("a", "dark")] == ["NT.XuongHuan.01"] * 2
    assert {(tile.letters, tile.bar) for tile in viewer.tiles.values()} == {(13, 13)}


async def test_a_tile_says_how_late_its_voice_is(meeting: Meeting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Room, "lip_sync_delay_s", lambda _, seat: 0.13 if seat == "a" else 0.0)
    await meeting.join("a", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    assert {name: tile.delay for name, tile in viewer.tiles.items()} == {"a": 120, "v": 0}


async def test_the_first_viewer_sees_others_come_without_a_composed_picture(meeting: Meeting, room: Room) -> None:
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"v": ""})
    await asyncio.sleep(3 * TICK_S)  # its limit is the lowest step by now: there is nothing to send
    for seat, colour in (("a", "red"), ("b", "blue")):
        await meeting.join(seat, colour, 440, offered=CAMERA)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue", "v": ""})
    assert viewer.watch.pictures("2") == 0
    assert not room._picture_clock._thread.started, "nothing was composed"


async def test_a_camera_that_stays_visible_keeps_its_m_line(meeting: Meeting) -> None:
    for seat, colour in (("a", "red"), ("b", "blue")):
        await meeting.join(seat, colour, 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue", "v": ""})
    before = {name: tile.mid for name, tile in viewer.tiles.items()}
    await meeting.join("c", "red", 1500, offered=CAMERA)
    await meeting.engine.set_layout(ROOM, Layout("1+5", focus="c"))
    await viewer.until(lambda: viewer.sees() == {"c": "red", "a": "red", "b": "blue", "v": ""})
    assert {name: viewer.tiles[name].mid for name in before} == before
    assert viewer.tiles["c"].width > viewer.tiles["a"].width
    await meeting.engine.remove_seat(ROOM, "a")
    await viewer.until(lambda: viewer.sees() == {"c": "red", "b": "blue", "v": ""})
    assert viewer.tiles["b"].mid == before["b"]


async def test_a_change_is_told_at_once_or_with_the_key_frames_that_are_asked_for_at_once(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seat, colour in (("a", "red"), ("b", "blue")):
        await meeting.join(seat, colour, 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join(visible=False)
    await meeting.engine.set_layout(ROOM, Layout("single", focus="a"))
    await viewer.until(lambda: viewer.sees() == {"a": "red"})
    asked, ask = list[str](), SimulcastLayer.request_keyframe

    def request(layer: SimulcastLayer, now: float) -> None:
        asked.append(layer.name)
        ask(layer, now)

    monkeypatch.setattr(SimulcastLayer, "request_keyframe", request)
    told = len(viewer.tile_events)
    room.set_layout(Layout("2x2"))
    assert "camera:b" in asked, "within the command"
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue"})
    assert len(viewer.tile_events) == told + 1, "one change, without a step between"
    room.set_layout(Layout("2x2", seats=("b", "a")))
    newest = room.seats["v"].tiles.last_event
    assert newest is not None
    assert [tile.tile for tile in newest.tiles] == ["b", "a"], "told within the command: all cameras were there"


async def test_the_cameras_of_the_next_page_come_before_it_turns(meeting: Meeting) -> None:
    for seat, colour in (("a", "red"), ("b", "blue")):
        await meeting.join(seat, colour, 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join(visible=False)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "b": "blue"})
    one_free = Layout("2x2", seats=("x", "y", "z"), empty=True)
    await meeting.engine.set_layout(ROOM, one_free)
    await viewer.until(lambda: viewer.sees() == {"": "", "a": "red"})
    await asyncio.sleep(3 * TICK_S)
    pictures = {mid: viewer.watch.pictures(mid) for mid in viewer.watch.watches}
    await meeting.engine.set_layout(ROOM, replace(one_free, rotate=2))

    def comes_beside() -> list[str]:
        others = pictures.keys() - {viewer.tiles["a"].mid}
        return [viewer.watch.colour(mid) for mid in others if viewer.watch.pictures(mid) > pictures[mid] + 1]

    await viewer.until(lambda: comes_beside() == ["blue"])
    assert viewer.sees() == {"": "", "a": "red"}
    await viewer.until(lambda: viewer.sees() == {"": "", "b": "blue"})


async def test_a_layout_is_shown_once_its_cameras_are_there(meeting: Meeting) -> None:
    for seat, colour in (("a", "red"), ("b", "blue")):
        await meeting.join(seat, colour, 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await meeting.engine.set_layout(ROOM, Layout("single", focus="a"))
    await viewer.until(lambda: viewer.sees() == {"a": "red"})
    begun = len(viewer.tile_events)
    await meeting.engine.set_layout(ROOM, Layout("single", focus="b"))
    await viewer.until(lambda: len(viewer.tile_events) > begun)
    first = viewer.tile_events[begun]
    assert [tile.tile for tile in first.tiles] == ["b"] and first.tiles[0].mid is not None
    await viewer.until(lambda: viewer.watch.colour(first.tiles[0].mid) == "blue")


async def test_one_who_looks_at_one_camera_gets_it_alone_and_the_tiles_again_afterwards(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    await meeting.engine.set_view(ROOM, "v", "camera:a")
    await viewer.until(lambda: viewer.tiles == {})
    await viewer.until(lambda: viewer.watch.colour("2") == "red")
    await meeting.engine.set_view(ROOM, "v", "composed")
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})


async def test_one_picture_comes_as_long_as_somebody_chose_that(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join(one_picture=True)
    await viewer.until(lambda: viewer.watch.pictures("2") > 5)
    assert viewer.tiles == {}
    options = SeatOptions("v", "Điểm cầu v")
    await meeting.engine.add_seat(ROOM, options)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    await meeting.engine.add_seat(ROOM, replace(options, one_picture=True))
    seen = viewer.watch.pictures("2")
    await viewer.until(lambda: viewer.tiles == {} and viewer.watch.pictures("2") > seen)


async def test_a_camera_in_a_codec_that_the_viewer_cannot_decode_is_composed_for_it(
    meeting: Meeting, room: Room
) -> None:
    await meeting.join("a", "red", 440, offered=OfferOptions(("H264",), picture=False))
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.watch.pictures("2") > 5)
    assert viewer.tiles == {}
    assert room.compositions.watched != frozenset()


async def test_a_line_that_carries_no_tiles_gets_the_composed_picture_until_it_does(
    meeting: Meeting, room: Room
) -> None:
    for number in range(3):
        await meeting.join(f"a{number}", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    shown = {"a0": "red", "a1": "red", "a2": "red", "v": ""}
    await viewer.until(lambda: viewer.sees() == shown)
    peer = room.seats["v"].peer
    assert isinstance(peer, WebRtcPeer)
    with pytest.MonkeyPatch.context() as patch:
        peer.limit(0)  # 0.1 Mbit/s: not even one lowest layer
        patch.setattr(peer, "limit", lambda _: None)
        await viewer.until(lambda: viewer.tiles == {} and viewer.watch.pictures("2") > 5)
        assert {forwarder.source for forwarder in peer.tiles.values()} == {None}
        assert peer.picture is not None and peer.picture.source is not None
    await viewer.until(lambda: viewer.sees() == shown)
    await viewer.until(lambda: room.compositions.watched == frozenset())


async def test_a_line_that_carries_no_whole_layer_gets_fewer_pictures_of_a_camera(meeting: Meeting, room: Room) -> None:
    await meeting.engine.add_seat(ROOM, SeatOptions("a", "A"))
    camera = Endpoint(CERTIFICATE, Material(voice(440), lambda *_: (temporal_clip("red"),)), replace(CAMERA, layers=1))
    meeting._endpoints.append(camera)
    await camera.connect(await meeting.engine.connect(ROOM, "a", camera.offer()))
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    source, peer, mid = room.seats["a"].peer, room.seats["v"].peer, viewer.tiles["a"].mid
    assert source is not None and isinstance(peer, WebRtcPeer) and mid is not None
    await viewer.until(lambda: source.camera.layers[0].bitrate.value is not None)
    composed = viewer.watch.pictures("2")
    with pytest.MonkeyPatch.context() as patch:
        peer.limit(0)  # 0.1 Mbit/s
        patch.setattr(peer, "limit", lambda _: None)
        await viewer.until(lambda: set(viewer.watch.temporal_layers[mid]) == {0, 1})
        assert viewer.tiles["a"].mid == mid
    await viewer.until(lambda: set(viewer.watch.temporal_layers[mid]) == {0, 1, 2})
    assert room.compositions.watched == frozenset()
    assert viewer.watch.pictures("2") == composed, "the composed picture did not come"


async def test_a_line_that_carries_sound_alone_gets_no_pictures_until_they_are_tried_again(
    meeting: Meeting, room: Room
) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA, floor=True)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    peer = room.seats["v"].peer
    assert isinstance(peer, WebRtcPeer) and peer.audio is not None
    downlink, heard = peer.downlink, peer.audio.packets
    downlink.sound_only, downlink._pictures_at = True, inf
    peer._hurry()
    await viewer.until(lambda: viewer.tiles == {})
    assert {forwarder.source for forwarder in (peer.picture, *peer.tiles.values()) if forwarder is not None} == {None}
    assert room.compositions.watched == frozenset()
    downlink._pictures_at = time.monotonic() + 1.0
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    assert peer.audio.packets > heard + 20 and peer.audio.source is not None
    assert not downlink.sound_only


async def test_a_layout_with_too_many_viewers_is_composed_until_a_fifth_has_left(
    meeting: Meeting, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mediaserver.room.tile_forwarding.MAX_STREAMS", 3)
    viewer = await Viewer(meeting, "v").join()
    await meeting.join("a", "red", 440, offered=CAMERA)
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    other = await Viewer(meeting, "w").join()  # two viewers of three tiles
    await viewer.until(lambda: viewer.tiles == {} and other.watch.pictures("2") > 5)
    await meeting.engine.remove_seat(ROOM, "a")  # two of two: 4 is still more than 0.8 of 3
    await asyncio.sleep(1.0)
    assert viewer.tiles == {}
    await meeting.engine.remove_seat(ROOM, "w")
    await viewer.until(lambda: viewer.sees() == {"v": ""})


async def test_cameras_of_one_layer_are_forwarded_once_it_is_known_how_little_they_send(
    meeting: Meeting, room: Room
) -> None:
    for number in range(2):  # by their size they could take 3.4 Mbit/s
        await meeting.join(f"a{number}", "red", 440, offered=replace(CAMERA, layers=1))
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.watch.pictures("2") > 0)
    await viewer.until(lambda: viewer.sees() == {"a0": "red", "a1": "red", "v": ""})
    await viewer.until(lambda: room.compositions.watched == frozenset())


async def test_key_frames_of_all_m_lines_are_requested_once_of_each_camera(meeting: Meeting, room: Room) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    camera, peer = room.seats["a"].peer, room.seats["v"].peer
    assert camera is not None and isinstance(peer, WebRtcPeer)
    requested: list[int] = []
    for layer in camera.camera.layers:
        layer._ask = requested.append
    now = time.monotonic() + MAX_INTERVAL_S  # whatever was requested before
    for ssrc in (forwarder.ssrc for forwarder in peer.tiles.values()):
        for _ in range(25):
            peer.rtcp(keyframe_request(1, ssrc), now)
    assert len(requested) == 1


async def test_tiles_beyond_the_m_lines_are_composed(meeting: Meeting, room: Room) -> None:
    for number in range(3):
        await meeting.join(f"a{number}", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join(replace(TILES, tiles=2))
    await viewer.until(lambda: viewer.watch.pictures("2") > 5 and room.compositions.watched != frozenset())
    await meeting.engine.remove_seat(ROOM, "a0")
    await viewer.until(lambda: viewer.sees() == {"a1": "red", "a2": "red", "v": ""})
    await viewer.until(lambda: room.compositions.watched == frozenset())


async def test_each_call_of_set_view_tells_the_arrangement_again(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    viewer = await Viewer(meeting, "v").join()
    await viewer.until(lambda: viewer.sees() == {"a": "red", "v": ""})
    before = viewer.tile_events[-1]
    count = len(viewer.tile_events)
    await meeting.engine.set_view(ROOM, "v", "composed")
    await viewer.until(lambda: len(viewer.tile_events) > count)
    assert viewer.tile_events[-1] == before


async def test_a_participant_counts_the_tiles_that_it_is_forwarded_without_decrypting_them(meeting: Meeting) -> None:
    await meeting.join("a", "red", 440, offered=CAMERA)
    watch = ArrivalWatcher()
    endpoint = Endpoint(CERTIFICATE, material("green", 660), TILES, watch, counts="tiles")
    meeting._endpoints.append(endpoint)
    await meeting.engine.add_seat(ROOM, SeatOptions("v", "V"))
    await endpoint.connect(await meeting.engine.connect(ROOM, "v", endpoint.offer()))
    assert len(set(endpoint.tile_ssrcs.values()) - {0}) == TILES.tiles
    async with asyncio.timeout(PATIENCE_S):
        while watch.stream(endpoint.tile_ssrcs["t0"]).arrivals < 10:
            await asyncio.sleep(0.02)
    assert watch.lowest_height == 0, "nothing was decrypted"
    assert endpoint.counters.picture().lost == 0


async def test_an_endpoint_without_m_lines_for_tiles_is_told_nothing_of_them(meeting: Meeting) -> None:
    guest = await meeting.join("a", "red", 440)
    await guest.watch.until(lambda: guest.watch.colour() == "red")
    await meeting.engine.set_view(ROOM, "a", "composed:host")
    await guest.watch.more(5)
    assert not any(isinstance(event, TilesForwarded) for event in meeting.events)
