"""A meeting with many receivers, with a few of them: real joins, real packets."""

import pytest

from loadtest.bench import receivers_cost
from loadtest.endpoint.counted_receiver import CountedReceiver
from loadtest.endpoint.counting_socket import CountingSocket
from loadtest.endpoint.transport import TransportFailed


@pytest.mark.parametrize("measure", [receivers_cost.forwarded, receivers_cost.composed])
async def test_packets_that_reach_the_receivers_are_counted(
    measure: receivers_cost.Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers_cost, "STEADY_S", 1.5)
    monkeypatch.setattr(receivers_cost, "MIN_SHARE", 0.0)  # however slow the machine is
    found = await measure(1.0, 3)
    assert found.packets_per_s > 0
    assert found.missing_pct == 0
    assert found.core_pct == pytest.approx(found.us_per_packet * found.packets_per_s / 1e4)


async def test_receivers_that_get_nothing_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers_cost, "STEADY_S", 0.5)
    monkeypatch.setattr(CountingSocket, "least", lambda _self, _ssrcs: 0)
    with pytest.raises(receivers_cost.NotServed, match=r"a receiver gets 0\.0 pictures/s only"):
        await receivers_cost.forwarded(0.5, 1)


async def test_each_way_is_the_median_of_its_runs_or_says_what_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    costs = iter([60.0, 50.0, 55.0])

    async def forwarded(_seconds: float, _receivers: int) -> receivers_cost.ReceiversCost:
        return receivers_cost.ReceiversCost(next(costs), 30.0, 200_000.0, 0.01)

    async def composed(_seconds: float, _receivers: int) -> receivers_cost.ReceiversCost:
        raise receivers_cost.NotServed("a receiver gets 2.0 pictures/s only")

    async def limit(_module: str, _receivers: int) -> dict[str, float]:
        return {"forward_whole_paced_us": 2.5}

    for name, replacement in (("forwarded", forwarded), ("composed", composed), ("run_module", limit)):
        monkeypatch.setattr(receivers_cost, name, replacement)
    assert await receivers_cost.figures(1.0, 3) == {
        "count": 1000,
        "forwarded": {
            "core_pct": 55.0,
            "us_per_packet": 2.75,
            "sending_limit_core_pct": 50.0,
            "missing_pct": 0.01,
            "endpoints_pct": 30.0,
        },
        "composed": {"failure": "a receiver gets 2.0 pictures/s only"},
    }


async def test_a_receiver_that_cannot_join_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unreachable(_receiver: CountedReceiver, _answer: str) -> None:
        raise TransportFailed("no response")

    monkeypatch.setattr(CountedReceiver, "connect", unreachable)
    with pytest.raises(receivers_cost.NotServed, match="receiver 1 could not join: no response"):
        await receivers_cost.forwarded(0.1, 1)
