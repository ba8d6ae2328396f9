"""Hands that are raised in the meeting of a system below, the floor of one above, and its warnings."""

from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest

from signaling.core.errors import MessageError
from signaling.meeting.state.meeting_state import MeetingState
from signaling.messages.effects import SetFloor, TellAll
from signaling.messages.neighbours import EndWarning, NeighbourMeeting, NeighbourSeat, NeighboursState
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


def shown(meetings: dict[str, NeighbourMeeting], warnings: Sequence[EndWarning] = ()) -> NeighboursState:
    return NeighboursState(meetings=meetings, warnings=list(warnings), asked=None, returns=False, not_held={})


def above(meeting: MeetingFixture, *, floor: bool = False) -> None:
    """Tell what the system above, which hosts the meeting, says of its own."""
    told = NeighbourMeeting(title="Họp", recording=False, paused=False, floor=floor, seats=[])
    meeting.state.neighbour(HOST.id, told)


def hands_above(meeting: MeetingFixture) -> list[str]:
    """Return whose hands the system above is told to be raised."""
    return [seat.name for seat in meeting.state.as_told(HOST.id).seats if seat.hand]


def refused(ask: Callable[[], object]) -> str:
    with pytest.raises(MessageError) as error:
        ask()
    return error.value.word


def test_a_controller_asks_the_system_above_for_the_floor_for_a_point(meeting: MeetingFixture) -> None:
    assert refused(lambda: meeting.state.floor_above("h", NT.id)) == "unknown-seat"  # nothing is heard of one above
    above(meeting)
    assert refused(lambda: meeting.state.floor_above("c", CR.id)) == "forbidden"
    assert refused(lambda: meeting.state.floor_above("h", "elsewhere")) == "unknown-seat"
    (told,) = meeting.state.floor_above("h", NT.id)
    assert isinstance(told, TellAll)
    assert told.message == meeting.state.neighbours.state
    assert (hands_above(meeting), meeting.state.neighbours.asked) == ([NT.label], NT.id)
    assert [seat.hand for seat in meeting.state.as_told(CR.id).seats] == [False, False]  # a system below
    other = MeetingState(meeting.state.booking)
    other.recover(meeting.state.snapshot, NOW)
    assert other.neighbours.asked == NT.id
    meeting.state.floor_above("h", None)
    assert hands_above(meeting) == []
    meeting.state.floor_above("h", CR.id)
    meeting.state.leave("c")
    assert hands_above(meeting) == []


def test_the_floor_above_is_given_back_until_it_is_closed_there(meeting: MeetingFixture) -> None:
    above(meeting)
    meeting.state.floor_above("h", NT.id)
    above(meeting, floor=True)
    assert (hands_above(meeting), meeting.state.neighbours.asked) == ([], None)
    meeting.state.floor_above("h", None)
    assert [meeting.state.as_told(each.id).returns for each in (HOST, NT)] == [True, False]
    above(meeting, floor=True)
    assert meeting.state.as_told(HOST.id).returns
    above(meeting)
    assert not meeting.state.as_told(HOST.id).returns


def test_the_floor_that_a_system_below_gives_back_is_closed(meeting: MeetingFixture) -> None:
    link = meeting.seat("n")
    told = NeighbourMeeting(title="Họp", recording=False, paused=False, floor=True, seats=[], returns=True)
    assert SetFloor(link, False) not in meeting.state.below(NT.id, told, NOW)  # it has none
    meeting.state.floor("h", link, True)
    assert SetFloor(link, False) in meeting.state.below(NT.id, told, NOW)
    assert not meeting.row(link).floor


def test_what_systems_above_warn_of_goes_on_to_those_below_while_it_is_to_come(meeting: MeetingFixture) -> None:
    end, soon = NOW + timedelta(hours=2), timedelta(minutes=15)
    first = EndWarning(kind="gives-way", at=NOW + timedelta(minutes=5), name="")
    later = EndWarning(kind="ends", at=NOW + timedelta(minutes=9), name="Chính phủ")
    told = NeighbourMeeting(title="Họp", recording=False, paused=False, floor=False, seats=[])
    assert meeting.state.warnings(NOW, soon) == ()
    (effect,) = meeting.state.neighbour(HOST.id, told, [later, first])
    named = first.model_copy(update={"name": HOST.label})
    assert effect == TellAll(shown({HOST.id: told}, [named, later]))
    assert meeting.state.neighbour(HOST.id, told, [later, first]) == []
    assert meeting.state.warnings(NOW, soon) == (named, later)
    assert meeting.state.warnings(NOW + timedelta(minutes=6), soon) == (later,)
    assert meeting.state.warnings(end - soon, soon) == (EndWarning(kind="ends", at=end, name=""),)
    assert meeting.state.warnings(end, soon) == ()
    assert meeting.state.neighbour(HOST.id, None) == [TellAll(shown({}))]


def test_the_point_of_a_system_below_that_is_absent_has_no_hand(meeting: MeetingFixture) -> None:
    meeting.state.leave("n")
    assert raised_below(meeting, "Xương Huân") == {}
