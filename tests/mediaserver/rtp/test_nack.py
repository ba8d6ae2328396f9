"""Tests of the NACK generator against a plain set of missing packets."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mediaserver.rtp.nack import BURST, MAX_GAP, MAX_MISSING, MAX_TRIES, PER_SECOND, RETRY_S, NackGenerator, NackLimit

STEPS = st.lists(st.integers(-20, 40), min_size=1, max_size=80)


@given(st.integers(0, 0xFFFF), STEPS)
@example(0, [7, *[40] * 13, -1])  # the oldest is given up before one of the others comes
def test_packets_jumped_over_are_missing_until_they_come(first: int, steps: list[int]) -> None:
    """Numbers are counted without wrapping here; the generator sees their last 16 bits."""
    base = 1 << 20 | first
    generator, newest, missing = NackGenerator(), base, dict[int, None]()
    assert generator.receive(base & 0xFFFF, 0.0) == []
    for step in steps:
        number = newest + step
        if number > newest:
            holes = range(newest + 1, number)
            newest = number
            missing = dict.fromkeys([*missing, *holes][-MAX_MISSING:])
        else:
            holes = range(0)
            missing.pop(number, None)
        assert generator.receive(number & 0xFFFF, 0.0) == [hole & 0xFFFF for hole in holes]
    wanted = list(missing)
    assert generator.waiting is bool(wanted)
    assert generator.due(RETRY_S) == [number & 0xFFFF for number in wanted]


@given(st.integers(0, 0xFFFF), st.lists(st.tuples(st.integers(-20, 40), st.integers(1, 9)), max_size=40))
def test_packets_in_a_row_are_as_one_after_the_other(first: int, rows: list[tuple[int, int]]) -> None:
    together, singly, at = NackGenerator(), NackGenerator(), first
    for step, count in rows:
        numbers = [(at + step + i) & 0xFFFF for i in range(count)]
        requested = [number for one in numbers for number in singly.receive(one, 0.0)]
        assert together.receive(numbers[0], 0.0, count) == requested
        at = numbers[-1]
    assert (together.due(RETRY_S), together.lost) == (singly.due(RETRY_S), singly.lost)


def test_a_packet_is_asked_for_so_often_and_then_given_up() -> None:
    generator = NackGenerator()
    generator.receive(0xFFFE, 0.0)
    requested = [generator.receive(1, 0.0)]
    requested += [generator.due(RETRY_S * i) for i in range(1, 10)]
    assert requested == [[0xFFFF, 0]] * MAX_TRIES + [[]] * (10 - MAX_TRIES)
    assert not generator.waiting


def test_a_request_that_was_not_sent_is_due_at_once_and_counts_as_none() -> None:
    generator = NackGenerator()
    generator.receive(0, 0.0)
    generator.postpone(generator.receive(2, 0.0))
    assert generator.due(0.01) == [1]
    generator.postpone([1])
    requested = [generator.due(RETRY_S * i) for i in range(1, 10)]
    assert requested == [[1]] * MAX_TRIES + [[]] * (9 - MAX_TRIES)


def test_on_a_long_line_two_requests_go_in_each_round_trip() -> None:
    generator, asked = NackGenerator(), [0.0]
    generator.receive(0, 0.0)
    generator.receive(2, 0.0)
    asked += [tick / 100 for tick in range(1, 300) if generator.due(tick / 100, 0.6)]
    assert asked == pytest.approx([0.0, 0.06, 0.66, 0.72, 1.32, 1.38], abs=0.025)
    generator.receive(4, 3.0)
    asked = [tick / 100 for tick in range(1, 300) if generator.due(3.0 + tick / 100, 1e9)]
    assert asked == pytest.approx([0.06, 1.06, 1.12, 2.12, 2.18], abs=0.025)


def test_nothing_is_repeated_before_its_time() -> None:
    generator = NackGenerator()
    generator.receive(0, 0.0)
    generator.receive(2, 0.0)
    assert (generator.due(RETRY_S * 0.9), generator.due(RETRY_S * 1.1)) == ([], [1])


@given(st.integers(0, 0xFFFF))
def test_a_blackout_is_not_asked_for(first: int) -> None:
    generator = NackGenerator()
    generator.receive(first, 0.0)
    assert len(generator.receive((first + MAX_GAP + 1) & 0xFFFF, 0.0)) == MAX_GAP
    assert generator.receive((first + 2 * MAX_GAP + 3) & 0xFFFF, 0.0) == []
    assert not generator.waiting
    assert generator.lost == 2 * MAX_GAP + 1


def test_a_stream_full_of_holes_keeps_the_newest_only() -> None:
    generator = NackGenerator()
    for sequence in range(0, 40_000, 2):
        generator.receive(sequence & 0xFFFF, 0.0)
    assert generator.due(RETRY_S) == [s & 0xFFFF for s in range(40_000 - 2 * MAX_MISSING - 1, 39_998, 2)]


def test_a_sender_gets_a_burst_of_nacks_and_then_ten_a_second() -> None:
    limit = NackLimit()
    assert sum(limit.allow(100.0) for _ in range(50)) == BURST
    assert sum(limit.allow(100.0 + 0.01 * tick) for tick in range(1, 201)) == 2 * PER_SECOND
