"""Tests of a simulcast camera: its layers, their reports, and the compositor's input."""

import math

import pytest

from mediaserver.peer.simulcast import CameraInput
from mediaserver.rtp.frame_assembler import MOST_FPS, PATIENCE_S
from mediaserver.rtp.inbound_stream import ACTIVE_S
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8
from mediaserver.rtp.rtcp import SenderReport
from tests.mediaserver.peer.cameras import Cameras


def test_the_smallest_sufficient_layer_that_sends_is_picked() -> None:
    cameras = Cameras(1.0, 0.25, 0.5)
    big, small, middle = cameras.layers
    assert [layer.height for layer in cameras.camera.layers] == [180, 360, 720]
    assert cameras.camera.pick(90, 0.0) is None
    for at in range(3):
        cameras.send(at, 10.0)
    assert [cameras.camera.pick(height, 10.0) for height in (90, 180, 181, 360, 720, 1080)] == [
        small,
        small,
        middle,
        middle,
        big,
        big,
    ]
    assert [cameras.camera.pick(720, 10.0, most) for most in (1_700_000, 1_699_999, 100_000)] == [big, middle, None]
    cameras.send(1, 10.0 + ACTIVE_S)
    assert cameras.camera.pick(720, 10.0 + ACTIVE_S) is small
    assert cameras.camera.pick(720, 10.0 + 2 * ACTIVE_S) is None


def test_missing_packets_are_asked_for_while_somebody_looks() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    cameras.send(0, 0.0)
    assert cameras.send(0, 0.0, skip=2) == []
    assert not cameras.layers[0].nack.waiting
    camera_input.follow(cameras.layers[0], 0.0)
    assert cameras.send(0, 0.0, skip=2) == [4, 5]


def texts(camera_input: CameraInput) -> list[bytes]:
    return [frame.data for frame in camera_input.queue.take(math.inf)]


def test_the_compositor_gets_whole_pictures_from_a_key_frame_on() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    assert cameras.keyframe_requests == [0]
    for keyframe in (False, True, False):
        cameras.send(0, 0.0, keyframe)
    assert texts(camera_input) == [b"0", b"0"]


def test_pictures_flow_once_one_was_taken() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 1.0, True)
    assert (camera_input.take(0.9), camera_input.flowing) == ([], False)
    assert ([frame.data for frame in camera_input.take(1.0)], camera_input.flowing) == ([b"0"], True)
    assert (camera_input.take(2.0), camera_input.flowing) == ([], True)
    camera_input.follow(None, 3.0)
    assert not camera_input.flowing


def test_a_change_of_layer_waits_for_its_key_frame() -> None:
    cameras, camera_input = Cameras(0.5, 1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    camera_input.follow(cameras.layers[1], 1.0)
    for at, keyframe in ((0, False), (1, False), (0, False), (1, True), (0, False), (1, False)):
        cameras.send(at, 1.0, keyframe)
    assert texts(camera_input) == [b"0", b"0", b"0", b"1", b"1"]
    assert (cameras.layers[0].sinks, cameras.layers[1].sinks) == ([], [camera_input])


def test_a_change_taken_back_leaves_the_other_layer() -> None:
    cameras, camera_input = Cameras(0.5, 1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    camera_input.follow(cameras.layers[1], 0.0)
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(1, 0.0, True)
    cameras.send(0, 0.0)
    assert texts(camera_input) == [b"0", b"0"]
    assert cameras.layers[1].sinks == []


def test_an_input_that_stops_listening_forgets_everything() -> None:
    cameras, camera_input = Cameras(0.5, 1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    camera_input.follow(cameras.layers[1], 0.0)
    camera_input.follow(None, 0.0)
    cameras.send(0, 0.0, True)
    cameras.send(1, 0.0, True)
    assert texts(camera_input) == []
    assert [layer.sinks for layer in cameras.layers] == [[], []]


def test_a_hole_that_is_not_mended_asks_for_a_key_frame() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    cameras.send(0, 1.0, skip=1)
    assert cameras.keyframe_requests == [0]
    cameras.send(0, 1.1 + PATIENCE_S)
    assert cameras.keyframe_requests == [0, 0]
    cameras.send(0, 2.0)
    cameras.send(0, 2.0, True)
    assert texts(camera_input) == [b"0", b"0"]


def key_frame(cameras: Cameras, at: int) -> list[Packet]:
    """Return the next key frame of a layer in three packets, none of which was sent yet."""
    first = cameras.sequences[at]
    cameras.sequences[at] += 3
    packets = [
        Packet(96, first + i, first * 3600, at, i == 2, payload, i == 0)
        for i, payload in enumerate(packetize_vp8(bytes([at]) * 3000, first))
    ]
    assert len(packets) == 3
    return packets


@pytest.mark.parametrize("shown", [False, True])
def test_a_key_frame_awaited_that_was_lost_in_part_is_asked_for_again(shown: bool) -> None:
    cameras, camera_input = Cameras(0.5, 1.0), CameraInput()
    if shown:
        camera_input.follow(cameras.layers[0], 0.0)
        cameras.send(0, 0.0, True)
    camera_input.follow(cameras.layers[1], 0.0)
    first, _, last = key_frame(cameras, 1)
    for packet in (first, last):
        cameras.layers[1].receive([packet], 0.1)
    for tick in range(20):
        cameras.send(1, 0.14 + tick / 25)
        cameras.layers[1].remind(0.14 + tick / 25)
    assert cameras.keyframe_requests.count(1) == 2
    camera_input.queue.take(math.inf)
    cameras.send(1, 1.0, True)
    assert texts(camera_input) == [b"1"]


def test_a_key_frame_whose_first_packet_comes_last_is_whole() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    cameras.send(0, 0.0)
    camera_input.follow(cameras.layers[0], 0.0)
    layer, (first, middle, last) = cameras.layers[0], key_frame(cameras, 0)
    assert layer.receive([last], 0.1) == [first.sequence, middle.sequence]
    cameras.flush_queue.flush(0.1)
    cameras.send(0, 0.14)
    for at, packet in ((0.18, first), (0.2, middle)):
        layer.repair(packet, at)
        cameras.flush_queue.flush(at)
    cameras.send(0, 0.22)
    assert [len(text) for text in texts(camera_input)] == [3000, 1, 1]


def test_a_layer_that_stopped_is_asked_for_nothing_until_it_sends_again() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    layer = cameras.layers[0]
    cameras.send(0, 0.0)
    camera_input.follow(layer, 0.0)
    for tick in range(100):
        layer.remind(tick / 20)
    assert len(cameras.keyframe_requests) == 3  # until it has been silent for `ACTIVE_S`
    assert layer.rests(5.0)
    cameras.send(0, 5.0)
    layer.remind(5.0)
    assert len(cameras.keyframe_requests) == 4


def test_a_layer_that_nobody_looks_at_any_more_misses_nothing() -> None:
    cameras, camera_input = Cameras(0.5, 1.0), CameraInput()
    left = cameras.layers[1]
    for at in range(2):
        cameras.send(at, 0.0)
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    camera_input.follow(left, 0.0)
    assert cameras.send(1, 0.1, skip=2)
    camera_input.follow(cameras.layers[0], 0.1)
    for tick in range(20):
        left.remind(0.1 + tick / 20)
    assert (cameras.keyframe_requests.count(1), left.rests(1.1)) == (1, True)


def test_padding_within_a_stream_is_no_hole() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    cameras.layers[0].receive([Packet(96, cameras.sequences[0], 0, 0, False, b"")], 0.0)
    cameras.sequences[0] += 1
    cameras.send(0, 0.04)
    assert texts(camera_input) == [b"0", b"0"]


def test_a_decoder_that_gave_up_starts_over_at_a_key_frame() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    cameras.send(0, 0.0, True)
    camera_input.broken(1.0)
    assert cameras.keyframe_requests == [0, 0]
    cameras.send(0, 1.0)
    cameras.send(0, 1.0, True)
    assert texts(camera_input) == [b"0"]
    CameraInput().broken(0.0)


def test_pictures_that_cannot_be_decoded_buy_no_others() -> None:
    cameras, camera_input = Cameras(1.0), CameraInput()
    camera_input.follow(cameras.layers[0], 0.0)
    delivered = 0
    for at in range(1000):
        cameras.send(0, at / 1000, True)
        if at % 40 == 39:
            delivered += len(texts(camera_input))
            camera_input.broken(at / 1000)
    assert delivered <= MOST_FPS + 50


def test_the_transit_of_pictures_is_learned_from_reports() -> None:
    cameras = Cameras(0.5, 1.0)
    small, large = cameras.layers
    assert cameras.camera.transit is None
    large.reported(SenderReport(1, 0, 0), 0.0)
    assert large.transit is None, "nothing came yet"
    for number, late in enumerate((9.9, 9.9, 9.9, 0.2, 0.2, 0.1, 0.3, 0.4, 0.2, 9.9, 9.9, 9.9)):  # the last nine
        at = 10.0 + number
        cameras.send(1, at)
        large.reported(SenderReport(1, round((at - late) * (1 << 32)), number * 3600), at)
    assert cameras.camera.transit == pytest.approx(0.3)
    cameras.send(0, 21.1)
    assert cameras.camera.transit == pytest.approx(0.3), "of this layer nothing is known yet"
    small.reported(SenderReport(0, round(20.6 * (1 << 32)), 0), 21.1)
    assert cameras.camera.transit == pytest.approx(0.5)


def test_the_transit_of_a_layer_that_rested_is_forgotten() -> None:
    cameras = Cameras(1.0)
    for number, at in enumerate((0.0, 1.0, 2.0, 100.0)):
        cameras.send(0, at)
        late = 0.2 if number < 3 else 0.5  # the sender's clock is not ours
        cameras.camera.layers[0].reported(SenderReport(0, round((at - late) * (1 << 32)), number * 3600), at)
    assert cameras.camera.transit == pytest.approx(0.5)
