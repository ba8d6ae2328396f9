"""The table of delays, what was listened to, and a conference that swallows a flash."""

import pytest

from loadtest import delay
from loadtest.delay import Clapping, Delays, table


class Witnessed:
    def __init__(self, flashes: list[float], beeps: list[float]) -> None:
        self.flashes, self.beeps = flashes, beeps


def test_delays_are_told_in_milliseconds() -> None:
    good, bad = Delays(), Delays(skew=[-0.02, 0.01], recorded=[0.04])
    sent = [10.0, 12.0, 14.0]
    delay.add(good, sent, [at + 0.01 for at in sent], Witnessed([10.05, 12.09, 14.06], [10.06, 12.06, 14.06]))
    good.recorded = [0.033]
    assert table(good, bad).splitlines() == [
        "| ms | least | 5% | 50% | 95% | most |",
        "| --- | --- | --- | --- | --- | --- |",
        "| delay of the picture | 50 | 50 | 60 | 90 | 90 |",
        "| delay of the mix | 50 | 50 | 50 | 50 | 50 |",
        "| sound after picture, live | -40 | -40 | -10 | 0 | 0 |",
        "| sound after picture, recorded | 33 | 33 | 33 | 33 | 33 |",
        "| after a burst of loss, live | -20 | -20 | -20 | 10 | 10 |",
        "| with bursts of loss, recorded | 40 | 40 | 40 | 40 | 40 |",
    ]


@pytest.mark.parametrize(("flashes", "beeps"), [([10.05], [10.06, 12.06]), ([10.05, 12.09], [12.06])])
def test_what_does_not_come_out_is_no_delay(flashes: list[float], beeps: list[float]) -> None:
    with pytest.raises(RuntimeError, match="of 2 flashes"):
        delay.add(Delays(), [10.0, 12.0], [10.01, 12.01], Witnessed(flashes, beeps))


async def test_only_what_was_listened_to_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 10.0

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    monkeypatch.setattr("loadtest.delay.time.monotonic", lambda: now)
    monkeypatch.setattr("loadtest.delay.asyncio.sleep", sleep)
    clapping = Clapping()
    await clapping.listen(2)
    await clapping.listen(1)
    spans = [10.0, 14.0, 14.9, 16.9]
    assert clapping.heard([9.9, 10.0, 13.9, 14.0, 14.8, 14.9, 16.8, 16.9]) == [10.0, 13.9, 14.9, 16.8]
    assert now == pytest.approx(spans[-1] + delay.LONGEST_S)


def test_a_clap_is_as_far_apart_as_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = iter([1.0, 1.02, 3.01, 3.02, 5.0, 5.02])
    monkeypatch.setattr("loadtest.delay.time.monotonic", lambda: next(moments))
    clapping = Clapping()
    for _ in range(3):
        clapping.turned("picture")
        clapping.turned("sound")
    assert (clapping.flashes, clapping.beeps) == ([1.0, 3.01, 5.0], [1.02, 3.02, 5.02])
    assert clapping.apart == pytest.approx(0.02)
