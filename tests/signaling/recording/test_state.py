"""Rules of a recording: start, pause, stop, accounts, a full disk, a lost worker."""

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
from signaling.messages.recording import RecordingState, StorageState
from signaling.recording.model import Recording
from signaling.recording.state import MAX_MARKS, MeetingRecording

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
FULL = StorageState(level="full", hours=0)
OK = StorageState(level="ok", hours=900)
OFF = RecordingState(on=False)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def recording() -> MeetingRecording:
    """Nobody registered a recording."""
    return MeetingRecording(False, NOW)


def only_start(effects: list[Effect]) -> StartRecording:
    """Return the only StartRecording effect."""
    [start] = [effect for effect in effects if isinstance(effect, StartRecording)]
    return start


def runs(recording: MeetingRecording, effects: list[Effect], now: datetime = NOW) -> list[Effect]:
    """Have the engine begin what it is told to; what everybody is told then."""
    return recording.started(only_start(effects), now)


def begin(recording: MeetingRecording, now: datetime = NOW, by: str = "host") -> None:
    """Somebody starts it, and the engine records."""
    runs(recording, recording.ask(True, False, by, now), now)


def test_an_interrupted_recording_is_not_over(recording: MeetingRecording) -> None:
    begin(recording)
    before = recording.state
    assert (recording.ended("interrupted"), recording.state, recording.runs) == ([], before, True)


def test_everybody_is_told_that_it_is_on_once_the_engine_records(recording: MeetingRecording) -> None:
    [start] = recording.ask(True, False, "host", NOW)
    assert (start, recording.state) == (StartRecording("host"), OFF)
    assert (recording.ask(True, False, "central", NOW), recording.mark("a")) == ([], [])
    on = RecordingState(on=True, since=later(2))
    assert (runs(recording, [start], later(2)), recording.state) == ([TellAll(on)], on)
    assert runs(recording, [start], later(3)) == []


def test_a_picture_is_composed_as_usual_or_as_whoever_starts_it_wants() -> None:
    recording = MeetingRecording(True, NOW, composed="afterwards")
    assert recording.state.composed == "afterwards"
    [start] = recording.ask(True, False, "host", NOW, "live")
    assert start == StartRecording("host", "live")
    assert runs(recording, [start]) == [TellAll(RecordingState(on=True, since=NOW, composed="live"))]
    recording.media_lost(NOW)
    assert recording.restore() == [StartRecording("host", "live")]
    later_process = MeetingRecording(True, NOW, composed="afterwards")
    later_process.recover(recording.snapshot)
    assert later_process.restore() == [StartRecording("host", "live")]
    assert runs(recording, recording.restore()) == [TellAll(RecordingState(on=True, since=NOW, composed="live"))]
    assert recording.room_closed() == [StopRecording("", None)]
    assert recording.wished(NOW, True) == [StartRecording("host", "live")], "when people come back"
    off = RecordingState(on=False, composed="afterwards")
    assert recording.ask(False, False, "host", NOW) == [StopRecording("host", None), TellAll(off)]
    assert recording.ask(True, False, "host", NOW) == [StartRecording("host", "afterwards")]
    recording.found(True, False, NOW, "live")
    assert recording.snapshot.composed == "live"


def test_the_next_part_of_an_interrupted_recording_is_composed_like_the_last() -> None:
    part = Recording("r", "s", 1, "/s/1.mp4", "Họp", "h", "56", NOW, 9000, reason="interrupted", composed="live")
    recording = MeetingRecording(True, NOW, left=part.left, composed="afterwards")
    assert recording.wished(NOW, True) == [StartRecording("", "live")]
    stopped = replace(part, reason=None, stopped_by="host").left
    assert MeetingRecording(True, NOW, left=stopped, composed="afterwards").state.composed == "afterwards"


def test_a_recording_stopped_before_it_began_is_never_on_and_does_not_touch_the_next(
    recording: MeetingRecording,
) -> None:
    first = recording.ask(True, False, "host", NOW)
    assert recording.ask(False, False, "host", NOW) == [StopRecording("host", None), TellAll(OFF)]
    second = recording.ask(True, False, "host", NOW)
    assert (first, [recording.awaits(only_start(each)) for each in (first, second)]) == (second, [False, True])
    assert (runs(recording, first), recording.failed(only_start(first), "unavailable"), recording.state) == (
        [],
        [],
        OFF,
    )
    assert runs(recording, second) == [TellAll(RecordingState(on=True, since=NOW))]
    assert recording.wished(NOW, True) == []


def test_a_recording_that_cannot_begin_is_reported_and_not_tried_again(recording: MeetingRecording) -> None:
    start = only_start(recording.ask(True, False, "host", NOW))
    shown_state = RecordingState(on=False, error="no-folder")
    assert (recording.failed(start, "no-folder"), recording.wished(NOW, True)) == ([TellAll(shown_state)], [])


def test_a_lost_worker_leaves_it_off_until_the_next_part_begins(recording: MeetingRecording) -> None:
    begin(recording)
    effects = [TellAll(RecordingState(on=False, error="media-restarting"))]
    assert (recording.media_lost(later(10)), recording.media_lost(later(11))) == (effects, [])
    again = recording.restore()
    assert again == [StartRecording("host")]
    assert recording.waits(only_start(again)) == effects
    assert runs(recording, again, later(12)) == [TellAll(RecordingState(on=True, since=later(12), seconds=10))]


def test_a_room_that_moves_goes_on_in_the_next_part_and_is_shown_on_all_the_time(recording: MeetingRecording) -> None:
    begin(recording)
    effects = recording.moved(later(10))
    assert (effects, recording.state.on) == ([StartRecording("host")], True)
    assert runs(recording, effects, later(11)) == [TellAll(RecordingState(on=True, since=later(11), seconds=10))]


def test_a_paused_recording_whose_room_moves_begins_its_next_part_when_it_is_resumed(
    recording: MeetingRecording,
) -> None:
    begin(recording)
    recording.ask(True, True, "host", later(5))
    assert recording.moved(later(10)) == []
    assert recording.ask(True, False, "host", later(20)) == [StartRecording("host")]


def test_a_recording_that_is_off_or_still_to_begin_moves_so(recording: MeetingRecording) -> None:
    assert recording.moved(NOW) == []
    first = recording.ask(True, False, "host", NOW)
    assert recording.moved(NOW) == first


def test_a_worker_lost_while_it_begins_begins_it_anew(recording: MeetingRecording) -> None:
    first = recording.ask(True, False, "host", NOW)
    assert recording.media_lost(NOW) == []
    assert runs(recording, first) == []
    assert runs(recording, recording.restore()) == [TellAll(RecordingState(on=True, since=NOW))]


def test_paused_and_resumed_its_time_has_no_gap(recording: MeetingRecording) -> None:
    begin(recording)
    paused = RecordingState(on=True, paused=True, seconds=70)
    assert recording.ask(True, True, "host", later(70.6)) == [PauseRecording(True), TellAll(paused)]
    on = RecordingState(on=True, since=later(100), seconds=70)
    assert recording.ask(True, False, "host", later(100)) == [TellAll(on), PauseRecording(False)]
    again = RecordingState(on=True, paused=True, seconds=75)
    assert recording.ask(True, True, "host", later(105)) == [PauseRecording(True), TellAll(again)]
    assert recording.ask(False, True, "host", later(106)) == [StopRecording("host", None), TellAll(OFF)]


def test_a_clock_that_is_set_back_makes_no_recording_shorter(recording: MeetingRecording) -> None:
    begin(recording)
    paused = RecordingState(on=True, paused=True, seconds=0)
    assert recording.ask(True, True, "host", later(-300)) == [PauseRecording(True), TellAll(paused)]


def test_a_recording_that_is_off_cannot_be_paused_and_repeated_commands_change_nothing(
    recording: MeetingRecording,
) -> None:
    assert recording.ask(True, True, "host", NOW) == recording.ask(False, False, "host", NOW) == []
    begin(recording)
    assert recording.ask(True, False, "host", later(1)) == []
    recording.ask(True, True, "host", later(2))
    assert recording.ask(True, True, "host", later(3)) == []


def test_a_worker_lost_in_a_pause_costs_a_new_part_but_records_nothing_of_the_pause(
    recording: MeetingRecording,
) -> None:
    begin(recording)
    recording.ask(True, True, "host", later(10))
    assert (recording.media_lost(later(11)), recording.restore()) == ([], [])
    resumed = recording.ask(True, False, "central", later(20))
    assert (resumed, recording.state.paused, recording.waits(only_start(resumed))) == (
        [StartRecording("host")],
        True,
        [TellAll(RecordingState(on=True, paused=True, seconds=10))],
    )
    assert runs(recording, resumed, later(20)) == [TellAll(RecordingState(on=True, since=later(20), seconds=10))]
    recording.ask(True, True, "host", later(30))
    assert recording.ask(True, False, "host", later(40))[1] == PauseRecording(False)


def test_a_recording_resumed_while_its_worker_is_replaced_goes_on_in_the_next_one(recording: MeetingRecording) -> None:
    begin(recording)
    recording.ask(True, True, "host", later(10))
    recording.media_lost(later(11))
    first = recording.ask(True, False, "host", later(12))
    assert first == recording.restore() == [StartRecording("host")]


def test_a_full_disk_stops_it_and_lets_none_start(recording: MeetingRecording) -> None:
    begin(recording)
    shown_state = RecordingState(on=False, error="disk-full")
    assert recording.disk(FULL) == [StopRecording("", "disk-full"), TellAll(shown_state)]
    assert (recording.disk(FULL), recording.ended(None), recording.state) == ([], [], shown_state)
    with pytest.raises(MessageError) as refused:
        recording.ask(True, False, "host", later(1))
    assert refused.value.word == "disk-full"
    assert recording.disk(OK) == []
    assert recording.ask(True, False, "host", later(2)) == [StartRecording("host")]
    assert recording.disk(FULL) == [StopRecording("", "disk-full"), TellAll(shown_state)]


def test_a_full_disk_stops_what_pauses_too(recording: MeetingRecording) -> None:
    begin(recording)
    recording.ask(True, True, "host", NOW)
    assert recording.disk(FULL)[0] == StopRecording("", "disk-full")


def test_a_registered_recording_waits_for_room_and_says_so_once() -> None:
    recording = MeetingRecording(True, NOW)
    recording.disk(FULL)
    assert recording.wished(NOW, True) == [TellAll(RecordingState(on=False, error="disk-full"))]
    assert recording.wished(later(1), True) == []
    recording.disk(OK)
    assert recording.wished(later(2), True) == [StartRecording("")]


def test_registered_voices_are_kept_until_the_host_switches_them_off() -> None:
    recording = MeetingRecording(True, NOW, True)
    assert recording.wished(NOW, True) == [StartRecording(""), RecordVoices(True)]
    recording.separate(False)
    recording.room_closed()
    assert recording.wished(later(1), True) == [StartRecording("")]


def test_a_registered_recording_that_was_stopped_stays_stopped() -> None:
    recording = MeetingRecording(True, NOW)
    assert (recording.wished(later(-1), True), recording.wished(NOW, False)) == ([], [])
    runs(recording, recording.wished(NOW, True))
    recording.ask(False, False, "host", later(1))
    assert recording.wished(later(2), True) == []


def test_a_registered_recording_resumes_when_people_come_back() -> None:
    recording = MeetingRecording(True, NOW)
    assert recording.room_closed() == []
    runs(recording, recording.wished(NOW, True))
    assert recording.room_closed() == [StopRecording("", None)]
    assert recording.wished(later(1), True) == [StartRecording("")]
    assert recording.room_closed() == [StopRecording("", None)]
    assert recording.wished(later(2), True) == [StartRecording("")]


def test_a_pause_outlasts_an_empty_room_and_what_was_begun_by_hand_goes_on(recording: MeetingRecording) -> None:
    begin(recording)
    assert recording.room_closed() == [StopRecording("", None)]
    back = recording.wished(later(1), True)
    assert back == [StartRecording("host")]
    runs(recording, back, later(1))
    recording.ask(True, True, "host", later(5))
    assert recording.room_closed() == [StopRecording("", "paused")]
    assert (recording.wished(later(6), True), recording.state) == ([], RecordingState(on=True, paused=True, seconds=4))
    on = RecordingState(on=True, since=later(7), seconds=4)
    assert runs(recording, recording.ask(True, False, "host", later(7)), later(7)) == [TellAll(on)]


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
def test_a_recording_continues_in_the_state_that_an_earlier_server_left(
    reason: str | None, stopped_by: str, position: str
) -> None:
    part = Recording("r", "s", 1, "1.mp4", "Họp", "H", "u", NOW, 61_400, reason=reason, stopped_by=stopped_by)
    recording = MeetingRecording(True, later(100), left=replace(part, started_by="central").left)
    paused = RecordingState(on=True, paused=True, seconds=61)
    assert recording.state == (paused if position == "paused" else OFF)
    assert recording.wished(NOW, True) == ([StartRecording("central")] if position == "on" else [])


@pytest.mark.parametrize(("by", "goes_on"), [("", False), ("host", True)])
def test_a_registration_withdrawn_while_no_server_ran_begins_nothing_but_what_somebody_began_goes_on(
    by: str, goes_on: bool
) -> None:
    part = Recording("r", "s", 1, "1.mp4", "Họp", "H", "u", NOW, 61_400, reason="interrupted", started_by=by)
    assert (MeetingRecording(False, NOW, left=part.left).wished(NOW, True) != []) is goes_on


def test_an_amendment_asks_for_it_or_takes_it_back_but_not_what_somebody_began_by_hand() -> None:
    recording = MeetingRecording(False, NOW)
    assert recording.registered(True, later(10), False) == []
    assert (recording.wished(later(9), True), recording.wished(later(10), True)) == ([], [StartRecording("")])
    shown_off = TellAll(RecordingState(on=False, error="amended"))
    assert recording.registered(False, later(10), False) == [StopRecording("", "amended"), shown_off]
    begin(recording, later(20))
    assert recording.registered(True, later(30), False) == recording.registered(False, later(30), False) == []
    recording.ask(False, False, "host", later(40))
    assert recording.registered(True, later(30), True) == [TellAll(RecordingState(on=False, voices=True))]
    assert recording.wished(later(41), True) == [StartRecording(""), RecordVoices(True)]


def test_a_failure_of_the_engine_is_reported(recording: MeetingRecording) -> None:
    assert recording.ended("disk-slow") == []
    begin(recording)
    assert (recording.ended(None), recording.ended("disk-slow")) == (
        [],
        [TellAll(RecordingState(on=False, error="disk-slow"))],
    )


def test_marks_are_set_while_it_is_on_and_not_without_end(recording: MeetingRecording) -> None:
    assert recording.mark("a") == []
    begin(recording)
    assert recording.mark("a", "c") == [MarkRecording("a", "c")]
    recording.ask(True, True, "host", NOW)
    assert [recording.mark("b") for _ in range(MAX_MARKS)] == [[MarkRecording("b")]] * (MAX_MARKS - 1) + [[]]
    recording.ask(False, False, "host", NOW)
    begin(recording)
    assert recording.mark("c") == [MarkRecording("c")]


def test_voices_are_kept_from_when_they_are_wanted_on_in_every_part(recording: MeetingRecording) -> None:
    wanted = RecordingState(on=False, voices=True)
    assert (recording.separate(False), recording.separate(True), recording.separate(True)) == (
        [],
        [TellAll(wanted)],
        [],
    )
    on = RecordingState(on=True, since=NOW, voices=True)
    first = recording.ask(True, False, "host", NOW)
    assert first == [StartRecording("host"), RecordVoices(True)]
    recording.media_lost(NOW)
    assert (recording.restore(), runs(recording, recording.restore())) == (first, [TellAll(on)])
    off = on.model_copy(update={"voices": False})
    assert recording.separate(False) == [RecordVoices(False), TellAll(off)]
    recording.ask(True, True, "host", later(10))
    recording.media_lost(later(10))
    recording.restore()
    assert [type(effect) for effect in recording.separate(True)] == [TellAll]
    assert recording.ask(True, False, "host", later(20)) == [StartRecording("host"), RecordVoices(True)]
    recording.room_closed()
    assert recording.state == wanted


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["ask", "full", "ok", "lose", "back", "leave", "end", "engine", "refuse"]),
        st.booleans(),
        st.booleans(),
    )
)


@given(acts=ACTS)
def test_the_shown_state_is_what_the_engine_records(acts: list[tuple[str, bool, bool]]) -> None:
    """Whatever happens in whatever order: nobody is told that it is on before a file is open, or after."""
    recording, now = MeetingRecording(False, NOW), NOW
    opened = paused = lost = False
    queue: list[Effect] = []
    for act, on, pause in acts:
        now += timedelta(seconds=1)
        if act in {"engine", "refuse"}:
            while queue:
                effect = queue.pop(0)
                if isinstance(effect, StartRecording) and recording.awaits(effect):
                    if lost:
                        recording.waits(effect)
                    elif act == "refuse":
                        recording.failed(effect, "unavailable")
                    else:
                        assert not opened
                        opened, paused = True, False
                        recording.started(effect, now)
                elif isinstance(effect, PauseRecording):
                    paused = effect.paused
                elif isinstance(effect, StopRecording):
                    opened = False
        elif act != "back" or lost:
            lost = act == "lose" or (lost and act != "back")
            opened = opened and act not in {"lose", "end"}
            queue += _happen(recording, act, on, pause, now)
        if not queue:
            assert (opened and not paused) == (recording.state.on and not recording.state.paused)


def _happen(recording: MeetingRecording, act: str, on: bool, pause: bool, now: datetime) -> list[Effect]:
    """Let something happen to a recording; return its effects, none if it is refused."""
    try:
        match act:
            case "ask":
                return recording.ask(on, pause, "host", now)
            case "full" | "ok":
                return recording.disk(FULL if act == "full" else OK)
            case "lose":
                return recording.media_lost(now)
            case "back":
                return recording.restore()
            case "leave":
                return recording.room_closed()
            case _:
                return recording.ended("disk-error")
    except MessageError:
        return []
