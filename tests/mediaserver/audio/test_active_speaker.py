"""Tests of the active speaker: which voice takes the picture, and when."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mediaserver.audio.active_speaker import MARGIN_DB, THRESHOLD_DBOV, ActiveSpeaker

TICK_S = 0.02
HOLD_S = 1.5


class SpeakerFixture:
    """An active speaker detector with a clock."""

    def __init__(self, hold_s: float = HOLD_S) -> None:
        self.detector = ActiveSpeaker(hold_s)
        self.now = 0.0

    def hear(self, seconds: float, **levels: float) -> list[str | None]:
        """Let so many seconds of these levels pass; return the speakers in the order in which they changed."""
        came = []
        for _ in range(round(seconds / TICK_S)):
            self.now += TICK_S
            if self.detector.update(levels, self.now):
                came.append(self.detector.speaker)
        return came


def test_the_first_speaker_takes_the_picture_at_once() -> None:
    assert SpeakerFixture().hear(0.4, a=-20.0, b=-60.0) == ["a"]


def test_noise_is_not_speech() -> None:
    assert SpeakerFixture().hear(5, a=THRESHOLD_DBOV - 1, b=-90.0) == []


def test_a_louder_voice_waits_for_its_turn() -> None:
    fixture = SpeakerFixture()
    assert fixture.hear(0.5, a=-30.0) == ["a"]
    assert fixture.hear(HOLD_S - 0.5, a=-30.0, b=-15.0) == []
    assert fixture.hear(0.5, a=-30.0, b=-15.0) == ["b"]


@pytest.mark.parametrize("hold_s", [0.5, 6.0])
def test_the_hold_of_a_speaker_can_be_chosen(hold_s: float) -> None:
    fixture = SpeakerFixture(hold_s)
    fixture.hear(0.4, a=-20.0)
    assert fixture.hear(hold_s - 0.05, a=-90.0) == []
    assert fixture.hear(0.5, a=-90.0) == [None]
    fixture.hear(0.4, a=-30.0)
    assert fixture.hear(hold_s - 0.45, a=-30.0, b=-15.0) == []
    assert fixture.hear(0.6, a=-30.0, b=-15.0) == ["b"]


def test_a_voice_hardly_louder_changes_nothing() -> None:
    fixture = SpeakerFixture()
    fixture.hear(0.5, a=-30.0)
    assert fixture.hear(5, a=-30.0, b=-30.0 + MARGIN_DB - 0.5) == []


def test_a_short_pause_keeps_the_picture_and_a_long_one_ends_it() -> None:
    fixture = SpeakerFixture()
    fixture.hear(1, a=-20.0)
    assert fixture.hear(HOLD_S * 0.9, a=-90.0) == []
    assert fixture.hear(1, a=-20.0) == []
    assert fixture.hear(3, a=-90.0) == [None]


def test_after_a_pause_anybody_may_take_over() -> None:
    fixture = SpeakerFixture()
    fixture.hear(2, a=-20.0)
    fixture.hear(HOLD_S * 0.8)
    assert fixture.hear(0.5, b=-25.0) == ["b"]


def test_breaths_lose_the_picture_to_no_open_microphone() -> None:
    fixture = SpeakerFixture()
    came = []
    for _ in range(10):
        came += fixture.hear(2, a=-25.0, b=-47.0)
        came += fixture.hear(0.3, a=-75.0, b=-47.0)
    assert came == ["a"]


@pytest.mark.parametrize("hold_s", [0.5, 1.5, 6.0])
def test_a_pause_for_thought_loses_the_picture_to_no_open_microphone(hold_s: float) -> None:
    fixture = SpeakerFixture(hold_s)
    fixture.hear(hold_s + 1, a=-25.0, b=-47.0)
    assert fixture.hear(hold_s * 0.9, a=-75.0, b=-47.0) == []


def test_a_voice_that_replies_does_not_wait_for_the_hold_to_end() -> None:
    fixture = SpeakerFixture()
    fixture.hear(2, a=-25.0)
    assert fixture.hear(HOLD_S / 2, a=-75.0, b=-25.0) == ["b"]


def test_a_speaker_who_lost_the_floor_keeps_nobody_waiting() -> None:
    fixture = SpeakerFixture()
    fixture.hear(0.4, a=-20.0)
    fixture.detector.forget("a")
    assert fixture.hear(0.4, b=-35.0) == ["b"]
    fixture.detector.forget("a")
    assert fixture.hear(0.2, a=-15.0, b=-35.0) == [], "another one's floor is nothing to the speaker"


def test_only_a_voice_in_the_mix_may_become_the_speaker() -> None:
    detector = ActiveSpeaker(HOLD_S)
    for tick in range(50):
        detector.update({"a": -30.0, "b": -5.0}, tick * TICK_S, among={"a"})
    assert detector.speaker == "a"


@given(st.lists(st.dictionaries(st.sampled_from("abc"), st.floats(-127, 0)), max_size=200))
def test_speakers_hold_the_picture_for_their_time(ticks: list[dict[str, float]]) -> None:
    detector, since, before = ActiveSpeaker(HOLD_S), 0.0, None
    for number, levels in enumerate(ticks):
        now = number * TICK_S
        changed = detector.update(levels, now)
        assert changed is (detector.speaker != before)
        if changed:
            assert detector.speaker is None or detector.speaker in levels
            assert before is None or now - since > HOLD_S
            since, before = now, detector.speaker
