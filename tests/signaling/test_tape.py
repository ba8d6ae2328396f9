"""The rules of a recording: started, paused, stopped, by whom, and what a full disk or a lost worker means for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.effects import (
    Effect,
    MarkRecording,
    PauseRecording,
    RecordVoices,
    StartRecording,
    StopRecording,
    TellAll,
)
from signaling.errors import MessageError
from signaling.messages import RecordingState, StorageState
from signaling.recording import Recording
from signaling.tape import MAX_MARKS, Tape

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
FULL = StorageState(level="full", hours=0)
OK = StorageState(level="ok", hours=900)
OFF = RecordingState(on=False)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def tape() -> Tape:
    """Nobody registered a recording."""
    return Tape(False, NOW)


def test_paused_and_resumed_its_time_has_no_gap(tape: Tape) -> None:
    tape.ask(True, False, "host", NOW)
    paused = RecordingState(on=True, paused=True, seconds=70)
    assert tape.ask(True, True, "host", later(70.6)) == [PauseRecording(True), TellAll(paused)]
    on = RecordingState(on=True, since=later(100), seconds=70)
    assert tape.ask(True, False, "host", later(100)) == [TellAll(on), PauseRecording(False)]
    again = RecordingState(on=True, paused=True, seconds=75)
    assert tape.ask(True, True, "host", later(105)) == [PauseRecording(True), TellAll(again)]
    assert tape.ask(False, True, "host", later(106)) == [StopRecording("host", None), TellAll(OFF)]


def test_what_is_off_cannot_be_paused_and_what_is_so_already_stays(tape: Tape) -> None:
    assert tape.ask(True, True, "host", NOW) == tape.ask(False, False, "host", NOW) == []
    tape.ask(True, False, "host", NOW)
    assert tape.ask(True, False, "host", later(1)) == []
    tape.ask(True, True, "host", later(2))
    assert tape.ask(True, True, "host", later(3)) == []


def test_a_worker_lost_in_a_pause_costs_a_new_part_but_records_nothing_of_the_pause(tape: Tape) -> None:
    tape.ask(True, False, "host", NOW)
    assert tape.restore() == [StartRecording("host")]
    tape.ask(True, True, "host", later(10))
    assert tape.restore() == []
    on = RecordingState(on=True, since=later(20), seconds=10)
    assert tape.ask(True, False, "central", later(20)) == [TellAll(on), StartRecording("host")]
    tape.ask(True, True, "host", later(30))
    assert tape.ask(True, False, "host", later(40))[1] == PauseRecording(False)


def test_a_full_disk_stops_it_and_lets_none_start(tape: Tape) -> None:
    tape.ask(True, False, "host", NOW)
    told = RecordingState(on=False, error="disk-full")
    assert tape.disk(FULL) == [StopRecording("", "disk-full"), TellAll(told)]
    assert (tape.disk(FULL), tape.ended(None), tape.state) == ([], [], told)
    with pytest.raises(MessageError) as refused:
        tape.ask(True, False, "host", later(1))
    assert refused.value.word == "disk-full"
    assert tape.disk(OK) == []
    assert tape.ask(True, False, "host", later(2))[1] == StartRecording("host")


def test_a_full_disk_stops_what_pauses_too(tape: Tape) -> None:
    tape.ask(True, False, "host", NOW)
    tape.ask(True, True, "host", NOW)
    assert tape.disk(FULL)[0] == StopRecording("", "disk-full")


def test_a_registered_recording_waits_for_room_and_says_so_once() -> None:
    tape = Tape(True, NOW)
    tape.disk(FULL)
    assert tape.wished(NOW, True) == [TellAll(RecordingState(on=False, error="disk-full"))]
    assert tape.wished(later(1), True) == []
    tape.disk(OK)
    assert tape.wished(later(2), True) == [TellAll(RecordingState(on=True, since=later(2))), StartRecording("")]


def test_registered_voices_are_kept_until_the_host_switches_them_off() -> None:
    tape = Tape(True, NOW, True)
    assert tape.wished(NOW, True)[1:] == [StartRecording(""), RecordVoices(True)]
    tape.separate(False)
    tape.room_closed()
    assert tape.wished(later(1), True)[1:] == [StartRecording("")]


def test_a_registered_recording_that_was_stopped_stays_stopped() -> None:
    tape = Tape(True, NOW)
    assert (tape.wished(later(-1), True), tape.wished(NOW, False)) == ([], [])
    tape.wished(NOW, True)
    tape.ask(False, False, "host", later(1))
    assert tape.wished(later(2), True) == []


def test_it_comes_back_with_the_people() -> None:
    tape = Tape(True, NOW)
    assert tape.room_closed() == []
    tape.wished(NOW, True)
    assert tape.room_closed() == [StopRecording("", None)]
    assert tape.wished(later(1), True)[1] == StartRecording("")


def test_a_pause_outlasts_an_empty_room_and_what_was_begun_by_hand_goes_on(tape: Tape) -> None:
    tape.ask(True, False, "host", NOW)
    assert tape.room_closed() == [StopRecording("", None)]
    assert tape.wished(later(1), True) == [TellAll(RecordingState(on=True, since=later(1))), StartRecording("host")]
    tape.ask(True, True, "host", later(5))
    assert tape.room_closed() == [StopRecording("", "paused")]
    assert (tape.wished(later(6), True), tape.state) == ([], RecordingState(on=True, paused=True, seconds=4))
    on = RecordingState(on=True, since=later(7), seconds=4)
    assert tape.ask(True, False, "host", later(7)) == [TellAll(on), StartRecording("host")]


@pytest.mark.parametrize(
    ("reason", "stopped_by", "position"),
    [
        (None, "", "on"),
        ("interrupted", "", "on"),
        ("paused", "", "paused"),
        (None, "host", "off"),
        ("empty", "host", "off"),
        ("disk-full", "", "off"),
        ("amended", "", "off"),
    ],
)
def test_it_goes_on_as_an_earlier_server_left_it(reason: str | None, stopped_by: str, position: str) -> None:
    part = Recording("r", "s", 1, "1.mp4", "Họp", "H", "u", NOW, 61_400, reason=reason, stopped_by=stopped_by)
    tape = Tape(True, later(100), left=replace(part, started_by="central").left)
    paused = RecordingState(on=True, paused=True, seconds=61)
    assert tape.state == (paused if position == "paused" else OFF)
    begun = [TellAll(RecordingState(on=True, since=NOW)), StartRecording("central")]
    assert tape.wished(NOW, True) == (begun if position == "on" else [])


@pytest.mark.parametrize(("by", "goes_on"), [("", False), ("host", True)])
def test_a_registration_withdrawn_while_no_server_ran_begins_nothing_but_what_somebody_began_goes_on(
    by: str, goes_on: bool
) -> None:
    part = Recording("r", "s", 1, "1.mp4", "Họp", "H", "u", NOW, 61_400, reason="interrupted", started_by=by)
    assert (Tape(False, NOW, left=part.left).wished(NOW, True) != []) is goes_on


def test_an_amendment_asks_for_it_or_takes_it_back_but_not_what_somebody_began_by_hand() -> None:
    tape = Tape(False, NOW)
    assert tape.registered(True, later(10), False) == []
    assert (tape.wished(later(9), True), tape.wished(later(10), True)[1]) == ([], StartRecording(""))
    told = TellAll(RecordingState(on=False, error="amended"))
    assert tape.registered(False, later(10), False) == [StopRecording("", "amended"), told]
    tape.ask(True, False, "host", later(20))
    assert tape.registered(True, later(30), False) == tape.registered(False, later(30), False) == []
    tape.ask(False, False, "host", later(40))
    assert tape.registered(True, later(30), True) == [TellAll(RecordingState(on=False, voices=True))]
    assert tape.wished(later(41), True)[1:] == [StartRecording(""), RecordVoices(True)]


def test_what_the_engine_could_not_do_is_told(tape: Tape) -> None:
    assert tape.ended("disk-slow") == []
    tape.ask(True, False, "host", NOW)
    assert (tape.ended(None), tape.ended("disk-slow")) == ([], [TellAll(RecordingState(on=False, error="disk-slow"))])


def test_marks_are_set_while_it_is_on_and_not_without_end(tape: Tape) -> None:
    assert tape.mark("a") == []
    tape.ask(True, False, "host", NOW)
    assert tape.mark("a", "c") == [MarkRecording("a", "c")]
    tape.ask(True, True, "host", NOW)
    assert [tape.mark("b") for _ in range(MAX_MARKS)] == [[MarkRecording("b")]] * (MAX_MARKS - 1) + [[]]
    tape.ask(False, False, "host", NOW)
    tape.ask(True, False, "host", NOW)
    assert tape.mark("c") == [MarkRecording("c")]


def test_voices_are_kept_from_when_they_are_wanted_on_in_every_part(tape: Tape) -> None:
    wanted = RecordingState(on=False, voices=True)
    assert (tape.separate(False), tape.separate(True), tape.separate(True)) == ([], [TellAll(wanted)], [])
    on = RecordingState(on=True, since=NOW, voices=True)
    assert tape.ask(True, False, "host", NOW) == [TellAll(on), StartRecording("host"), RecordVoices(True)]
    assert tape.restore() == [StartRecording("host"), RecordVoices(True)]
    off = on.model_copy(update={"voices": False})
    assert tape.separate(False) == [RecordVoices(False), TellAll(off)]
    tape.ask(True, True, "host", later(10))
    tape.restore()
    assert [type(effect) for effect in tape.separate(True)] == [TellAll]
    assert tape.ask(True, False, "host", later(20))[1:] == [StartRecording("host"), RecordVoices(True)]
    tape.room_closed()
    assert tape.state == wanted


ACTS = st.lists(st.tuples(st.sampled_from(["ask", "full", "ok", "lose", "leave", "end"]), st.booleans(), st.booleans()))


@given(acts=ACTS)
def test_what_is_told_is_what_the_engine_was_told(acts: list[tuple[str, bool, bool]]) -> None:
    """Whatever happens in whatever order: a file is open and not paused exactly while everybody is told so."""
    tape, now = Tape(False, NOW), NOW
    opened = paused = False
    for act, on, pause in acts:
        now += timedelta(seconds=1)
        opened = opened and act != "lose"
        for effect in _happen(tape, act, on, pause, now):
            if isinstance(effect, StartRecording):
                assert not opened
                opened, paused = True, False
            elif isinstance(effect, PauseRecording):
                paused = effect.paused
            elif isinstance(effect, StopRecording):
                opened = False
        opened = opened and act != "end"
        assert (opened and not paused) == (tape.state.on and not tape.state.paused)


def _happen(tape: Tape, act: str, on: bool, pause: bool, now: datetime) -> list[Effect]:
    try:
        match act:
            case "ask":
                return tape.ask(on, pause, "host", now)
            case "full" | "ok":
                return tape.disk(FULL if act == "full" else OK)
            case "lose":
                return tape.restore()
            case "leave":
                return tape.room_closed()
            case _:
                return tape.ended("disk-error")
    except MessageError:
        return []
