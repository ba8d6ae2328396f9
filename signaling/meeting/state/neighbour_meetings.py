"""Meetings of neighbouring systems that a meeting is held with: what they are told of it, and what they told. Pure."""

from signaling.meeting.state.roster import Roster, Seated
from signaling.messages.neighbours import NeighbourMeeting, NeighbourSeat, NeighboursState

MOST_SEATS = 300
MAX_NAME = 60


def described(
    roster: Roster, neighbour: str, *, title: str, recording: bool, paused: bool, speaking: str | None
) -> NeighbourMeeting:
    """Return what the system that the point `neighbour` stands for is told of a meeting."""
    points: dict[str, list[Seated]] = {place.id: [] for place in roster.places}
    for seat in roster.seats.values():
        if seat.place is not None and seat.here:
            points[seat.place.id].append(seat)
    speaker = roster.seats.get(speaking or "")
    heard = None if speaker is None or speaker.place is None else speaker.place.id
    seats = [
        NeighbourSeat(
            name=roster.label_of(place)[:MAX_NAME],
            here=bool(points[place.id]),
            floor=any(seat.floor and not seat.muted for seat in points[place.id]),
            hand=any(roster.place_of(seat.id) for seat in points[place.id]),
            speaking=place.id == heard,
        )
        for place in roster.places[:MOST_SEATS]
        if place.id != neighbour
    ]
    floor = any(seat.floor and not seat.muted for seat in points.get(neighbour, []))
    return NeighbourMeeting(title=title, recording=recording, paused=paused, floor=floor, seats=seats)


class NeighbourMeetings:
    """The meetings of neighbours as they told last, by the point that stands for each."""

    def __init__(self) -> None:
        self._told: dict[str, NeighbourMeeting] = {}

    def note(self, point: str, meeting: NeighbourMeeting | None) -> bool:
        """Keep what a neighbour told, None when nothing is heard of it; return whether that is new."""
        if self._told.get(point) == meeting:
            return False
        if meeting is None:
            del self._told[point]
        else:
            self._told[point] = meeting
        return True

    def hands(self, point: str) -> list[str]:
        """Return the names of those who raised their hands there."""
        told = self._told.get(point)
        return [] if told is None else [seat.name for seat in told.seats if seat.hand]

    @property
    def state(self) -> NeighboursState:
        """The message about all of them; without any its list is empty."""
        return NeighboursState(meetings=dict(self._told))
