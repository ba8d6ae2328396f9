"""Order out of disorder: sound, pictures, and the queue in front of the composer."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.jitter import (
    CALM_TICKS,
    MAX_DEPTH,
    MAX_HELD,
    OVERFLOW,
    PATIENCE_S,
    STARVED,
    AudioJitter,
    Frame,
    FrameAssembler,
    FrameQueue,
)
from mediaserver.rtp.packet import Packet
from mediaserver.rtp.payload import packetize_vp8

U16 = st.integers(0, 0xFFFF)


def sound(number: int) -> Packet:
    """An Opus packet; its payload is its number counted without wrapping."""
    return Packet(111, number & 0xFFFF, 0, 1, False, b"%d" % number)


def played(jitter: AudioJitter, arrivals: list[list[int]]) -> list[int | None]:
    """One tick for every list of packets that arrive before it."""
    heard = []
    for numbers in arrivals:
        for number in numbers:
            jitter.add(sound(number))
        packet = jitter.pull()
        heard.append(int(packet.payload) if packet else None)
    return heard


@st.composite
def swapped(draw: st.DrawFn) -> list[int]:
    """Numbers in which each comes at most one place late."""
    numbers = list(range(draw(st.integers(4, 120))))
    at = draw(st.integers(0, 1))
    while at + 1 < len(numbers):
        if draw(st.booleans()):
            numbers[at], numbers[at + 1] = numbers[at + 1], numbers[at]
        at += 2
    return numbers


@given(U16, swapped(), st.sets(st.integers(2, 119)))
def test_every_packet_is_played_once_in_order_and_holes_are_told(
    first: int, numbers: list[int], lost: set[int]
) -> None:
    jitter = AudioJitter()
    arrivals = [[first + n] if n not in lost else [] for n in numbers]
    heard = played(jitter, arrivals + [[] for _ in range(STARVED - 1)])
    assert [n for n in heard if n is not None] == [first + n for n in sorted(numbers) if n not in lost]
    assert jitter.dropped == 0
    if not lost & set(numbers):
        assert heard[1 : len(numbers) + 1] == [first + n for n in range(len(numbers))]


def test_a_hole_is_one_silent_tick() -> None:
    assert played(AudioJitter(), [[0], [1], [2], [4], [5], [6]]) == [None, 0, 1, 2, None, 4]


@given(U16, st.lists(st.lists(st.integers(-5, 5), max_size=3), max_size=100))
def test_nothing_is_played_twice_or_backwards(first: int, offsets: list[list[int]]) -> None:
    """Numbers around a clock that goes on; never so long without any that the stream counts as paused."""
    jitter = AudioJitter()
    arrivals = [[first + 10 + tick + o for o in each] + [first + 10 + tick] for tick, each in enumerate(offsets)]
    heard = [n for n in played(jitter, arrivals) if n is not None]
    assert heard == sorted(set(heard))
    assert set(heard) <= {n for each in arrivals for n in each}


def test_a_late_packet_is_dropped() -> None:
    jitter = AudioJitter()
    assert played(jitter, [[0], [1], [3], [4], [2, 5]]) == [None, 0, 1, None, 3]
    assert jitter.dropped == 1


@given(st.sampled_from([0, 0xFFFE, 0x10000 - OVERFLOW]) | U16, st.randoms())
def test_a_burst_is_cut_to_its_newest(first: int, random: object) -> None:
    jitter = AudioJitter()
    assert played(jitter, [[first], [first + 1], []]) == [None, first, first + 1]
    burst = [first + 2 + i for i in range(OVERFLOW + 1)]
    random.shuffle(burst)  # type: ignore[attr-defined]
    heard = played(jitter, [burst, *([] for _ in range(OVERFLOW))])
    assert [n for n in heard if n is not None] == list(range(first + OVERFLOW + 1, first + OVERFLOW + 3))
    assert jitter.waiting == 0


@given(U16, st.permutations(range(OVERFLOW + 1)))
def test_a_burst_before_the_first_tick_is_cut_to_its_newest(first: int, order: list[int]) -> None:
    jitter = AudioJitter()
    heard = played(jitter, [[first + n for n in order], *([] for _ in range(OVERFLOW))])
    assert [n for n in heard if n is not None] == [first + OVERFLOW - 1, first + OVERFLOW]
    assert jitter.waiting == 0


def test_a_pause_starts_the_stream_anew_wherever_it_goes_on() -> None:
    jitter = AudioJitter()
    played(jitter, [[100], [101], [102]] + [[] for _ in range(STARVED + 2)])
    assert [n for n in played(jitter, [[7], [8], [9], [10], [11]]) if n is not None] == [7, 8, 9]


def test_a_starving_stream_gets_more_room_and_gives_it_back() -> None:
    jitter = AudioJitter()
    at = 0
    for _ in range(2 * MAX_DEPTH):
        played(jitter, [[], *([at + i] for i in range(3)), *([] for _ in range(STARVED + 4))])
        at += 3
    waits = played(jitter, [[at + i] for i in range(2 * MAX_DEPTH)]).index(at)
    assert waits == MAX_DEPTH - 1
    at += 2 * MAX_DEPTH
    played(jitter, [[at + i] for i in range(CALM_TICKS * MAX_DEPTH)])
    played(jitter, [[] for _ in range(MAX_DEPTH + STARVED)])
    at += 100_000
    assert played(jitter, [[at], [at + 1], [at + 2]]) == [None, None, at]


# Pictures


def pictures(data: list[bytes], keys: set[int], first: int) -> list[list[Packet]]:
    """Packets of VP8 pictures, at least one each."""
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
def test_no_picture_is_given_that_misses_a_part_or_its_reference(
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


def hole_of(assembler: FrameAssembler, mended: float, now: float) -> list[Frame]:
    """Two holes, the first mended in time, the second open since `mended`; what the last packet gives at `now`."""
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


def test_what_waits_behind_a_hole_is_bounded() -> None:
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


@given(st.lists(st.sampled_from(["key", "delta", "take"]), max_size=60))
def test_the_queue_gives_runs_that_begin_with_a_key_frame(steps: list[str]) -> None:
    queue, expected, starving = FrameQueue(3), list[Frame](), True
    for number, step in enumerate(steps):
        if step == "take":
            assert queue.take() == expected
            expected = []
            continue
        frame = Frame("VP8", b"", step == "key", number, 9)
        queue.put(frame)
        if len(expected) == 3:
            expected, starving = [], True
        starving = starving and not frame.keyframe
        expected += [] if starving else [frame]
        assert queue.starving is starving
