"""Speaking times of points, counted in the meeting and stored with the session."""

from datetime import timedelta

from signaling.meeting.state.speaking_times import SpeakingTimes
from signaling.messages import effects as e
from tests.signaling.meeting.state.meeting_fixture import HOST, NOW, NT, MeetingFixture


def test_time_counts_for_who_speaks_and_is_due_every_ten_seconds() -> None:
    times = SpeakingTimes()
    speakers = [None, *["h"] * 4, None, *["n"] * 3, "h", "h", "n"]
    due = [times.look(point, NOW + timedelta(seconds=1.1 * n)) for n, point in enumerate(speakers)]
    assert due == [{}] * 10 + [{"h": 6, "n": 3}, {}]  # 6.6 and 3.3
    assert times.take() == {"n": 1}  # 0.3 and 1.1
    assert times.take() == {}


def test_a_server_that_stood_still_counts_five_seconds() -> None:
    times = SpeakingTimes()
    times.look("h", NOW)
    assert times.look("h", NOW + timedelta(minutes=3)) == {"h": 5}


def test_a_clock_that_is_set_back_takes_no_time_away() -> None:
    times = SpeakingTimes()
    times.look("h", NOW)
    assert times.look("h", NOW + timedelta(seconds=4)) == {}
    assert times.look("h", NOW - timedelta(minutes=5)) == {"h": 4}
    assert times.look("h", NOW - timedelta(minutes=5) + timedelta(seconds=2)) == {}


def test_speakers_count_from_the_official_start_until_the_meeting_ends() -> None:
    meeting = MeetingFixture()
    for client, place in (("h", HOST), ("n", NT)):
        meeting.join(client, place)
    stored = []
    meeting.state.speaker_changed(meeting.seat("n"))
    for second in range(-5, 15):
        stored += [
            each for each in meeting.state.tick(NOW + timedelta(seconds=second)) if type(each) is e.StoreSpeaking
        ]
    assert stored == [e.StoreSpeaking({"nt": 10})]
    assert e.StoreSpeaking({"nt": 4}) in meeting.state.end("ended")
