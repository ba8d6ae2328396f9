"""The table of latencies, and a flash that is not received."""

import pytest

from loadtest.bench import latency
from loadtest.bench.latency import Delays, table


class Received:
    def __init__(self, flashes: list[float], beeps: list[float]) -> None:
        self.flashes, self.beeps = flashes, beeps


def test_delays_are_printed_in_milliseconds() -> None:
    good, lossy = Delays(), Delays(skew=[-0.02, 0.01], recorded=[0.04])
    stalling = Delays(skew=[0.08], recorded=[0.09])
    sent = [10.0, 12.0, 14.0]
    latency.add(good, sent, [at + 0.01 for at in sent], Received([10.05, 12.09, 14.06], [10.06, 12.06, 14.06]))
    good.recorded = [0.033]
    assert table({"good": good, "lossy": lossy, "stalling": stalling}).splitlines() == [
        "| ms | least | 5% | 50% | 95% | most |",
        "| --- | --- | --- | --- | --- | --- |",
        "| delay of the picture | 50 | 50 | 60 | 90 | 90 |",
        "| delay of the mix | 50 | 50 | 50 | 50 | 50 |",
        "| sound after picture, live | -40 | -40 | -10 | 0 | 0 |",
        "| sound after picture, recorded | 33 | 33 | 33 | 33 | 33 |",
        "| after bursts of loss, live | -20 | -20 | -20 | 10 | 10 |",
        "| with bursts of loss, recorded | 40 | 40 | 40 | 40 | 40 |",
        "| on a line that stalls, live | 80 | 80 | 80 | 80 | 80 |",
        "| on a line that stalls, recorded | 90 | 90 | 90 | 90 | 90 |",
    ]


@pytest.mark.parametrize(("flashes", "beeps"), [([10.05], [10.06, 12.06]), ([10.05, 12.09], [12.06])])
def test_a_missing_flash_or_beep_raises(flashes: list[float], beeps: list[float]) -> None:
    with pytest.raises(RuntimeError, match="of 2 flashes"):
        latency.add(Delays(), [10.0, 12.0], [10.01, 12.01], Received(flashes, beeps))
