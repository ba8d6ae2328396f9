"""Tests that tell restarted streams from stray packets."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.source_validation import MAX_DROPOUT, MAX_MISORDER, SourceValidation, Verdict

U16 = st.integers(0, 0xFFFF)


def judged(*sequences: int) -> list[Verdict]:
    validation = SourceValidation()
    return [validation.judge(sequence & 0xFFFF) for sequence in sequences]


@given(U16, st.lists(st.integers(1 - MAX_MISORDER, MAX_DROPOUT - 1), max_size=50))
def test_holes_and_disorder_are_no_restart(first: int, steps: list[int]) -> None:
    validation, newest = SourceValidation(), first
    assert validation.judge(first) == "take"
    for step in steps:
        assert validation.judge((newest + step) & 0xFFFF) == "take"
        newest = max(newest, newest + step)


@given(U16, st.integers(MAX_DROPOUT, 0x10000 - MAX_MISORDER))
def test_two_packets_in_a_row_far_off_are_a_restart(first: int, jump: int) -> None:
    far = first + jump
    assert judged(first, far, far + 1, far + 2) == ["take", "leave", "restart", "take"]


@given(U16, st.lists(st.integers(MAX_DROPOUT, 0x10000 - MAX_MISORDER).map(lambda n: n & ~1), max_size=20))
def test_stray_packets_end_nothing(first: int, strays: list[int]) -> None:
    verdicts = judged(first, *(first + stray for stray in strays), first + 1)
    assert verdicts == ["take", *["leave"] * len(strays), "take"]


def test_a_stray_packet_before_each_good_one_ends_nothing() -> None:
    assert judged(0, 30000, 1, 30001, 2, 30002) == ["take", "leave"] * 3


@given(U16, st.integers(MAX_DROPOUT, 0x10000 - MAX_MISORDER), st.integers(2, 9))
def test_packets_in_a_row_far_off_are_a_restart_at_once(first: int, jump: int, count: int) -> None:
    validation, far = SourceValidation(), (first + jump) & 0xFFFF
    assert validation.judge((first - 2) & 0xFFFF, 3) == "take"
    assert validation.judge(far, count) == "restart"
    assert validation.judge((far + count) & 0xFFFF) == "take"


@given(U16, st.lists(st.tuples(st.integers(1 - MAX_MISORDER, MAX_DROPOUT - 1), st.integers(1, 9)), max_size=30))
def test_packets_in_a_row_go_on_over_holes_and_disorder(first: int, rows: list[tuple[int, int]]) -> None:
    validation, newest = SourceValidation(), first
    assert validation.judge(first) == "take"
    for step, count in rows:
        assert validation.judge((newest + step) & 0xFFFF, count) == "take"
        newest = newest + step + count - 1 if step >= 0 else newest
