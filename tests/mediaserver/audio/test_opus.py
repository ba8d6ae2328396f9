"""Tests of the Opus codec: encoding, decoding, FEC and concealment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.mix_minus import FRAME_SAMPLES, Samples, level
from mediaserver.audio.opus import MAX_SAMPLES, OpusDecoder, OpusEncoder, silence
from tests.mediaserver.pictures import pitch, tone


def coded(hertz: int, ticks: int = 50) -> list[bytes]:
    encoder = OpusEncoder()
    return [encoder.encode(tone(hertz, tick)) for tick in range(ticks)]


def decoded(packets: list[bytes]) -> tuple[OpusDecoder, Samples]:
    decoder = OpusDecoder()
    return decoder, np.concatenate([decoder.decode(packet) for packet in packets])


@pytest.mark.parametrize("hertz", [220, 440, 1000, 3000])
def test_a_tone_keeps_its_pitch_and_level(hertz: int) -> None:
    _, heard = decoded(coded(hertz))
    assert heard.dtype == np.int16 and len(heard) == 50 * FRAME_SAMPLES
    assert pitch(heard[FRAME_SAMPLES * 10 :]) == pytest.approx(hertz, abs=2)
    assert np.abs(heard[FRAME_SAMPLES * 10 :]).max() == pytest.approx(0.25 * 32767, rel=0.15)


def test_silence_stays_silent() -> None:
    encoder = OpusEncoder()
    _, heard = decoded([encoder.encode(np.zeros(FRAME_SAMPLES, np.int16)) for _ in range(10)])
    assert np.abs(heard).max() <= 2


def test_the_constant_silence_follows_sound_without_a_sound_of_its_own() -> None:
    decoder, _ = decoded(coded(440))
    heard = [decoder.decode(silence()) for _ in range(5)]
    assert [len(each) for each in heard] == [FRAME_SAMPLES] * 5
    assert max(level(each) for each in heard[1:]) < -60
    assert len(silence()) < 40


def changed_tone(ticks: int) -> list[bytes]:
    """Return 440 Hz, and from the last tick but one 880 Hz, which no concealment can guess."""
    encoder = OpusEncoder()
    return [encoder.encode(tone(440 if tick < ticks - 2 else 880, tick)) for tick in range(ticks)]


def test_a_lost_packet_is_mended_from_the_next_one() -> None:
    packets = changed_tone(50)
    whole, _ = decoded(packets[:48])
    expected = whole.decode(packets[48])
    mending, _ = decoded(packets[:48])
    mended = mending.mend(packets[49], FRAME_SAMPLES)
    guessing, _ = decoded(packets[:48])
    guessed = guessing.conceal(FRAME_SAMPLES)

    def likeness(samples: Samples) -> float:
        return float(np.corrcoef(samples[480:], expected[480:])[0, 1])

    assert len(mended) == len(guessed) == FRAME_SAMPLES
    assert likeness(mended) > 0.8 > likeness(guessed)


def test_a_guess_goes_on_with_what_was_heard() -> None:
    decoder, _ = decoded(coded(440))
    guesses = np.concatenate([decoder.conceal(FRAME_SAMPLES) for _ in range(5)])
    assert pitch(guesses) == pytest.approx(440, abs=40)
    assert level(guesses) > -30


@given(st.integers(1, MAX_SAMPLES))
def test_a_guess_has_the_length_asked_for(samples: int) -> None:
    decoder = OpusDecoder()
    assert len(decoder.conceal(samples)) == samples
    assert len(decoder.mend(silence(), samples)) == samples


def test_after_a_reset_the_next_packet_needs_none_before_it() -> None:
    encoder = OpusEncoder()
    for tick in range(20):
        encoder.encode(tone(440, tick, 0.9))
    encoder.reset()
    packet = encoder.encode(tone(440, 20))
    assert packet == OpusEncoder().encode(tone(440, 20))


def test_no_bytes_are_no_sound() -> None:
    assert len(OpusDecoder().decode(b"")) == 0


@given(st.binary(min_size=1, max_size=100), st.integers(1, MAX_SAMPLES))
def test_any_bytes_are_sound_or_a_value_error(data: bytes, samples: int) -> None:
    for mends in (False, True):
        decoder = OpusDecoder()
        try:
            heard = decoder.mend(data, samples) if mends else decoder.decode(data)
        except ValueError:
            continue
        assert heard.dtype == np.int16
        assert len(heard) <= MAX_SAMPLES


def test_garbage_is_no_sound() -> None:
    with pytest.raises(ValueError, match="undecodable sound"):
        OpusDecoder().decode(b"\xff\xff\xff\xff")
