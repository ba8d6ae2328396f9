"""The latest vote of a meeting, without sockets."""

from dataclasses import replace
from datetime import timedelta

import pytest

from mediaserver.api import Layout, RoomOptions, RoomState
from scheduler.operations.votes.model import Question, Vote
from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.votes import LatestVote
from signaling.messages import effects as e
from signaling.messages.votes import VoteTaken
from tests.signaling.meeting.state.meeting_fixture import CR, HOST, NOW, NT, MeetingFixture

QUESTION = Question("Thông qua?")


def test_the_devices_of_a_point_are_told_of_its_one_vote() -> None:
    meeting = MeetingFixture()
    for client, place in (("h", HOST), ("n1", NT), ("n2", NT), ("c", CR)):
        meeting.join(client, place)
    state = meeting.state
    assert {state.own_point("n1"), state.own_point("n2")} == {"nt"}
    vote = Vote("v", "id", 1, QUESTION, state.voters(QUESTION, None), NOW, "host")
    assert [voter.point for voter in vote.voters] == ["host", "nt", "cr"]
    assert {each.client for each in state.vote_changed(vote) if isinstance(each, e.Tell)} == {"h", "n1", "n2", "c"}
    host, city, other = vote.voters
    taken = state.vote_taken(replace(vote, voters=(host, replace(city, voted=True, choice=1), other)), "nt")
    told = [each.client for each in taken if isinstance(each.message, VoteTaken)]
    assert (told, [each.client for each in taken if each.client not in told]) == (["n1", "n2"], ["h"])


def test_a_result_does_not_stay_when_the_clock_is_set_back() -> None:
    latest = LatestVote()
    latest.shown_since = NOW
    moments = [NOW - timedelta(seconds=1), NOW, NOW + timedelta(seconds=59), NOW + timedelta(minutes=1)]
    assert [latest.shown_enough(now) for now in moments] == [True, False, False, True]


def test_points_that_are_unknown_cannot_be_asked_and_a_test_room_has_no_votes() -> None:
    meeting = MeetingFixture()
    meeting.join("h", HOST)
    with pytest.raises(MessageError, match="unknown-seat"):
        meeting.state.voters(QUESTION, ["nowhere"])
    room = MeetingFixture()
    room.state = MeetingState(replace(room.state.booking, echo_s=1.0))
    room.join("h", HOST)
    with pytest.raises(MessageError, match="forbidden"):
        room.state.may_lead("h")


def test_composed_pictures_tell_a_result_in_their_heading_while_it_is_shown() -> None:
    meeting = MeetingFixture()
    for client, place in (("h", HOST), ("n", NT), ("c", CR)):
        meeting.join(client, place)
    state = meeting.state
    state.set_layout("h", Layout(kind="grid", clock=True), "systems")
    question = Question("Thông qua?", ("Có", "Không"))
    host, city, other = state.voters(question, None)
    voters = (replace(host, voted=True, choice=0), replace(city, voted=True, choice=0), other)
    vote = Vote("v", "id", 1, question, voters, NOW, "host", closed=NOW, announced=NOW, counts=(2, 0))

    def drawn(effects: list[e.Effect]) -> tuple[list[str], list[tuple[str, bool]]]:
        titles = [each.title for each in effects if isinstance(each, e.SetNames)]
        return titles, [(a.audience, a.layout.title) for a in effects if isinstance(a, e.Arrange) and a.layout]

    both = [("everyone", True), ("systems", True)]
    assert drawn(state.vote_changed(vote, NOW)) == (["Biểu quyết số 1 – Có: 2 · Không: 0 – đạt: Có"], both)
    assert drawn(state.set_layout("h", Layout(kind="speaker"))) == ([], [("everyone", True)])
    assert state.layout_control.layout == Layout(kind="speaker")
    assert drawn(state.vote_changed(vote)) == (["Họp"], [("everyone", False), ("systems", False)])
    assert drawn(state.vote_changed(vote)) == ([], [])


def test_a_heading_that_told_a_result_goes_when_another_server_takes_over() -> None:
    meeting = MeetingFixture()
    meeting.join("h", HOST)
    state = meeting.state
    room = RoomState(RoomOptions(title="Biểu quyết số 1 – …"), (), {"everyone": Layout(kind="speaker", title=True)})
    effects = state.adopt_room(room, NOW)
    assert e.SetNames("Họp", state.names) in effects
    assert e.Arrange(Layout(kind="speaker"), "everyone") in effects
