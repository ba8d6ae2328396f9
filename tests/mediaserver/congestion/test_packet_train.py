"""Tests of packet trains on a link that is a queue in front of a bit rate."""

from itertools import pairwise

import pytest

from mediaserver.congestion.packet_train import ASK_S, LATE_S, MAX_ASK_S, CapacityMeasurement

ROUND_TRIP_S = 0.06
TICK_S = 0.02


class Line:
    """A line of `rate` bit/s in whose queue packets wait for `queue` seconds at first, and its measurement."""

    def __init__(self, rate: float, queue: float = 0.0) -> None:
        self.rate = rate
        self.now = 10.0
        self.longest = 0.0
        """The longest time in seconds that a packet behind the trains has to wait."""
        self.measurement = CapacityMeasurement()
        self._free = self.now + queue

    def measure(self, least: float | None, enough: float = 2e6, *, ask: bool = False) -> float | None:
        """Measure until there is a result, and return it."""
        self.measurement.start(least, enough, self.now, ask=ask)
        response = None
        while not self.measurement.over:
            self.now += TICK_S
            if response is not None and response[0] <= self.now:
                self.measurement.responded(response[1])
                response = None
            octets = self.measurement.next(self.now)
            if octets is not None and self.rate:
                self._free = max(self._free, self.now) + 8 * octets / self.rate
                self.longest = max(self.longest, self._free - self.now)
                round_trip = self._free - self.now + ROUND_TRIP_S
                response = self.now + round_trip, round_trip
        return self.measurement.take(self.now)


@pytest.mark.parametrize("rate", [4e6, 1.5e6, 0.6e6, 0.2e6])
@pytest.mark.parametrize("least", [None, ROUND_TRIP_S])
def test_the_rate_of_a_line_is_measured_before_its_queue_is_half_full(rate: float, least: float | None) -> None:
    line = Line(rate)
    assert line.measure(least) == pytest.approx(rate, rel=0.01)
    assert line.longest <= 0.25


def test_a_line_that_carries_enough_is_measured_by_one_train() -> None:
    line = Line(4e6)
    line.measure(ROUND_TRIP_S)
    assert line.now - 10.0 < 3 * (ROUND_TRIP_S + TICK_S)


def test_what_waited_before_is_let_pass_first() -> None:
    line = Line(0.6e6, queue=0.5)
    assert line.measure(ROUND_TRIP_S, ask=True) == pytest.approx(0.6e6, rel=0.01)


def test_upon_a_sign_that_meant_nothing_there_is_no_train() -> None:
    line = Line(0.6e6, queue=0.9 * LATE_S)
    assert line.measure(ROUND_TRIP_S, ask=True) is None
    assert line.longest < LATE_S


def test_signs_that_mean_nothing_make_pictures_pause_less_and_less_often() -> None:
    line, pauses = Line(4e6), list[float]()
    while len(pauses) < 7:
        line.measurement.start(ROUND_TRIP_S, 2e6, line.now, ask=True)
        if line.measurement.running:
            pauses.append(line.now)
            line.measure(ROUND_TRIP_S, ask=True)
        line.now += TICK_S
    waits = [later - earlier for earlier, later in pairwise(pauses)]
    assert waits == pytest.approx([ASK_S, 1.0, 2.0, 4.0, MAX_ASK_S, MAX_ASK_S], abs=0.25)


def test_whoever_answers_no_request_is_not_measured() -> None:
    line = Line(0.0)
    assert line.measure(None) is None
    assert line.now - 10.0 < 2.0


def test_a_line_that_does_not_answer_any_more_carries_nothing() -> None:
    line = Line(0.0)
    assert line.measure(ROUND_TRIP_S, ask=True) == 0.0
    assert line.now - 10.0 < 2.0
