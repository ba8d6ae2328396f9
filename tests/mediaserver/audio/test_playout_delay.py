"""Tests of the playout delay that is learned from arrival times."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.playout_delay import (
    LEARNED_TOGETHER,
    LONG,
    LONG_MISSES,
    MARGIN,
    MAX_DELAY,
    NEXT_PACKET,
    SHORT,
    SHORT_MISSES,
    STRANGE,
    PlayoutDelay,
)

TRANSITS = st.lists(st.integers(-STRANGE // 2, STRANGE // 2), min_size=1, max_size=LONG + 80)


def delay_of(transits: list[int]) -> PlayoutDelay:
    delay = PlayoutDelay()
    for transit in transits:
        delay.add(transit)
    return delay


@given(TRANSITS)
def test_few_of_the_newest_packets_would_come_too_late_and_no_delay_is_endless(transits: list[int]) -> None:
    wanted = delay_of(transits).wanted
    long, short = transits[-LONG:], transits[-SHORT:]
    late = [sum(t > wanted for t in window) for window in (long, short)]
    if wanted < min(transits[-SHORT - LEARNED_TOGETHER :]) + MAX_DELAY:
        assert late[0] <= LONG_MISSES and late[1] <= SHORT_MISSES
    assert wanted <= min(short) + MAX_DELAY


@given(st.integers(-(10**9), 10**9), st.integers(1, LONG + 10))
def test_a_steady_link_needs_only_the_margin(transit: int, count: int) -> None:
    assert delay_of([transit] * count).wanted == transit + MARGIN


def test_a_lossy_link_waits_for_the_packet_with_the_fec_and_forgets_it_again() -> None:
    delay = delay_of([0] * 100)
    delay.lost()
    assert delay.wanted == NEXT_PACKET
    for _ in range(LONG):
        delay.add(0)
    assert delay.wanted == MARGIN


def test_it_grows_with_the_fourth_late_packet_and_shrinks_after_ten_seconds() -> None:
    delay = delay_of([0] * LONG)
    grown = []
    for _ in range(6):
        delay.add(3000)
        grown.append(delay.wanted)
    assert grown == [MARGIN] * SHORT_MISSES + [3000] * 3
    for _ in range(20):
        delay.add(3000)
    shrunk = 0
    while delay.wanted == 3000:
        delay.add(0)
        shrunk += 1
    assert LONG - 30 < shrunk <= LONG + LEARNED_TOGETHER


def test_a_transit_far_off_the_last_second_is_not_taken() -> None:
    assert PlayoutDelay().add(10**9)
    assert delay_of([0] * SHORT).add(STRANGE)
    strange = delay_of([0] * SHORT)
    assert not strange.add(STRANGE + 1) and strange.wanted == MARGIN
    assert delay_of([0] * LONG + [1000] * SHORT).add(STRANGE + 1000)
