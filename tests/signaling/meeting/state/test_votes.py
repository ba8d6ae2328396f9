"""The latest vote of a meeting, without sockets."""

from dataclasses import replace

import pytest

from scheduler.operations.votes.model import Question, Vote
from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_state import MeetingState
from signaling.messages.server import VoteTaken
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
    assert {each.client for each in state.vote_changed(vote)} == {"h", "n1", "n2", "c"}
    host, city, other = vote.voters
    taken = state.vote_taken(replace(vote, voters=(host, replace(city, voted=True, choice=1), other)), "nt")
    told = [each.client for each in taken if isinstance(each.message, VoteTaken)]
    assert (told, [each.client for each in taken if each.client not in told]) == (["n1", "n2"], ["h"])


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
