"""Meetings of neighbouring systems that a meeting is held with: what they are told of it, and what they told. Pure."""

from collections.abc import Sequence

from signaling.meeting.state.roster import Roster, Seated
from signaling.messages.neighbours import EndWarning, NeighbourMeeting, NeighbourSeat, NeighboursState, NotHeld

MOST_SEATS = 300
MAX_NAME = 60
MOST_WARNINGS = 4


def described(
    roster: Roster,
    neighbour: str,
    *,
    title: str,
    recording: bool,
    paused: bool,
    speaking: str | None,
    asked: str | None = None,
    returns: bool = False,
) -> NeighbourMeeting:
    """Return what the system that the point `neighbour` stands for is told of a meeting.

    The point `asked` has its hand raised there, whether it raised it here or not.
    """
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
            hand=any(place.id == asked or roster.place_of(seat.id) for seat in points[place.id]),
            speaking=place.id == heard,
        )
        for place in roster.places[:MOST_SEATS]
        if place.id != neighbour
    ]
    floor = any(seat.floor and not seat.muted for seat in points.get(neighbour, []))
    return NeighbourMeeting(title=title, recording=recording, paused=paused, floor=floor, seats=seats, returns=returns)


class NeighbourMeetings:
    """The meetings of neighbours as they told last, by the point that stands for each.

    The system above is the one that the host point `above` stands for.
    """

    def __init__(self, above: str) -> None:
        self.asked: str | None = None
        """The point for which the floor above is asked for."""
        self.returns = False
        """Whether the floor above is given back, until it is seen to be closed there."""
        self.not_held: dict[str, NotHeld] = {}
        """Why systems below do not hold the session, by the points that stand for them."""
        self._above = above
        self._told: dict[str, NeighbourMeeting] = {}
        self._warnings: dict[str, tuple[EndWarning, ...]] = {}

    def note(self, point: str, meeting: NeighbourMeeting | None, warnings: Sequence[EndWarning] = ()) -> bool:
        """Keep what a neighbour told, None when nothing is heard of it; return whether that is new."""
        if self._told.get(point) == meeting and self._warnings.get(point, ()) == tuple(warnings):
            return False
        self._told.pop(point, None)
        self._warnings.pop(point, None)
        if meeting is not None:
            self._told[point], self._warnings[point] = meeting, tuple(warnings)
        if point == self._above and meeting is not None:
            self.asked = None if meeting.floor else self.asked
            self.returns = self.returns and meeting.floor
        return True

    def ask(self, point: str | None) -> bool:
        """Ask the system above for the floor for a point, None: no longer; return False where none is heard of.

        A floor that we have there is given back.
        """
        told = self._told.get(self._above)
        if told is None:
            return False
        self.asked = None if told.floor else point
        self.returns = told.floor and point is None
        return True

    @property
    def warnings(self) -> list[EndWarning]:
        """The warnings of systems above, each once, the first that is due before others."""
        told = {warning for each in self._warnings.values() for warning in each}
        return sorted(told, key=lambda warning: (warning.at, warning.kind, warning.name))

    def hands(self, point: str) -> list[str]:
        """Return the names of those who raised their hands there."""
        told = self._told.get(point)
        return [] if told is None else [seat.name for seat in told.seats if seat.hand]

    @property
    def known(self) -> bool:
        """Return whether there is anything to be told of neighbours."""
        return bool(self._told or self.not_held)

    @property
    def state(self) -> NeighboursState:
        """The message about all of them; without any its list is empty."""
        return NeighboursState(
            meetings=dict(self._told),
            warnings=self.warnings,
            asked=self.asked,
            returns=self.returns,
            not_held=dict(self.not_held),
        )
