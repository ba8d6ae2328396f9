"""Counting received packets."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.receive_counters import HEADER, ReceiveCounters, StreamCounters, Tally
from loadtest.endpoint.sdp_offer import H264, OPUS, RED


def packet(sequence: int, timestamp: int = 0, ssrc: int = 1, payload_type: int = H264) -> memoryview:
    return memoryview(HEADER.pack(0x80, payload_type, sequence & 0xFFFF, timestamp, ssrc))


def test_sound_and_picture_are_counted_separately() -> None:
    counters = ReceiveCounters()
    for at, kind in enumerate((OPUS | 0x80, OPUS, RED)):
        counters.receive(packet(at, at * 960, 1, kind), 100)
    for at in range(4):
        counters.receive(packet(at, at // 2 * 3600, 2), 1000)
    assert counters.audio() == Tally(packets=3, bytes=300, frames=3, lost=0)
    assert counters.picture() == Tally(packets=4, bytes=4000, frames=2, lost=0)


def test_a_late_packet_is_not_lost() -> None:
    stream = StreamCounters(1, H264, 10)
    for sequence in (10, 12, 13):
        stream.receive(sequence, 0, 1)
    assert stream.lost == 1
    stream.receive(11, 0, 1)
    assert stream.lost == 0


def test_reports_say_the_share_lost_since_the_last() -> None:
    stream = StreamCounters(1, H264, 0)
    for sequence in (0, 1, 3):
        stream.receive(sequence, 0, 1)
    assert [stream.fraction_lost(), stream.fraction_lost()] == [64, 0]


@given(st.integers(0, 0xFFFF), st.sets(st.integers(1, 2000)), st.integers(2001, 3000))
def test_loss_is_what_is_missing_between_first_and_last(first: int, missing: set[int], last: int) -> None:
    counters = ReceiveCounters()
    for at in range(last + 1):
        if at not in missing:
            counters.receive(packet(first + at), 20)
    assert counters.picture().lost == len(missing)


def test_tallies_add_and_subtract() -> None:
    assert Tally(5, 50, 3, 1) - Tally(2, 20, 1, 1) + Tally(1, 1, 1, 1) == Tally(4, 31, 3, 1)
