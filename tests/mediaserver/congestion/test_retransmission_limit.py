"""Tests of the retransmission limit: a share of the link, and each packet about once in a round trip."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.retransmission_limit import (
    BURST_S,
    LOOKUP_REFILL_S,
    MAX_LOOKUPS,
    MAX_SPACING_S,
    SHARE,
    RetransmissionLimit,
)

RATE, OCTETS = 800_000, 1000
BURST = round(SHARE * RATE / 8 * BURST_S / OCTETS)
"""Packets of a whole burst."""


def allowed(limit: RetransmissionLimit, count: int, now: float, first: int = 0) -> int:
    return sum(allow(limit, first + i, OCTETS, RATE, 0.05, now) for i in range(count))


def allow(limit: RetransmissionLimit, sequence: int, octets: int, rate: float, round_trip: float, now: float) -> bool:
    return any(limit.allow(1, each, octets, round_trip, now) for each in limit.within([sequence], rate, now))


def test_a_burst_is_followed_by_the_share_of_the_link() -> None:
    limit = RetransmissionLimit()
    assert allowed(limit, 100, 1000.0) == BURST
    assert allowed(limit, 100, 1000.0 + BURST_S / 2, 1000) == BURST // 2
    assert allowed(limit, 100, 1060.0, 2000) == BURST


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0.0, 0.2), st.floats(0.0, 1.0)), max_size=100))
def test_a_packet_is_not_sent_again_while_it_is_under_way(requests: list[tuple[int, float, float]]) -> None:
    limit, sent, now = RetransmissionLimit(), dict[int, float](), 0.0
    for sequence, later, round_trip in requests:
        now += later
        if allow(limit, sequence, 1, 1e9, round_trip, now):
            assert now - sent.get(sequence, -9.0) >= min(round_trip, MAX_SPACING_S)
            sent[sequence] = now
        else:
            assert sequence in sent


def test_a_full_queue_gets_no_second_copy_of_what_stands_in_it() -> None:
    limit = RetransmissionLimit()
    requests = [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6]
    assert [at for at in requests if allow(limit, 7, OCTETS, RATE, 0.55, at)] == [0.0, 0.6]


def test_a_packet_lost_again_is_sent_again() -> None:
    limit = RetransmissionLimit()
    assert [allow(limit, 7, 1, RATE, 0.1, now) for now in (0.0, 0.09, 0.11, 0.2, 0.22)] == [
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_whole_cache_may_be_asked_for_at_once_and_again_after_a_while() -> None:
    limit, flood = RetransmissionLimit(), range(10 * MAX_LOOKUPS)
    looked = [len(list(limit.within(flood, 1e9, now))) for now in (0.0, 0.0, LOOKUP_REFILL_S / 2, LOOKUP_REFILL_S, 9.0)]
    assert looked == [MAX_LOOKUPS, 0, MAX_LOOKUPS // 2, MAX_LOOKUPS // 2, MAX_LOOKUPS]


def test_nothing_more_is_looked_up_once_the_share_of_the_link_is_used_up() -> None:
    limit, looked = RetransmissionLimit(), 0
    for sequence in limit.within(range(MAX_LOOKUPS), RATE, 0.0):
        looked += 1
        limit.allow(1, sequence, OCTETS, 0.05, 0.0)
    assert looked == BURST + 1
    assert [limit.allow(1, each, OCTETS, 0.05, 9.0) for each in limit.within([1000], RATE, 9.0)] == [True]
