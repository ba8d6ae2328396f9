"""Voices over lossy networks in the server's mix. Seeded: every run is the same."""

import random
from itertools import islice

import pytest

from loadtest.bench.audio_loss import PATHS, NetworkPath, bursts, measure, random_loss, table

BY_NAME = {path.name: path for path in PATHS}


@pytest.mark.parametrize("name", ["clean", "jitter 10 ms", "jitter 20 ms", "jitter 30 ms"])
def test_jitter_alone_costs_no_sound_and_little_time(name: str) -> None:
    figures = measure(BY_NAME[name], 6)
    assert (figures.filled_pct, figures.longest_silence_ms, figures.tone_hz) == (100.0, 0, 440)
    assert figures.latency_ms_p95 <= 60


@pytest.mark.parametrize("name", ["loss 5 %", "loss 10 %", "loss 30 %", "60 ms bursts", "100 ms bursts"])
def test_loss_leaves_nearly_all_of_a_voice(name: str) -> None:
    figures = measure(BY_NAME[name], 6)
    assert figures.filled_pct >= 95
    assert figures.longest_silence_ms <= 100
    assert figures.tone_hz == pytest.approx(440, abs=1)
    assert figures.latency_ms_p95 <= 60


def test_frames_that_are_sent_again_spare_the_repair_by_fec() -> None:
    alone, again = (measure(BY_NAME[f"loss 10 %{again}"], 2) for again in ("", ", one frame again"))
    assert alone.lost_pct == again.lost_pct > 5
    assert alone.fec_pct > 5 > 0.5 > again.fec_pct
    assert 2 > alone.missing_pct >= again.missing_pct
    assert again.latency_ms_p95 <= 60


def test_every_path_is_a_row_of_the_table() -> None:
    rows = table([measure(NetworkPath("any", random_loss(0)), 3)]).splitlines()
    assert len(rows) == 3
    assert len({row.count("|") for row in rows}) == 1


def test_losses_come_as_scripted() -> None:
    rng = random.Random(1)
    assert sum(islice(random_loss(0.3)(rng), 10_000)) == pytest.approx(3000, abs=150)
    flags = "".join("x" if lost else "." for lost in islice(bursts(3, 50)(rng), 10_000))
    assert set(flags.rstrip("x").replace(".", " ").split()) == {"xxx"}
    assert flags.count("xxx") == pytest.approx(200, rel=0.1)
