"""A meeting with many receivers, with a few of them: real joins, real packets."""

import pytest

from loadtest.bench import receivers_cost
from loadtest.endpoint.counting_socket import CountingSocket


@pytest.mark.parametrize("measure", [receivers_cost.forwarded, receivers_cost.composed])
async def test_each_receiver_gets_all_pictures(
    measure: receivers_cost.Measure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receivers_cost, "STEADY_S", 1.5)
    found = await measure(1.0, 3)
    assert found.packets_per_s > 3 * 25
    assert found.missing_pct == 0
    assert found.core_pct == pytest.approx(found.us_per_packet * found.packets_per_s / 1e4)


async def test_receivers_that_get_nothing_are_no_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receivers_cost, "STEADY_S", 0.5)
    monkeypatch.setattr(CountingSocket, "least", lambda _self, _ssrcs: 0)
    with pytest.raises(RuntimeError, match=r"a receiver gets 0\.0 pictures/s only"):
        await receivers_cost.forwarded(0.5, 1)
