"""Tests of the telephony codecs: same pitch and loudness after any codec, losses concealed, no seam between packets.

Also tests `resampler.py`.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level
from mediaserver.audio.resampler import Downsampler, Upsampler
from mediaserver.audio.telephony_codecs import FADE_SAMPLES, TelephonyDecoder, TelephonyEncoder, payload_samples
from tests.mediaserver.pictures import pitch, tone

NAMES = ("G722", "PCMA", "PCMU")


def spoken(codec: str, hertz: float, count: int = 50) -> list[bytes]:
    encoder = TelephonyEncoder(codec)
    return [encoder.encode(tone(hertz, tick)) for tick in range(count)]


def steps(samples: Samples) -> int:
    """Return the largest difference between two neighbouring samples."""
    return int(np.abs(np.diff(samples.astype(np.int32))).max())


@pytest.mark.parametrize("codec", NAMES)
def test_a_tone_keeps_its_pitch_and_loudness(codec: str) -> None:
    packets = spoken(codec, 1000)
    assert {len(packet) for packet in packets} == {160}
    decoder = TelephonyDecoder(codec)
    heard = [decoder.decode(packet) for packet in packets]
    assert {len(samples) for samples in heard} == {FRAME_SAMPLES} == {payload_samples(packets[0])}
    sound = np.concatenate(heard[5:])
    assert pitch(sound) == 1000
    assert abs(level(sound) - level(tone(1000, 0))) < 0.5
    assert steps(sound) < 1.5 * steps(tone(1000, 0))


def test_g722_carries_what_g711_does_not() -> None:
    loudness = {}
    for codec in NAMES:
        decoder = TelephonyDecoder(codec)
        loudness[codec] = level(np.concatenate([decoder.decode(packet) for packet in spoken(codec, 6000)]))
    assert loudness["G722"] > -20
    assert max(loudness["PCMA"], loudness["PCMU"]) < -40


@pytest.mark.parametrize("codec", NAMES)
def test_a_hole_is_bridged_softer_and_softer_and_joined_without_a_click(codec: str) -> None:
    packets = spoken(codec, 300)
    decoder = TelephonyDecoder(codec)
    before = [decoder.decode(packet) for packet in packets[:10]][-1]
    guesses = [decoder.conceal(FRAME_SAMPLES) for _ in range(4)]
    after = decoder.decode(packets[14])
    levels = [level(each) for each in (before, *guesses)]
    assert levels == sorted(levels, reverse=True)
    assert FADE_SAMPLES == 3 * FRAME_SAMPLES and not guesses[3].any()
    whole = np.concatenate((before, *guesses, after))
    assert steps(whole) < 6 * steps(before)


def test_concealed_sound_is_only_guessed() -> None:
    one, other = TelephonyDecoder("PCMA"), TelephonyDecoder("PCMA")
    for packet in spoken("PCMA", 440, 5):
        assert np.array_equal(one.decode(packet), other.decode(packet))
    assert np.array_equal(one.mend(b"\x55" * 160, 480), other.conceal(480))


@pytest.mark.parametrize("codec", NAMES)
@given(payloads=st.lists(st.binary(max_size=400), max_size=5))
def test_any_bytes_are_a_sound_of_their_length(codec: str, payloads: list[bytes]) -> None:
    decoder = TelephonyDecoder(codec)
    for payload in payloads:
        assert len(decoder.decode(payload)) == payload_samples(payload) == 6 * len(payload)
    assert payload_samples(bytes(961)) == 0


@pytest.mark.parametrize("factor", [3, 6])
@given(cuts=st.lists(st.integers(1, 960 // 6), min_size=1, max_size=6))
def test_frames_of_any_size_join_without_a_seam(factor: int, cuts: list[int]) -> None:
    rng = np.random.default_rng(5)
    whole = rng.integers(-20_000, 20_000, sum(cuts), dtype=np.int16)
    parts = np.split(whole, np.cumsum(cuts)[:-1])
    up, joined = Upsampler(factor), Upsampler(factor)
    raised = joined.run(whole)
    assert np.array_equal(np.concatenate([up.run(part) for part in parts]), raised)
    down, again = Downsampler(factor), Downsampler(factor)
    pieces = np.split(raised, np.cumsum(cuts)[:-1] * factor)
    lowered = again.run(raised)
    assert len(lowered) == len(whole)
    assert np.array_equal(np.concatenate([down.run(piece) for piece in pieces]), lowered)


@pytest.mark.parametrize("factor", [3, 6])
def test_frequencies_beyond_a_slower_rate_are_left_out_instead_of_folded(factor: int) -> None:
    limit = 24_000 // factor
    down = Downsampler(factor)
    kept, gone = (
        np.concatenate([down.run(tone(hertz, tick)) for tick in range(20)])[500:]
        for hertz in (0.7 * limit, 1.3 * limit)
    )
    assert level(kept) > -16 and level(gone) < -60
