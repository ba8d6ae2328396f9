"""Memory of a media worker, measured with one small meeting and one sender."""

import pytest

from loadtest.bench import memory_cost
from loadtest.bench.memory_cost import Plan


async def test_memory_is_measured_while_meetings_come_and_go(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("CODECS", ("H264",)), ("PICTURES", 2), ("CLOSED_S", 0.0), ("FILLED_S", 0.0)):
        monkeypatch.setattr(memory_cost, name, value)
    found = await memory_cost.measure(Plan(meetings=1, rounds=1, senders=1))
    assert [len(found[name]) for name in ("opened", "replaced")] == [1, 1]
    for memory in (found["started"], *found["opened"], *found["replaced"], found["closed"]):
        kinds = sum(memory[name] for name in ("heap", "arenas", "mapped", "files"))
        assert memory["rss"] == pytest.approx(kinds, abs=0.3)
    assert found["opened"][0]["rss"] > found["started"]["rss"] > 20
    assert found["opened"][0]["cpu_s"] > found["started"]["cpu_s"]
    assert found["mb_per_meeting"] == pytest.approx(found["opened"][0]["rss"] - found["started"]["rss"], abs=0.1)
    assert found["left_mb"] == pytest.approx(found["closed"]["rss"] - found["started"]["rss"], abs=0.1)
    assert found["kib_per_sender"] > 0
