"""Tests of receive statistics: arrivals, losses and transit of a stream."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.receive_stats import ReceiveStats
from mediaserver.rtp.rtcp import SenderReport

ARRIVALS = st.lists(st.tuples(st.integers(-3, 5), st.booleans()), min_size=1, max_size=100)


@given(st.integers(0, 0xFFFF) | st.integers(0xFFC0, 0xFFFF), ARRIVALS)
def test_reports_count_what_came_and_what_did_not(first: int, arrivals: list[tuple[int, bool]]) -> None:
    """Against numbers that do not wrap (RFC 3550 appendix A.3)."""
    receive_stats, newest, received, expected_before, received_before = ReceiveStats(), first, 0, 0, 0
    for at, (step, report) in enumerate(arrivals):
        number = max(first, newest + step) if at else first
        receive_stats.receive(number & 0xFFFF)
        newest, received = max(newest, number), received + 1
        if report:
            info, got, lost = receive_stats.take(7, 0.0)
            expected = newest - first + 1
            assert got == received - received_before
            assert lost == max(0, expected - expected_before - got)
            assert (info.ssrc, info.highest_sequence) == (7, newest)
            assert info.packets_lost == expected - received
            assert info.fraction_lost == min(255, 256 * lost // max(1, lost + got))
            expected_before, received_before = expected, received


@given(st.integers(0, 0xFFFF), st.lists(st.tuples(st.integers(-9, 9), st.integers(1, 9)), min_size=1, max_size=40))
def test_packets_in_a_row_count_as_one_after_the_other(first: int, rows: list[tuple[int, int]]) -> None:
    together, singly, at = ReceiveStats(), ReceiveStats(), first
    for step, count in rows:
        numbers = [(at + step + i) & 0xFFFF for i in range(count)]
        together.receive(numbers[0], count)
        for number in numbers:
            singly.receive(number)
        at = numbers[-1]
    assert vars(together) == vars(singly)
    assert together.take(7, 0.0) == singly.take(7, 0.0)


def test_a_report_tells_how_old_the_last_sender_report_is() -> None:
    receive_stats = ReceiveStats()
    receive_stats.receive(0)
    assert (receive_stats.take(7, 10.0)[0].lsr, receive_stats.take(7, 10.0)[0].dlsr) == (0, 0)
    receive_stats.reported(SenderReport(7, 0xABCD12345678FFFF, 0), 8.5)
    info = receive_stats.take(7, 10.0)[0]
    assert (info.lsr, info.dlsr) == (0x12345678, round(1.5 * 65536))


SENT = st.tuples(st.floats(0, 4e9), st.integers(0, 0xFFFFFFFF))


@given(SENT, st.sampled_from([8000, 48_000, 90_000]), st.floats(-3600, 3600), st.floats(0, 9))
def test_a_packet_was_under_way_as_long_as_its_senders_clock_says(
    sent: tuple[float, int], rate: int, later: float, under_way: float
) -> None:
    """It left so much `later` than its report says of clock and timestamp; our clock is 5 s slow."""
    receive_stats, (ntp, timestamp) = ReceiveStats(), sent
    assert receive_stats.transit(timestamp, 100.0, rate) == 0
    receive_stats.reported(SenderReport(7, int(ntp * (1 << 32)), timestamp), 0.0)
    timestamp = (timestamp + round(later * rate)) & 0xFFFFFFFF
    transit = receive_stats.transit(timestamp, ntp + later + under_way - 5, rate)
    assert transit == pytest.approx(under_way - 5, abs=1e-3)
