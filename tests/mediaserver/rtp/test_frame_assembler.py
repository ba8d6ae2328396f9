"""Tests of the frame assembler, and of the queue in front of the compositor."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.frame_assembler import MAX_HELD, MOST_FPS, PATIENCE_S, Frame, FrameAssembler, FrameQueue
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import mark_keyframes, packetize_vp8

U16 = st.integers(0, 0xFFFF)


def pictures(data: list[bytes], keys: set[int], first: int) -> list[list[Packet]]:
    """Return packets of VP8 pictures, at least one each."""
    sequence, made = first, []
    for number, each in enumerate(data):
        payloads = packetize_vp8(each, number)
        packets = [
            Packet(96, (sequence + i) & 0xFFFF, number * 3600, 9, i == len(payloads) - 1, payload)
            for i, payload in enumerate(payloads)
        ]
        packets[0].keyframe = number in keys
        sequence += len(packets)
        made.append(packets)
    return made


def picture_bytes(number: int, size: int) -> bytes:
    return number.to_bytes(2, "big") * (size // 2 + 1)


SIZES = st.lists(st.integers(1, 4000), min_size=1, max_size=12)


@given(U16, SIZES, st.randoms())
def test_pictures_come_whole_and_in_order_whatever_the_order_of_their_packets(
    first: int, sizes: list[int], random: object
) -> None:
    data = [picture_bytes(i, size) for i, size in enumerate(sizes)]
    packets = [p for each in pictures(data, {0}, first) for p in each]
    rest = packets[1:] * 2
    random.shuffle(rest)  # type: ignore[attr-defined]
    assembler = FrameAssembler("VP8")
    frames = [frame for packet in [packets[0], *rest] for frame in assembler.add(packet, 0.0)]
    assert frames == [Frame("VP8", each, i == 0, i * 3600, 9) for i, each in enumerate(data)]


@given(U16, SIZES, st.sets(st.integers(0, 11)), st.sets(st.integers(0, 60)))
def test_no_picture_comes_out_that_misses_a_part_or_its_reference(
    first: int, sizes: list[int], keys: set[int], lost: set[int]
) -> None:
    data = [picture_bytes(i, size) for i, size in enumerate(sizes)]
    packets = [p for each in pictures(data, keys, first) for p in each]
    assembler = FrameAssembler("VP8")
    numbers = []
    for at, packet in enumerate(packets):
        if at not in lost:
            for frame in assembler.add(packet, at * PATIENCE_S):
                numbers.append(frame.timestamp // 3600)
                assert frame == Frame("VP8", data[numbers[-1]], numbers[-1] in keys, frame.timestamp, 9)
    for before, after in zip([-1, *numbers], numbers, strict=False):
        assert after == before + 1 or (after > before and after in keys)


def test_the_later_slices_of_a_key_frame_are_none() -> None:
    assembler, payloads = FrameAssembler("H264"), [b"\x67sps", b"\x65\x88one", b"\x65\x48two", b"\x65\x40three"]
    packets = [Packet(96, at, 0, 9, at == 3, payload) for at, payload in enumerate(payloads)]
    mark_keyframes("H264", packets)
    assert [frame for packet in packets[2:] for frame in assembler.add(packet, 0.0)] == []
    assert assembler.lost
    assert [frame.keyframe for packet in packets for frame in assembler.add(packet, 0.0)] == [True]


def test_a_picture_whose_rest_is_left_out_before_a_key_frame_does_not_come_out() -> None:
    """A forwarder that changes its source leaves out what waits, without a hole in its numbers."""
    first, cut, key = pictures([b"first", bytes(3000), bytes(2000)], {0, 2}, 0)
    packets = [*first, cut[0], *key]
    for number, packet in enumerate(packets):
        packet.sequence = number
    together, singly = FrameAssembler("VP8"), FrameAssembler("VP8")
    assert [together.whole(first), len(together.add(first[0], 0.0)), together.whole(packets[1:])] == [None, 1, None]
    for assembler, rest in ((singly, packets), (together, packets[1:])):
        frames = [frame for packet in rest for frame in assembler.add(packet, 0.0)]
        assert [len(frame.data) for frame in frames][-1] == 2000 and all(frame.keyframe for frame in frames)


def test_pictures_whose_end_is_not_marked_end_where_the_next_one_begins() -> None:
    data = [bytes(size) for size in (2000, 3000, 100, 2000)]
    assembler, frames = FrameAssembler("VP8"), list[Frame]()
    for packet in (p for each in pictures(data, {0}, 7) for p in each):
        packet.marker = False
        frames += assembler.add(packet, 0.0)
    assert frames == [Frame("VP8", each, number == 0, number * 3600, 9) for number, each in enumerate(data[:3])]


def test_parameter_sets_that_came_with_another_time_belong_to_the_picture_behind_them() -> None:
    assembler, sps, pps = FrameAssembler("H264"), b"\x67sps", b"\x68pps"
    payloads = (sps, 0), (pps, 0), (b"\x65\x88key", 90)
    packets = [Packet(96, at, timestamp, 9, at == 2, payload) for at, (payload, timestamp) in enumerate(payloads)]
    mark_keyframes("H264", packets)
    (frame,) = (frame for packet in packets for frame in assembler.add(packet, 0.0))
    assert (frame.timestamp, frame.keyframe, frame.data.count(b"\0\0\0\1")) == (90, True, 3)


def hole_of(assembler: FrameAssembler, mended: float, now: float) -> list[Frame]:
    """Add packets with two holes; return what the last packet gives at `now`.

    The first hole is mended in time, the second open since `mended`.
    """
    packets = [p for each in pictures([b"picture"] * 8, {0}, 0) for p in each]
    assembler.add(packets[0], 0.0)
    assembler.add(packets[2], 0.0)
    assembler.add(packets[4], mended)
    assembler.add(packets[1], mended)
    assembler.add(packets[5], now)
    return assembler.add(packets[3], now)


def test_every_hole_has_patience_of_its_own() -> None:
    assert len(hole_of(FrameAssembler("VP8"), PATIENCE_S * 0.8, PATIENCE_S * 1.6)) == 3


def test_after_its_patience_a_hole_costs_everything_up_to_a_key_frame() -> None:
    assembler = FrameAssembler("VP8")
    assert hole_of(assembler, PATIENCE_S * 0.8, PATIENCE_S * 1.9) == []
    assert assembler.lost
    (key,) = pictures([b"key"], {0}, 500)[0]
    assert [frame.data for frame in assembler.add(key, 9.0)] == [b"key"]


def test_after_the_patience_of_a_hole_it_goes_on_from_a_key_frame_that_came_behind_it() -> None:
    """The room's compositor, and whoever receives like it, needs no second key frame then."""
    sizes = (100, 100, 3000, 100)  # the third is a key frame in three packets
    packets = [p for each in pictures([bytes(size) for size in sizes], {0, 2}, 0xFFFE) for p in each]
    assembler = FrameAssembler("VP8")
    assert len(assembler.add(packets[0], 0.0)) == 1
    assert [frame for packet in packets[2:] for frame in assembler.add(packet, 0.0)] == []
    (late,) = pictures([b"picture"], set(), packets[-1].sequence + 1)[0]
    frames = assembler.add(late, PATIENCE_S * 1.1)
    assert [(len(frame.data), frame.keyframe) for frame in frames] == [(3000, True), (100, False), (7, False)]
    assert not assembler.lost and assembler.add(packets[1], PATIENCE_S * 1.2) == []


def test_a_key_frame_behind_a_hole_that_has_one_itself_waits_for_that_anew() -> None:
    packets = [p for each in pictures([b"first", b"lost", bytes(3000)], {0, 2}, 0) for p in each]
    assembler = FrameAssembler("VP8")
    for at, now in ((0, 0.0), (2, 0.0), (4, PATIENCE_S * 1.1)):
        frames = assembler.add(packets[at], now)
    assert (frames, assembler.lost) == ([], False)
    assert [frame.keyframe for frame in assembler.add(packets[3], PATIENCE_S * 2)] == [True]
    assembler = FrameAssembler("VP8")
    for at, now in ((0, 0.0), (2, 0.0), (4, PATIENCE_S * 1.1), (4, PATIENCE_S * 2.2)):
        assembler.add(packets[at], now)
    assert assembler.lost


def test_packets_that_wait_behind_a_hole_are_bounded() -> None:
    assembler = FrameAssembler("VP8")
    packets = [p for each in pictures([b"picture"] * 1000, {0}, 0) for p in each]
    assembler.add(packets[0], 0.0)
    for packet in packets[2 : MAX_HELD + 2]:
        assembler.add(packet, 0.0)
        assert not assembler.lost
    assembler.add(packets[MAX_HELD + 2], 0.0)
    assert assembler.lost


def test_a_picture_without_end_is_given_up() -> None:
    assembler = FrameAssembler("VP8")
    for sequence in range(3000):
        payload = b"\x10" + bytes(1100) if not sequence else b"\x00" + bytes(1100)
        assert assembler.add(Packet(96, sequence, 0, 9, False, payload, not sequence), 0.0) == []
    assert assembler.lost


@given(
    st.sampled_from(["VP8", "H264"]),
    st.lists(
        st.builds(
            Packet,
            st.just(96),
            st.integers(0, 40),
            st.just(0),
            st.just(9),
            st.booleans(),
            st.binary(max_size=6),
            st.booleans(),
        ),
        max_size=60,
    ),
)
def test_any_packets_are_taken(codec: str, packets: list[Packet]) -> None:
    assembler = FrameAssembler(codec)
    given_out = [frame for at, packet in enumerate(packets) for frame in assembler.add(packet, at / 100)]
    assert [frame.codec for frame in given_out] == [codec] * len(given_out)


# The queue


@given(st.lists(st.one_of(st.sampled_from(["key", "delta"]), st.integers(0, 5)), max_size=60))
def test_the_queue_gives_runs_that_begin_with_a_key_frame_as_far_as_they_had_come(steps: list[str | int]) -> None:
    queue, expected, starving = FrameQueue(3), list[Frame](), True
    for now, step in enumerate(steps):
        if isinstance(step, int):
            came = [frame for frame in expected if frame.timestamp <= now - step]
            assert queue.take(now - step) == came
            expected = expected[len(came) :]
            continue
        frame = Frame("VP8", b"", step == "key", now, 9)
        queue.put(frame, now)
        if len(expected) == 3:
            expected, starving = [], True
        starving = starving and not frame.keyframe
        expected += [] if starving else [frame]
        assert queue.starving is starving


def decoded_in_ten_seconds(fps: int, keys: int) -> int:
    """Return how many pictures come out of the queue, of a camera with `fps` and a key frame every `keys` pictures."""
    queue, decoded = FrameQueue(), 0
    for at in range(10 * fps):
        queue.put(Frame("VP8", b"", at % keys == 0, at, 9), at / fps)
        decoded += len(queue.take(at / fps))
    return decoded


@pytest.mark.parametrize("fps", [25, 30, MOST_FPS])
def test_all_pictures_of_an_honest_camera_are_decoded(fps: int) -> None:
    assert decoded_in_ten_seconds(fps, 300) == 10 * fps


@pytest.mark.parametrize("fps", [400, 2000])
@pytest.mark.parametrize("keys", [1, 8, 20])
def test_of_a_flood_of_pictures_no_more_are_decoded_than_of_a_fast_camera(fps: int, keys: int) -> None:
    assert 5 * MOST_FPS <= decoded_in_ten_seconds(fps, keys) <= 10 * MOST_FPS + 50


def test_pictures_that_were_held_up_and_come_at_once_are_all_decoded() -> None:
    queue = FrameQueue()
    for at in range(40):
        queue.put(Frame("VP8", b"", at == 0, at, 9), 1.6)
    assert [frame.timestamp for frame in queue.take(1.6)] == list(range(40))
