"""The table of delays, and a conference that swallows a flash."""

import pytest

from loadtest import delay
from loadtest.delay import Delays, table


class Witnessed:
    def __init__(self, flashes: list[float], beeps: list[float]) -> None:
        self.flashes, self.beeps = flashes, beeps


def test_delays_are_told_in_milliseconds() -> None:
    delays = Delays()
    sent = [10.0, 12.0, 14.0, 16.0]
    delay.add(delays, sent, [at + 0.01 for at in sent], Witnessed([10.05, 12.09, 14.06], [10.06, 12.06, 14.06]))
    delays.recorded = [0.033]
    assert table(delays).splitlines() == [
        "| ms | 5% | 50% | 95% |",
        "| --- | --- | --- | --- |",
        "| delay of the picture | 50 | 60 | 90 |",
        "| delay of the mix | 50 | 50 | 50 |",
        "| sound after picture, live | -40 | -10 | 0 |",
        "| sound after picture, recorded | 33 | 33 | 33 |",
    ]


@pytest.mark.parametrize(("flashes", "beeps"), [([10.05], [10.06, 12.06]), ([10.05, 12.09], [12.06])])
def test_what_does_not_come_out_is_no_delay(flashes: list[float], beeps: list[float]) -> None:
    with pytest.raises(RuntimeError, match="of 2 flashes"):
        delay.add(Delays(), [10.0, 12.0, 14.0], [10.01, 12.01, 14.01], Witnessed(flashes, beeps))
