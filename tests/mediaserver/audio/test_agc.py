"""Tests of the automatic gain control with quiet and loud rooms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.agc import LOUD_DBOV, MOST_DB, QUIET_DBOV, SPOKEN, STEP_DB, Agc

PER_S = 5


def talk(agc: Agc, seconds: float, speech: float, noise: float = -70.0) -> float:
    """Let the talker say words of a second with half a second between them; return the gain at the end."""
    for at in range(round(seconds * PER_S)):
        agc.hear(speech if at % 8 < 5 else noise)
    return agc.gain


@pytest.mark.parametrize(
    ("speech", "gain"),
    [(QUIET_DBOV, 0), (LOUD_DBOV, 0), (-20, 0), (-34, 6), (-40, 12), (-50, MOST_DB), (-60, 0), (-6, -6), (0, -12)],
)
def test_speech_is_brought_to_where_others_are(speech: float, gain: float) -> None:
    assert talk(Agc(), 60, speech) == pytest.approx(gain)


def test_it_is_done_slowly_and_undone_as_slowly() -> None:
    agc = Agc()
    assert talk(agc, 8, -38) < 1  # five seconds of speech are needed first
    assert talk(agc, 60, -38) == pytest.approx(10)
    before = agc.gain
    assert before - 6.5 < talk(agc, 10, -20) < before
    assert talk(agc, 60, -20) == 0


@pytest.mark.parametrize("noise", [-30.0, -45.0])
def test_sound_without_pauses_is_no_speech(noise: float) -> None:
    agc = Agc()
    for at in range(300):
        agc.hear(noise + at % 3)
    assert agc.gain == 0


def test_noise_that_comes_with_a_voice_is_not_taken_for_it() -> None:
    assert talk(Agc(), 120, -24, noise=-36.0) == 0


def test_silence_changes_nothing() -> None:
    agc = Agc()
    talk(agc, 60, -38)
    before = agc.gain
    for _ in range(300):
        agc.hear(None)
    assert agc.gain == before


def test_one_word_or_a_slammed_door_changes_nothing() -> None:
    agc = Agc()
    for level in [-80.0] * 20 + [-5.0] * (SPOKEN - 1):
        agc.hear(level)
    assert agc.gain == 0
    assert talk(agc, 60, -20) == 0


@given(st.lists(st.none() | st.floats(-127, 0), max_size=400))
def test_whatever_is_heard_the_gain_moves_by_steps_within_its_range(levels: list[float | None]) -> None:
    agc = Agc()
    for level in levels:
        before = agc.gain
        agc.hear(level)
        assert abs(agc.gain - before) <= STEP_DB + 1e-9
        assert -MOST_DB <= agc.gain <= MOST_DB
