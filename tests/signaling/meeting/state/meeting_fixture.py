"""A meeting's state with numbered seats, for tests."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count

from signaling.meeting.state.booking import Booking
from signaling.meeting.state.meeting_state import MeetingState
from signaling.meeting.state.roster import Person, Place, Roster
from signaling.messages import effects as e
from signaling.messages.seats import Seat

NOW = datetime(2026, 4, 6, 1, 0, tzinfo=UTC)
HOST = Place("host", "UBND.Khanh Hoa", "UBND tỉnh Khánh Hòa", 1)
NT = Place("nt", "UBND.Nha Trang", "UBND thành phố Nha Trang", 2)
CR = Place("cr", "UBND.Cam Ranh", "UBND thành phố Cam Ranh", 1)
PLACES = (HOST, NT, CR)


class MeetingFixture:
    """A meeting whose seats and tokens are numbered: the first seat is s1 with token s2s3."""

    def __init__(self, recording: bool = False) -> None:
        numbers: Iterator[int] = count(1)
        roster = Roster(PLACES, new_id=lambda: f"s{next(numbers)}")
        booking = Booking("id", "Họp", "KH-1", PLACES, NOW, NOW + timedelta(hours=2), recording, 4)
        self.state = MeetingState(booking, roster)
        self.tokens: dict[str, str] = {}

    def person(self, place: Place | None) -> Person:
        account = place.id if place else "central"
        return Person(account, account.title(), place, place in (HOST, None))

    def join(self, client: str, place: Place | None, resume: str | None = None, now: datetime = NOW) -> list[e.Effect]:
        person = self.person(place)
        choice = self.state.roster.choose(person, resume)
        self.joined, effects = self.state.join(client, person, choice, now)
        self.tokens[client] = self.joined.resume
        return effects

    def seat(self, client: str) -> str:
        seat = self.state.roster.of(client)
        assert seat is not None
        return seat.id

    def row(self, seat: str) -> Seat:
        return next(row for row in self.state.roster.wire() if row.seat == seat)
