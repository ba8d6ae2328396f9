"""Tests of the uplink estimate on a simulated link: a bottleneck with a queue."""

from random import Random
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.congestion.uplink import MAX_BPS, MIN_BPS, START_BPS, UplinkLimit

PACKET_BITS = 8800
CAMERA_BPS = 2_400_000
"""What three layers send at most."""
SECONDS = st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 5000), st.none() | st.floats(-1e6, 1e6)), max_size=80)


class Uplink:
    """A link of `capacity` bit/s whose queue holds so many seconds, and which loses at random besides.

    The sender follows a limit a second after it was told, and is `far` seconds away.
    """

    def __init__(self, capacity: float, queue_s: float, loss: float = 0.0) -> None:
        self.limit = UplinkLimit()
        self.capacity, self.longest, self.loss, self.far = capacity, queue_s * capacity, loss, 5.0
        self.queue = 0.0
        self.rate = START_BPS
        self.chance = Random(1)

    def run(self, seconds: int) -> tuple[float, float, float]:
        """Let time pass; return the mean share lost, seconds in the queue and bit/s that came through."""
        per_second = [self._second() for _ in range(seconds)]
        lost, waits, came = (fmean(each[number] for each in per_second) for number in range(3))
        return lost, waits, came

    def _second(self) -> tuple[float, float, float]:
        rate, self.rate = min(CAMERA_BPS, self.rate), self.limit.bitrate
        owed, received, lost, waits = 0.0, 0, 0, []
        for _ in range(100):
            self.queue = max(0.0, self.queue - self.capacity / 100)
            owed += rate / 100
            while owed >= PACKET_BITS:
                owed -= PACKET_BITS
                if self.queue + PACKET_BITS > self.longest or self.chance.random() < self.loss:
                    lost += 1
                else:
                    received += 1
                    self.queue += PACKET_BITS
            waits.append(self.queue / self.capacity)
        self.limit.add_transit(self.far + waits[-1])
        self.limit.update(received, lost)
        return lost / max(1, received + lost), fmean(waits), received * PACKET_BITS


@given(SECONDS)
def test_the_limit_stays_within_bounds_whatever_is_reported(seconds: list[tuple[int, int, float | None]]) -> None:
    limit = UplinkLimit()
    for received, lost, transit in seconds:
        before = limit.bitrate
        if transit is not None:
            limit.add_transit(transit)
        assert MIN_BPS <= limit.update(received, lost) == limit.bitrate <= MAX_BPS
        if lost > 100 and lost * 4 > received + lost:
            assert limit.bitrate == max(MIN_BPS, round(before * (1 - 0.5 * lost / (received + lost))))


def test_a_clean_link_reaches_the_top_within_three_seconds() -> None:
    limit = UplinkLimit()
    assert [limit.update(100, 0) for _ in range(3)] == [round(START_BPS * 1.08), round(3_240_000 * 1.08), MAX_BPS]


@pytest.mark.parametrize("queue_s", [0.1, 0.25, 0.5, 1.0])
@pytest.mark.parametrize("capacity", [0.3e6, 0.6e6, 1e6, 1.5e6, 2.2e6])
def test_a_narrow_link_is_used_without_a_queue_that_stands(capacity: float, queue_s: float) -> None:
    uplink = Uplink(capacity, queue_s)
    uplink.run(60)
    lost, waits, came = uplink.run(180)
    assert (lost < 0.03, waits < 0.08, came > 0.85 * capacity) == (True, True, True)


@pytest.mark.parametrize("loss", [0.03, 0.05, 0.08])
def test_a_link_that_loses_anyway_is_used_as_far_as_it_goes(loss: float) -> None:
    uplink = Uplink(10e6, 0.2, loss)
    uplink.loss = 0.4
    uplink.run(15)
    uplink.loss = loss
    uplink.run(90)
    assert uplink.run(60)[2] > 0.8 * CAMERA_BPS
    narrow = Uplink(1e6, 0.5, min(loss, 0.05))
    narrow.run(60)
    _, waits, came = narrow.run(120)
    assert (waits < 0.08, came > 0.8e6) == (True, True)


def test_a_loss_that_ends_is_tolerated_no_longer() -> None:
    uplink = Uplink(10e6, 0.2, 0.08)
    uplink.run(60)
    uplink.loss = 0.0
    uplink.run(90)
    uplink.capacity, uplink.longest = 1e6, 0.05e6
    uplink.run(60)
    assert uplink.run(60)[0] < 0.03


def test_packets_that_take_longer_on_another_way_cost_no_more_than_a_moment() -> None:
    uplink = Uplink(10e6, 0.2)
    uplink.run(30)
    uplink.far += 0.4
    assert min(uplink.run(1)[2] for _ in range(60)) > 1e6
    assert uplink.run(10)[2] > 0.9 * CAMERA_BPS


def test_a_camera_that_was_switched_off_while_its_packets_waited_costs_nothing_when_it_comes_back() -> None:
    limit = UplinkLimit()
    for transit in (5.0, 5.0, 5.5):
        limit.add_transit(transit)
        limit.update(100, 0)
    limit.add_transit(5.5)
    after = limit.update(100, 0)
    assert after < START_BPS
    assert {limit.update(0, 0) for _ in range(60)} == {after}
    assert limit.update(100, 0) > after


@pytest.mark.parametrize(
    ("capacity", "loss", "queue_s"),
    [(1.5e6, 0.03, 0.02), (1e6, 0.05, 0.05), (1e6, 0.06, 0.02), (0.6e6, 0.03, 0.02), (1e6, 0.08, 0.5)],
)
def test_the_usual_loss_of_a_narrow_link_does_not_hide_that_it_is_full(
    capacity: float, loss: float, queue_s: float
) -> None:
    uplink = Uplink(capacity, queue_s, loss)
    uplink.run(300)
    lost, waits, came = uplink.run(300)
    assert (lost < loss + 0.05, waits < 0.08, came > 0.8 * capacity) == (True, True, True)


def test_a_trial_during_which_the_camera_was_off_shows_nothing() -> None:
    uplink = Uplink(1.5e6, 0.05)
    for _ in range(5):
        while uplink.limit._trial is None:
            uplink.run(1)
        for _ in range(20):
            uplink.limit.update(0, 0)
    uplink.run(120)
    assert uplink.run(60)[0] < 0.03


def test_a_link_that_widens_is_used_again() -> None:
    uplink = Uplink(0.6e6, 0.5)
    uplink.run(60)
    uplink.capacity, uplink.longest = 10e6, 2e6
    uplink.run(90)
    assert uplink.run(10)[2] > 0.9 * CAMERA_BPS
