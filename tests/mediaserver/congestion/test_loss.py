"""Tests of the smoothed share of lost packets."""

from mediaserver.congestion.loss import Loss


def test_loss_is_remembered_for_a_few_seconds() -> None:
    loss = Loss()
    loss.update(80, 20)
    assert loss.share == 0.1
    for _ in range(3):
        loss.update(100, 0)
    assert loss.share == 0.0125


def test_one_packet_lost_of_a_few_is_no_link_that_loses() -> None:
    loss = Loss()
    loss.update(2, 1)
    assert loss.share == 0.02
