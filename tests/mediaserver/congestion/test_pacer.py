"""Tests of the pacer: large pictures leave in parts, small ones unchanged."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.pacer import BURST_S, HEADERS_BYTES, MAX_WAITING, Pacer
from mediaserver.rtp.outbound_stream import OutboundStream
from mediaserver.rtp.rtx import Sent

RATE = 3_200_000
STEP_S = 0.02


def picture(first: int, sizes: list[int]) -> list[Sent]:
    return [(96, first + i, 0, 5, bytes(size)) for i, size in enumerate(sizes)]


def paced(rate: float = RATE) -> Pacer:
    stream = OutboundStream()
    stream.pace = rate
    return Pacer(stream)


def sent_bytes(packets: list[Sent]) -> int:
    return sum(len(payload) + HEADERS_BYTES for *_, payload in packets)


def test_ordinary_pictures_go_at_once() -> None:
    pacer = paced()
    for at in range(100):
        packets = picture(6 * at, [1000] * 6)
        assert pacer.put(packets, 6000, at * 0.04) is packets
        assert not pacer._stream.waiting


def test_a_key_frame_takes_the_time_its_link_needs() -> None:
    pacer, packets = paced(), picture(0, [1136] * 60)
    sent, now = pacer.put(packets, 60 * 1136, 0.0), 0.0
    assert sent_bytes(sent) <= BURST_S * RATE / 8 + 1200
    while pacer._stream.waiting:
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
    assert not pacer._stream.waiting and pacer.take(10.0) == []
    assert not any(pacer.holds(packet[1]) for packet in packets)


def test_a_packet_that_was_repaired_waits_behind_its_followers() -> None:
    pacer = paced()
    early, late, *packets = picture(100, [1136] * 40)
    sent = pacer.put([early, *packets, late], 40 * 1136, 0.0)
    assert early in sent
    for packet in (early, late, *packets):
        assert pacer.holds(packet[1]) == (packet not in sent)


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
    while pacer._stream.waiting:
        now += STEP_S
        sent += [(now, packet) for packet in pacer.take(now)]
    assert [packet[1] for _, packet in sent] == list(range(number))
    for start, _ in sent[:: max(1, len(sent) // 10)]:
        for stop in (start, start + 0.1, end):
            within = sent_bytes([packet for at, packet in sent if start <= at <= stop])
            assert within <= (max(0.0, stop - start) + BURST_S) * rate / 8 + 1264 + 1
