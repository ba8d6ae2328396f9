"""The keys by which a room system acts in a meeting: a star and a digit. Pure; `now` is an argument.

They are those of other systems, so that nobody learns them twice: ``*6`` mutes at Pexip, Webex, Teams and Zoom,
``*3`` raises the hand at Webex, ``*8`` changes the layout at Pexip, ``*1`` tells the keys at Teams.
"""

from datetime import datetime, timedelta
from typing import Final, Literal, get_args

from mediaserver.api import COMPOSED, LayoutKind
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.roster import Seated
from signaling.messages.effects import Effect

Key = Literal["*1", "*3", "*6", "*8"]
"""Help, hand, microphone, layout."""
PAUSE: Final = timedelta(seconds=5)
"""A star waits this long for its digit."""
OWN_LAYOUTS: Final[tuple[LayoutKind, ...]] = ("grid", "speaker", "single")
"""Layouts that a room system may choose for itself, in their turn; then it sees that of its audience again."""
Way = Literal["rtp", "info"]
"""How a digit came: as an RTP event (RFC 4733), or in an INFO request."""


class Keypad:
    """The digits of one room system, put together to keys."""

    def __init__(self) -> None:
        self._starred: datetime | None = None
        """When the star was pressed that waits for its digit."""
        self._way: Way | None = None
        """How the first digit came. Some devices send each in both ways: those of the other way are left out."""

    def press(self, digit: str, way: Way, now: datetime) -> Key | None:
        """Take a digit; return the key that it completes, if there is such a key."""
        self._way = self._way or way
        if way != self._way:
            return None
        starred, self._starred = self._starred, now if digit == "*" else None
        if digit == "*" or starred is None or now - starred > PAUSE:
            return None
        return next((key for key in get_args(Key) if key == f"*{digit}"), None)


def obey(state: MeetingState, seat: Seated, client: str, key: Key, now: datetime) -> list[Effect]:
    """Do what a key says for the seat of a room system. Raises MessageError where the meeting does not allow it."""
    match key:
        case "*3":
            return state.hand(client, not state.roster.place_of(seat.id), now)
        case "*6":
            return state.switch_microphone(client, now)
        case "*8":
            return state.view(client, next_view(seat.view), seat.lines)
        case "*1":
            return []


def next_view(view: str) -> str:
    """Return the view that comes after one: the layout of everyone, each own layout, and so on."""
    views = [COMPOSED, *(f"{COMPOSED}:{kind}" for kind in OWN_LAYOUTS)]
    return views[(views.index(view) + 1) % len(views)] if view in views else COMPOSED
