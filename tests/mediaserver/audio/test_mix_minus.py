"""Tests of the mix-minus against plain arithmetic."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level, mix

SEEDS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32767)), max_size=8)


def voices_of(seeds: list[tuple[int, int]]) -> dict[str, Samples]:
    """Return noise of a given loudness for every seed."""
    return {
        str(i): np.random.default_rng(seed).integers(-peak - 1, peak, FRAME_SAMPLES, np.int16, endpoint=True)
        for i, (seed, peak) in enumerate(seeds)
    }


@given(SEEDS)
def test_the_mix_is_the_sum_and_each_minus_leaves_one_out(seeds: list[tuple[int, int]]) -> None:
    voices = voices_of(seeds)
    full, without = mix(voices)
    plain = {seat: [int(v) for v in voice[:50]] for seat, voice in voices.items()}
    assert full.dtype == np.int32 and full.shape == (FRAME_SAMPLES,)
    assert full[:50].tolist() == [sum(p[i] for p in plain.values()) for i in range(50)]
    assert without.keys() == voices.keys()
    for seat, samples in without.items():
        assert samples[:50].tolist() == [sum(p[i] for s, p in plain.items() if s != seat) for i in range(50)]


def test_two_of_the_loudest_do_not_wrap_around() -> None:
    loud = np.full(FRAME_SAMPLES, 32767, np.int16)
    full, without = mix({"a": loud, "b": loud, "c": -loud - 1})
    assert (full[0], without["c"][0], without["a"][0]) == (32766, 65534, -1)


@pytest.mark.parametrize(
    ("sample", "expected"), [(0, -127.0), (32767, 0.0), (-32768, 0.0), (16384, -6.0), (1, -90.3), (103, -50.0)]
)
def test_levels_are_in_dbov(sample: int, expected: float) -> None:
    assert level(np.full(FRAME_SAMPLES, sample, np.int16)) == pytest.approx(expected, abs=0.1)
