"""The rules of a recording: started, paused, stopped, by whom, and what a full disk or a lost worker means for it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.core.errors import MessageError
from signaling.messages.effects import (
    Effect,
    MarkRecording,
    PauseRecording,
    RecordVoices,
    StartRecording,
    StopRecording,
    TellAll,
)
from signaling.messages.server import RecordingState, StorageState
from signaling.recording.model import Recording
from signaling.recording.state import MAX_MARKS, MeetingRecording

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
FULL = StorageState(level="full", hours=0)
OK = StorageState(level="ok", hours=900)
OFF = RecordingState(on=False)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def tape() -> MeetingRecording:
    """Nobody registered a recording."""
    return MeetingRecording(False, NOW)


def start_in(effects: list[Effect]) -> StartRecording:
    """What the engine is told to begin."""
    [start] = [effect for effect in effects if isinstance(effect, StartRecording)]
    return start


def runs(tape: MeetingRecording, effects: list[Effect], now: datetime = NOW) -> list[Effect]:
    """Have the engine begin what it is told to; what everybody is told then."""
    return tape.started(start_in(effects), now)


def begin(tape: MeetingRecording, now: datetime = NOW, by: str = "host") -> None:
    """Somebody starts it, and the engine records."""
    runs(tape, tape.ask(True, False, by, now), now)


def test_what_was_interrupted_is_not_over(tape: MeetingRecording) -> None:
    begin(tape)
    before = tape.state
    assert (tape.ended("interrupted"), tape.state, tape.runs) == ([], before, True)


def test_everybody_is_told_that_it_is_on_once_the_engine_records(tape: MeetingRecording) -> None:
    [start] = tape.ask(True, False, "host", NOW)
    assert (start, tape.state) == (StartRecording("host"), OFF)
    assert (tape.ask(True, False, "central", NOW), tape.mark("a")) == ([], [])
    on = RecordingState(on=True, since=later(2))
    assert (runs(tape, [start], later(2)), tape.state) == ([TellAll(on)], on)
    assert runs(tape, [start], later(3)) == []


def test_what_is_stopped_before_it_began_never_is_on_and_says_nothing_of_the_next(tape: MeetingRecording) -> None:
    first = tape.ask(True, False, "host", NOW)
    assert tape.ask(False, False, "host", NOW) == [StopRecording("host", None), TellAll(OFF)]
    second = tape.ask(True, False, "host", NOW)
    assert (first, [tape.awaits(start_in(each)) for each in (first, second)]) == (second, [False, True])
    assert (runs(tape, first), tape.failed(start_in(first), "unavailable"), tape.state) == ([], [], OFF)
    assert runs(tape, second) == [TellAll(RecordingState(on=True, since=NOW))]
    assert tape.wished(NOW, True) == []


def test_what_cannot_begin_is_told_and_not_tried_again(tape: MeetingRecording) -> None:
    start = start_in(tape.ask(True, False, "host", NOW))
    told = RecordingState(on=False, error="no-folder")
    assert (tape.failed(start, "no-folder"), tape.wished(NOW, True)) == ([TellAll(told)], [])


def test_a_lost_worker_leaves_it_off_until_the_next_part_begins(tape: MeetingRecording) -> None:
    begin(tape)
    told = [TellAll(RecordingState(on=False, error="media-restarting"))]
    assert (tape.media_lost(later(10)), tape.media_lost(later(11))) == (told, [])
    again = tape.restore()
    assert again == [StartRecording("host")]
    assert tape.waits(start_in(again)) == told
    assert runs(tape, again, later(12)) == [TellAll(RecordingState(on=True, since=later(12), seconds=10))]


def test_a_worker_lost_while_it_begins_begins_it_anew(tape: MeetingRecording) -> None:
    first = tape.ask(True, False, "host", NOW)
    assert tape.media_lost(NOW) == []
    assert runs(tape, first) == []
    assert runs(tape, tape.restore()) == [TellAll(RecordingState(on=True, since=NOW))]


def test_paused_and_resumed_its_time_has_no_gap(tape: MeetingRecording) -> None:
    begin(tape)
    paused = RecordingState(on=True, paused=True, seconds=70)
    assert tape.ask(True, True, "host", later(70.6)) == [PauseRecording(True), TellAll(paused)]
    on = RecordingState(on=True, since=later(100), seconds=70)
    assert tape.ask(True, False, "host", later(100)) == [TellAll(on), PauseRecording(False)]
    again = RecordingState(on=True, paused=True, seconds=75)
    assert tape.ask(True, True, "host", later(105)) == [PauseRecording(True), TellAll(again)]
    assert tape.ask(False, True, "host", later(106)) == [StopRecording("host", None), TellAll(OFF)]


def test_what_is_off_cannot_be_paused_and_what_is_so_already_stays(tape: MeetingRecording) -> None:
    assert tape.ask(True, True, "host", NOW) == tape.ask(False, False, "host", NOW) == []
    begin(tape)
    assert tape.ask(True, False, "host", later(1)) == []
    tape.ask(True, True, "host", later(2))
    assert tape.ask(True, True, "host", later(3)) == []


def test_a_worker_lost_in_a_pause_costs_a_new_part_but_records_nothing_of_the_pause(tape: MeetingRecording) -> None:
    begin(tape)
    tape.ask(True, True, "host", later(10))
    assert (tape.media_lost(later(11)), tape.restore()) == ([], [])
    resumed = tape.ask(True, False, "central", later(20))
    assert (resumed, tape.state.paused, tape.waits(start_in(resumed))) == (
        [StartRecording("host")],
        True,
        [TellAll(RecordingState(on=True, paused=True, seconds=10))],
    )
    assert runs(tape, resumed, later(20)) == [TellAll(RecordingState(on=True, since=later(20), seconds=10))]
    tape.ask(True, True, "host", later(30))
    assert tape.ask(True, False, "host", later(40))[1] == PauseRecording(False)


def test_what_is_to_go_on_while_its_worker_is_replaced_goes_on_in_the_next_one(tape: MeetingRecording) -> None:
    begin(tape)
    tape.ask(True, True, "host", later(10))
    tape.media_lost(later(11))
    first = tape.ask(True, False, "host", later(12))
    assert first == tape.restore() == [StartRecording("host")]


def test_a_full_disk_stops_it_and_lets_none_start(tape: MeetingRecording) -> None:
    begin(tape)
    told = RecordingState(on=False, error="disk-full")
    assert tape.disk(FULL) == [StopRecording("", "disk-full"), TellAll(told)]
    assert (tape.disk(FULL), tape.ended(None), tape.state) == ([], [], told)
    with pytest.raises(MessageError) as refused:
        tape.ask(True, False, "host", later(1))
    assert refused.value.word == "disk-full"
    assert tape.disk(OK) == []
    assert tape.ask(True, False, "host", later(2)) == [StartRecording("host")]
    assert tape.disk(FULL) == [StopRecording("", "disk-full"), TellAll(told)]


def test_a_full_disk_stops_what_pauses_too(tape: MeetingRecording) -> None:
    begin(tape)
    tape.ask(True, True, "host", NOW)
    assert tape.disk(FULL)[0] == StopRecording("", "disk-full")


def test_a_registered_recording_waits_for_room_and_says_so_once() -> None:
    tape = MeetingRecording(True, NOW)
    tape.disk(FULL)
    assert tape.wished(NOW, True) == [TellAll(RecordingState(on=False, error="disk-full"))]
    assert tape.wished(later(1), True) == []
    tape.disk(OK)
    assert tape.wished(later(2), True) == [StartRecording("")]


def test_registered_voices_are_kept_until_the_host_switches_them_off() -> None:
    tape = MeetingRecording(True, NOW, True)
    assert tape.wished(NOW, True) == [StartRecording(""), RecordVoices(True)]
    tape.separate(False)
    tape.room_closed()
    assert tape.wished(later(1), True) == [StartRecording("")]


def test_a_registered_recording_that_was_stopped_stays_stopped() -> None:
    tape = MeetingRecording(True, NOW)
    assert (tape.wished(later(-1), True), tape.wished(NOW, False)) == ([], [])
    runs(tape, tape.wished(NOW, True))
    tape.ask(False, False, "host", later(1))
    assert tape.wished(later(2), True) == []


def test_it_comes_back_with_the_people() -> None:
    tape = MeetingRecording(True, NOW)
    assert tape.room_closed() == []
    runs(tape, tape.wished(NOW, True))
    assert tape.room_closed() == [StopRecording("", None)]
    assert tape.wished(later(1), True) == [StartRecording("")]
    assert tape.room_closed() == [StopRecording("", None)]
    assert tape.wished(later(2), True) == [StartRecording("")]


def test_a_pause_outlasts_an_empty_room_and_what_was_begun_by_hand_goes_on(tape: MeetingRecording) -> None:
    begin(tape)
    assert tape.room_closed() == [StopRecording("", None)]
    back = tape.wished(later(1), True)
    assert back == [StartRecording("host")]
    runs(tape, back, later(1))
    tape.ask(True, True, "host", later(5))
    assert tape.room_closed() == [StopRecording("", "paused")]
    assert (tape.wished(later(6), True), tape.state) == ([], RecordingState(on=True, paused=True, seconds=4))
    on = RecordingState(on=True, since=later(7), seconds=4)
    assert runs(tape, tape.ask(True, False, "host", later(7)), later(7)) == [TellAll(on)]


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
    tape = MeetingRecording(True, later(100), left=replace(part, started_by="central").left)
    paused = RecordingState(on=True, paused=True, seconds=61)
    assert tape.state == (paused if position == "paused" else OFF)
    assert tape.wished(NOW, True) == ([StartRecording("central")] if position == "on" else [])


@pytest.mark.parametrize(("by", "goes_on"), [("", False), ("host", True)])
def test_a_registration_withdrawn_while_no_server_ran_begins_nothing_but_what_somebody_began_goes_on(
    by: str, goes_on: bool
) -> None:
    part = Recording("r", "s", 1, "1.mp4", "Họp", "H", "u", NOW, 61_400, reason="interrupted", started_by=by)
    assert (MeetingRecording(False, NOW, left=part.left).wished(NOW, True) != []) is goes_on


def test_an_amendment_asks_for_it_or_takes_it_back_but_not_what_somebody_began_by_hand() -> None:
    tape = MeetingRecording(False, NOW)
    assert tape.registered(True, later(10), False) == []
    assert (tape.wished(later(9), True), tape.wished(later(10), True)) == ([], [StartRecording("")])
    told = TellAll(RecordingState(on=False, error="amended"))
    assert tape.registered(False, later(10), False) == [StopRecording("", "amended"), told]
    begin(tape, later(20))
    assert tape.registered(True, later(30), False) == tape.registered(False, later(30), False) == []
    tape.ask(False, False, "host", later(40))
    assert tape.registered(True, later(30), True) == [TellAll(RecordingState(on=False, voices=True))]
    assert tape.wished(later(41), True) == [StartRecording(""), RecordVoices(True)]


def test_what_the_engine_could_not_do_is_told(tape: MeetingRecording) -> None:
    assert tape.ended("disk-slow") == []
    begin(tape)
    assert (tape.ended(None), tape.ended("disk-slow")) == ([], [TellAll(RecordingState(on=False, error="disk-slow"))])


def test_marks_are_set_while_it_is_on_and_not_without_end(tape: MeetingRecording) -> None:
    assert tape.mark("a") == []
    begin(tape)
    assert tape.mark("a", "c") == [MarkRecording("a", "c")]
    tape.ask(True, True, "host", NOW)
    assert [tape.mark("b") for _ in range(MAX_MARKS)] == [[MarkRecording("b")]] * (MAX_MARKS - 1) + [[]]
    tape.ask(False, False, "host", NOW)
    begin(tape)
    assert tape.mark("c") == [MarkRecording("c")]


def test_voices_are_kept_from_when_they_are_wanted_on_in_every_part(tape: MeetingRecording) -> None:
    wanted = RecordingState(on=False, voices=True)
    assert (tape.separate(False), tape.separate(True), tape.separate(True)) == ([], [TellAll(wanted)], [])
    on = RecordingState(on=True, since=NOW, voices=True)
    first = tape.ask(True, False, "host", NOW)
    assert first == [StartRecording("host"), RecordVoices(True)]
    tape.media_lost(NOW)
    assert (tape.restore(), runs(tape, tape.restore())) == (first, [TellAll(on)])
    off = on.model_copy(update={"voices": False})
    assert tape.separate(False) == [RecordVoices(False), TellAll(off)]
    tape.ask(True, True, "host", later(10))
    tape.media_lost(later(10))
    tape.restore()
    assert [type(effect) for effect in tape.separate(True)] == [TellAll]
    assert tape.ask(True, False, "host", later(20)) == [StartRecording("host"), RecordVoices(True)]
    tape.room_closed()
    assert tape.state == wanted


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "full", "ok", "lose", "back", "leave", "end", "engine", "refuse"]),
        st.booleans(),
        st.booleans(),
    )
)


@given(acts=ACTS)
def test_what_is_told_to_be_on_is_what_the_engine_records(acts: list[tuple[str, bool, bool]]) -> None:
    """Whatever happens in whatever order: nobody is told that it is on before a file is open, or after."""
    tape, now = MeetingRecording(False, NOW), NOW
    opened = paused = lost = False
    queue: list[Effect] = []
    for act, on, pause in acts:
        now += timedelta(seconds=1)
        if act in {"engine", "refuse"}:
            while queue:
                effect = queue.pop(0)
                if isinstance(effect, StartRecording) and tape.awaits(effect):
                    if lost:
                        tape.waits(effect)
                    elif act == "refuse":
                        tape.failed(effect, "unavailable")
                    else:
                        assert not opened
                        opened, paused = True, False
                        tape.started(effect, now)
                elif isinstance(effect, PauseRecording):
                    paused = effect.paused
                elif isinstance(effect, StopRecording):
                    opened = False
        elif act != "back" or lost:
            lost = act == "lose" or (lost and act != "back")
            opened = opened and act not in {"lose", "end"}
            queue += _happen(tape, act, on, pause, now)
        if not queue:
            assert (opened and not paused) == (tape.state.on and not tape.state.paused)


def _happen(tape: MeetingRecording, act: str, on: bool, pause: bool, now: datetime) -> list[Effect]:
    try:
        match act:
            case "ask":
                return tape.ask(on, pause, "host", now)
            case "full" | "ok":
                return tape.disk(FULL if act == "full" else OK)
            case "lose":
                return tape.media_lost(now)
            case "back":
                return tape.restore()
            case "leave":
                return tape.room_closed()
            case _:
                return tape.ended("disk-error")
    except MessageError:
        return []
