"""Hands that are raised in the meeting of a system below, and that of the point which stands for it above."""

from datetime import timedelta

import pytest

from signaling.messages.neighbours import NeighbourMeeting, NeighbourSeat
from tests.signaling.meeting.state.meeting_fixture import CR, HOST, NOW, NT, MeetingFixture


@pytest.fixture
def meeting() -> MeetingFixture:
    """A meeting with the host, a point that stands for a system below, and another one."""
    meeting = MeetingFixture()
    for client, place in (("h", HOST), ("n", NT), ("c", CR)):
        meeting.join(client, place)
    return meeting


def raised_below(meeting: MeetingFixture, *names: str, later: int = 0) -> dict[str, str]:
    """Tell who raised a hand below; return the hands above in their order, with their topics."""
    every = ("Vĩnh Hải", "Xương Huân", "Lộc Thọ")
    seats = [NeighbourSeat(name=name, here=True, floor=False, hand=name in names, speaking=False) for name in every]
    told = NeighbourMeeting(title="Họp", recording=False, paused=False, floor=False, seats=seats)
    meeting.state.below(NT.id, told, NOW + timedelta(seconds=later))
    return {seat: meeting.row(seat).topic for seat in meeting.state.roster.hands}


def test_hands_below_raise_one_that_goes_down_with_the_last_of_them(meeting: MeetingFixture) -> None:
    link, other = meeting.seat("n"), meeting.seat("c")
    assert raised_below(meeting) == {}
    assert raised_below(meeting, "Xương Huân") == {link: "Xương Huân"}
    meeting.state.hand("c", True, NOW + timedelta(seconds=1))
    both = "Vĩnh Hải, Xương Huân"
    assert list(raised_below(meeting, "Xương Huân", "Vĩnh Hải", later=2).items()) == [(link, both), (other, "")]
    assert meeting.row(link).since == NOW
    assert raised_below(meeting, "Vĩnh Hải", later=3) == {link: "Vĩnh Hải", other: ""}
    assert raised_below(meeting, later=4) == {other: ""}
    assert raised_below(meeting, later=5) == {other: ""}


def test_a_hand_that_was_lowered_above_comes_back_with_the_next_one_below(meeting: MeetingFixture) -> None:
    link = meeting.seat("n")
    raised_below(meeting, "Xương Huân")
    meeting.state.lower("h", link)
    assert raised_below(meeting, "Xương Huân") == {}
    assert raised_below(meeting, "Xương Huân", "Lộc Thọ") == {link: "Xương Huân, Lộc Thọ"}


def test_who_has_the_floor_or_may_raise_no_hand_gets_none_from_below(meeting: MeetingFixture) -> None:
    link = meeting.seat("n")
    meeting.state.floor("h", link, True)
    assert raised_below(meeting, "Xương Huân") == {}
    meeting.state.floor("h", link, False)
    meeting.state.lock("h", room=False, hands=True)
    assert raised_below(meeting, "Vĩnh Hải") == {}
    meeting.state.lock("h", room=False, hands=False)
    assert raised_below(meeting, "Lộc Thọ") == {link: "Lộc Thọ"}


def test_the_point_of_a_system_below_that_is_absent_has_no_hand(meeting: MeetingFixture) -> None:
    meeting.state.leave("n")
    assert raised_below(meeting, "Xương Huân") == {}
