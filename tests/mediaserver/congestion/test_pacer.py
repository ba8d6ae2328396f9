"""Tests of the pacer: large pictures leave in parts, small ones unchanged."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.pacer import BURST_S, HEADERS_BYTES, MAX_WAITING, Pacer, hold
from mediaserver.rtp.rtx import Sent
from mediaserver.transport.peer_path import Counters, PeerPath

RATE = 3_200_000
STEP_S = 0.02


def picture(first: int, sizes: list[int]) -> list[Sent]:
    return [(96, first + i, 0, 5, bytes(size)) for i, size in enumerate(sizes)]


def link(rate: float = RATE) -> PeerPath:
    path = PeerPath(None, Counters())
    path.pace = rate
    return path


def paced(rate: float = RATE) -> Pacer:
    return Pacer(link(rate))


def sent_bytes(packets: list[Sent]) -> int:
    return sum(len(payload) + HEADERS_BYTES for *_, payload in packets)


def test_ordinary_pictures_go_at_once() -> None:
    pacer = paced()
    for at in range(100):
        packets = picture(6 * at, [1000] * 6)
        assert pacer.put(packets, 6000, at * 0.04) is packets
        assert not pacer.waits


def test_a_key_frame_takes_the_time_its_link_needs() -> None:
    pacer, packets = paced(), picture(0, [1136] * 60)
    sent, now = pacer.put(packets, 60 * 1136, 0.0), 0.0
    assert sent_bytes(sent) <= BURST_S * RATE / 8 + 1200
    while pacer.waits:
        now += 0.005
        sent += pacer.take(now)
    assert sent == packets
    assert abs(now - (sent_bytes(packets) * 8 / RATE - BURST_S)) < 0.01


def test_a_flood_is_not_kept() -> None:
    pacer = paced()
    sent = pacer.put(picture(0, [1000] * 5000), 5_000_000, 0.0)
    assert len(sent) == 5000 - MAX_WAITING
    assert len(pacer.put(picture(5000, [1000] * 10), 10_000, 0.0)) == 10


def test_a_waiting_packet_is_known_by_its_number_until_it_is_sent() -> None:
    pacer = paced()
    packets = picture(0xFFF0, [1136] * 40)
    packets = [(kind, number & 0xFFFF, *rest) for kind, number, *rest in packets]  # type: ignore[misc]
    sent = pacer.put(packets, 40 * 1136, 0.0)
    assert [pacer.holds(packet[1]) for packet in packets] == [packet not in sent for packet in packets]
    assert not pacer.holds(packets[-1][1] + 1)
    assert pacer.forget() == packets[len(sent) :]
    assert not pacer.waits and pacer.take(10.0) == []
    assert not any(pacer.holds(packet[1]) for packet in packets)


def test_a_packet_that_was_repaired_waits_behind_its_followers() -> None:
    pacer = paced()
    early, late, *packets = picture(100, [1136] * 40)
    sent = pacer.put([early, *packets, late], 40 * 1136, 0.0)
    assert early in sent
    for packet in (early, late, *packets):
        assert pacer.holds(packet[1]) == (packet not in sent)


def test_key_frames_of_many_cameras_at_once_take_the_time_their_link_needs() -> None:
    path = link()
    pacers = [Pacer(path) for _ in range(4)]
    pictures = [picture(0, [1136] * 20) for _ in pacers]
    sent, now = [pacer.put(each, 20 * 1136, 0.0) for pacer, each in zip(pacers, pictures, strict=True)], 0.0
    assert [bool(each) for each in sent] == [True, False, False, False], "the others wait behind the first"
    assert path.waiting == 4
    order = list(range(4))
    while path.waiting:
        now += 0.005
        for at in order:
            sent[at] += pacers[at].take(now)
        order = [*order[1:], order[0]]
    assert sent == pictures
    whole = sum(sent_bytes(each) for each in pictures)
    assert abs(now - (whole * 8 / RATE - BURST_S)) < 0.02


def test_a_small_picture_waits_behind_those_of_other_streams() -> None:
    path = link()
    large, small = Pacer(path), Pacer(path)
    large.put(picture(0, [1136] * 60), 60 * 1136, 0.0)
    packets = picture(7, [100])
    assert small.put(packets, 100, 0.001) == []
    assert large.put([], 0, 0.001) == []
    assert small.take(0.02) == packets
    assert (path.waiting, large.waits, small.waits) == (1, True, False)
    large.forget()
    assert path.waiting == 0
    assert small.put(packets, 100, 0.1) is packets


def test_a_path_on_hold_lets_nothing_through() -> None:
    path = link()
    pacer = Pacer(path)
    hold(path, 0.3, 0.0)
    packets = picture(0, [100])
    assert pacer.put(packets, 100, 0.29) == []
    assert pacer.take(0.31) == packets


@given(
    st.lists(st.tuples(st.lists(st.integers(1, 1200), min_size=1, max_size=30), st.floats(0.0, 0.1)), max_size=40),
    st.floats(1e5, 4e6),
)
def test_nothing_is_lost_or_overtaken_and_no_time_sees_more_than_the_link_carries(
    pictures: list[tuple[list[int], float]], rate: float
) -> None:
    pacer, number, now = paced(rate), 0, 0.0
    sent: list[tuple[float, Sent]] = []
    for sizes, later in pictures:
        now += later
        packets = picture(number, sizes)
        number += len(sizes)
        sent += [(now, packet) for packet in pacer.put(packets, sum(sizes), now)]
        if len(pacer._waiting) > MAX_WAITING - 30:
            break
    end = now
    while pacer.waits:
        now += STEP_S
        sent += [(now, packet) for packet in pacer.take(now)]
    assert [packet[1] for _, packet in sent] == list(range(number))
    for start, _ in sent[:: max(1, len(sent) // 10)]:
        for stop in (start, start + 0.1, end):
            within = sent_bytes([packet for at, packet in sent if start <= at <= stop])
            assert within <= (max(0.0, stop - start) + BURST_S) * rate / 8 + 1264 + 1
