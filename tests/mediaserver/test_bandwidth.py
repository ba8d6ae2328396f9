"""What is lost, and the bitrate peers are told for it."""

from hypothesis import given
from hypothesis import strategies as st

from mediaserver.rtp.bandwidth import MAX_BPS, MIN_BPS, START_BPS, Loss, LossController

COUNTS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000)), max_size=50)


@given(COUNTS)
def test_the_limit_moves_with_the_loss_and_stays_within_bounds(seconds: list[tuple[int, int]]) -> None:
    controller = LossController()
    for received, lost in seconds:
        before, now = controller.bitrate, controller.update(received, lost)
        assert MIN_BPS <= now <= MAX_BPS
        if received + lost == 0 or lost * 50 < received + lost:
            assert now == min(MAX_BPS, round(before * 1.08))
        elif lost * 10 > received + lost:
            assert now == max(MIN_BPS, round(before * (1 - 0.5 * lost / (received + lost))))
        else:
            assert now == before


def test_a_clean_line_reaches_the_top_within_three_seconds() -> None:
    controller = LossController()
    assert [controller.update(100, 0) for _ in range(3)] == [round(START_BPS * 1.08), round(3_240_000 * 1.08), MAX_BPS]


def test_loss_is_remembered_for_a_few_seconds() -> None:
    loss = Loss()
    loss.update(80, 20)
    assert loss.share == 0.1
    for _ in range(3):
        loss.update(100, 0)
    assert loss.share == 0.0125


def test_one_packet_lost_of_a_few_is_no_line_that_loses() -> None:
    loss = Loss()
    loss.update(2, 1)
    assert loss.share == 0.02
