"""Calls in which the room system presses keys (RFC 4733, INFO)."""

from loadtest.rooms.baresip_room import BaresipRoom
from loadtest.rooms.descriptions import EVENTS
from loadtest.rooms.lane import Lane
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.scripts import HAND, PRESSED
from loadtest.rooms.sipp_room import SippRoom


async def _raise_hand(lane: Lane) -> None:
    """Raise and lower the hand by keys."""
    assert isinstance(lane.room, BaresipRoom | SippRoom)
    for up in (True, False):
        await lane.room.press(HAND)
        await lane.hand_is_up(up=up)


async def all_keys(lane: Lane) -> None:
    """Raise and lower the hand, mute and unmute, and see one point alone and all again, by keys."""
    assert isinstance(lane.room, BaresipRoom | SippRoom)
    _, _, muting, unmuting, one, all_again = PRESSED
    await _raise_hand(lane)
    await lane.room.press(muting)
    await lane.room_is_silent()
    await lane.room.press(unmuting)
    await lane.room_is_heard()
    await lane.room.press(one)
    await lane.room_sees_one()
    await lane.room.press(all_again)
    await lane.room_sees_both()


async def keys_of_clock(lane: Lane) -> None:
    """See that the telephone events of the sound's clock are answered alone, and press keys by them."""
    assert isinstance(lane.room, SippRoom)
    events = [line for line in lane.room.description.splitlines() if "telephone-event" in line]
    if events != [f"a=rtpmap:{EVENTS} telephone-event/8000"]:
        raise RoomFailed(f"the server answers {events}")
    await _raise_hand(lane)
