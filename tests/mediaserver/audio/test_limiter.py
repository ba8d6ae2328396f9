"""Tests of the limiter: loud mixes without distortion."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.limiter import CEILING, Limiter
from mediaserver.audio.mix_minus import FRAME_SAMPLES, Sums
from tests.mediaserver.pictures import tone


def loud(voices: int, tick: int, amplitude: float = 0.9) -> Sums:
    """Return the sum of so many tones."""
    tones = (tone(200 + 130 * v, tick, amplitude) for v in range(voices))
    sums: Sums = np.sum(list(tones), axis=0, dtype=np.int32)
    return sums


@given(st.lists(st.integers(0, CEILING), min_size=1, max_size=20))
def test_ordinary_levels_pass_untouched(peaks: list[int]) -> None:
    limiter = Limiter()
    for peak in peaks:
        total = np.linspace(-peak, peak, FRAME_SAMPLES).astype(np.int32)
        assert np.array_equal(limiter.apply(total), total)


@given(st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 30 * 32768)), min_size=1, max_size=12))
def test_no_mix_of_thirty_voices_wraps_or_is_cut(frames: list[tuple[int, int]]) -> None:
    limiter = Limiter()
    for seed, peak in frames:
        total = np.random.default_rng(seed).integers(-peak, peak, FRAME_SAMPLES, np.int32, endpoint=True)
        heard = limiter.apply(total)
        assert heard.dtype == np.int16
        assert np.all(np.sign(heard) * np.sign(total) >= 0)
        assert np.abs(heard.astype(np.int32)).max() <= 32767
        assert 0 < limiter.gain <= 1


def test_five_loud_voices_stay_what_they_are() -> None:
    """After the attack, the limited mix is the mix, softer: as like as 95 % of its energy."""
    limiter = Limiter()
    heard, plain = [], []
    for tick in range(50):
        total = loud(5, tick)
        plain.append(total)
        heard.append(limiter.apply(total))
    a, b = np.concatenate(heard[2:]).astype(float), np.concatenate(plain[2:]).astype(float)
    clipped = np.clip(b, -32768, 32767)
    assert np.corrcoef(a, b)[0, 1] > 0.97 > np.corrcoef(clipped, b)[0, 1]
    assert np.abs(a).max() <= CEILING + 1


def test_the_gain_comes_back_to_unity_within_a_second_and_never_in_a_step() -> None:
    limiter = Limiter()
    for tick in range(5):
        limiter.apply(loud(5, tick))
    gains = [limiter.gain]
    for tick in range(5, 65):
        limiter.apply(tone(440, tick).astype(np.int32))
        gains.append(limiter.gain)
    assert gains[0] < 0.5
    assert gains[-1] == 1.0
    assert all(before <= after <= before * 1.0301 for before, after in pairwise(gains))


@pytest.mark.parametrize("at", [0, 1, 119, 120, 500, 959])
def test_one_sharp_peak_is_bent_not_cut(at: int) -> None:
    total = np.zeros(FRAME_SAMPLES, np.int32)
    total[at] = 150_000
    heard = Limiter().apply(total)
    assert CEILING * 0.95 <= heard[at] <= 32767
