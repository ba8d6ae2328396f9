"""Roster of a meeting: seats, device numbers, the hand queue, absence and return. Pure; `now` is an argument.

A seat belongs to a *client* (one socket) while it is connected. When the socket is lost the seat waits: for 12 s
everyone still sees it, then it counts as absent, and after 60 s it is gone; the resume token brings it back until then,
with hand, floor and view. Only a hash of the token is stored, in memory as in SQL.
"""

import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from hashlib import sha256
from operator import attrgetter
from typing import Self

from mediaserver.api import COMPOSED, EVERYONE, TOP_HEIGHT, CameraControl, SeatOptions
from scheduler.core.model import Point
from scheduler.units.naming import device_names
from signaling.meeting.state.snapshot import PlaceSnapshot, SeatSnapshot
from signaling.messages.seats import ControllableCamera, Seat
from signaling.messages.words import Audience, Media, Role

ABSENT_AFTER = timedelta(seconds=12)
"""A lost client counts as present this long after its last sign of life."""
GONE_AFTER = timedelta(seconds=60)
"""A seat can be taken back with its resume token this long."""
MAX_ANNOUNCED = 60
"""Letters of a name that another MCU announces."""


@dataclass(frozen=True, slots=True)
class Place:
    """A point as a meeting knows it: registered name (Điều 6.4), Vietnamese label, number of devices, their digits."""

    id: str
    name: str
    label: str
    devices: int
    numbers: tuple[int, ...] = ()

    @classmethod
    def of(cls, point: Point) -> Self:
        """Return the values of a point that a meeting needs."""
        return cls(point.id, point.name, point.label, point.devices, point.numbers)

    @property
    def snapshot(self) -> PlaceSnapshot:
        """The values to store."""
        return PlaceSnapshot(self.id, self.name, self.label, self.devices, self.numbers)

    def device_name(self, device: int) -> str:
        """Return the name of a device, counted from 1 (R-033)."""
        return device_names(self.name, self.devices, self.numbers)[device - 1]


def ticket_of(token: str) -> str:
    """Return the hash of a resume token, which is random enough to need no salt."""
    return sha256(token.encode("utf-8", "replace")).hexdigest()


def leg_of(point: str, device: int) -> str:
    """Return the leg, as the join guard counts it: one device of one point."""
    return f"{point}.{device:02}"


@dataclass(frozen=True, slots=True)
class Person:
    """A person who joins. `place` is None for a technician who watches and controls without a point."""

    account: str
    name: str
    place: Place | None
    controller: bool
    central: bool = False
    system: bool = False
    """Whether it is a room system."""
    mcu: bool = False
    """Whether that is another MCU, which would send back what it is sent."""
    announced: str = ""
    """The name that it announces for whoever is there; empty for others, who have their registered names."""
    device: int | None = None
    """The number of the device that it is, if it is a room display; people may sit at any device of their point."""
    displays: frozenset[int] = frozenset()
    """Numbers of the point's devices that are room displays: people get them last."""


_STORED = tuple(each.name for each in fields(SeatSnapshot) if each.name != "place")
_stored_values = attrgetter(*_STORED)
"""Values that a seat and its snapshot have in common. Meetings of 169 seats are stored up to three times a second."""


@dataclass(slots=True)
class Seated:
    """One seat, with everything that it keeps while its socket is lost."""

    id: str
    ticket: str
    """The hash of its resume token."""
    account: str
    place: Place | None
    device: int
    name: str
    role: Role
    controller: bool
    client: str | None
    central: bool = False
    system: bool = False
    mcu: bool = False
    here: bool = True
    left: datetime | None = None
    raised: datetime | None = None
    topic: str = ""
    lowered: tuple[datetime, str] | None = None
    """When its hand was raised that was lowered last, and its topic."""
    floor: bool = False
    muted: bool = False
    """Whether a room system that has the floor closed its microphone here, which cannot see its own."""
    gain: int = 0
    """Gain of its voice in decibels."""
    mic: bool = False
    camera: bool = False
    hidden: bool = False
    """Whether a controller shows nobody its camera."""
    shown: str = ""
    """The name under which a controller shows its point, instead of the Vietnamese one."""
    view: str = COMPOSED
    lines: int = 0
    """Height of its display in pixels; 0 if unknown."""
    one_picture: bool = False
    """Whether its person chose one picture instead of cameras one by one."""
    wanted: int = TOP_HEIGHT
    """Height in pixels at which its camera is shown at most."""
    offered: bool = False
    up: bool = False
    presumed: bool = False
    """Whether its media count as connected after a failover, until a worker brings the room."""
    control: CameraControl | None = None
    """What controllers may control of its camera."""

    @classmethod
    def known(cls, record: SeatSnapshot, now: datetime) -> Self:
        """Return a stored seat of another process; its socket counts as lost since `now`."""
        values = dict(zip(_STORED, _stored_values(record), strict=True))
        place = None if record.place is None else Place(**asdict(record.place))
        return cls(**values, place=place, client=None, left=now)

    @property
    def snapshot(self) -> SeatSnapshot:
        """The values to store."""
        values = dict(zip(_STORED, _stored_values(self), strict=True))
        return SeatSnapshot(**values, place=None if self.place is None else self.place.snapshot)

    @property
    def leg(self) -> str | None:
        """The leg, as the join guard counts it; observers hold none."""
        return None if self.place is None else leg_of(self.place.id, self.device)

    @property
    def audience(self) -> Audience:
        """The audience whose composition it sees; a room system at the host point sees that of the host."""
        if self.role == "component":
            return "systems" if self.system else "components"
        return "host" if self.role == "host" else EVERYONE

    @property
    def directs(self) -> bool:
        """Return whether it may direct the meeting from the centre (Điều 14.3.c)."""
        return self.role == "observer" and self.central

    @property
    def media(self) -> Media:
        """State of its transport, as the roster shows it; `lost` while its socket is."""
        if self.client is None:
            return "lost"
        if self.up or (self.presumed and not self.offered):
            return "connected"
        return "connecting" if self.offered else "none"

    @property
    def options(self) -> SeatOptions:
        """The seat as the media engine needs it; the tile shows registered name and Vietnamese label."""
        return SeatOptions(
            seat=self.id,
            label=self.name if self.place is None else f"{self.name} · {self.label}",
            visible=self.place is not None,
            audience=self.audience,
            floor=self.floor and not self.muted,
            gain=self.gain,
            view=self.view,
            lines=self.lines,
            camera=not self.hidden,
            sees_itself=not self.mcu,
        )

    @property
    def label(self) -> str:
        """The name by which people know its point; empty without one."""
        return "" if self.place is None else self.shown or self.place.label


@dataclass(frozen=True, slots=True)
class Choice:
    """The seat that a person gets: an old one to resume, or a device number and the seat that it replaces."""

    resumed: Seated | None = None
    token: str = ""
    """The resume token."""
    device: int = 1
    replaced: Seated | None = None
    leg: str | None = None
    seat: str | None = None
    """The id of a new seat, if it is decided beforehand."""


def _holds(seat: Seated, token: str) -> bool:
    return secrets.compare_digest(seat.ticket, ticket_of(token))


def _with_announced(place: Place, name: str) -> str:
    """Return the name of a point with the one that another MCU there announces; empty where it announces none."""
    name = " ".join("".join(each if each.isprintable() else " " for each in name).split())
    return f"{place.label} ({name[:MAX_ANNOUNCED]})" if name and name != place.label else ""


def _random_id() -> str:
    return secrets.token_urlsafe(9)


@dataclass(slots=True)
class Roster:
    """The seats of one meeting. `places` are the invited points in their order; the first is the host."""

    places: tuple[Place, ...]
    new_id: Callable[[], str] = _random_id
    seats: dict[str, Seated] = field(default_factory=dict)
    hands: list[str] = field(default_factory=list)
    renamed: dict[str, str] = field(default_factory=dict)
    """Names under which controllers show points here, by point."""
    reserved_legs: set[str] = field(default_factory=set)
    """Legs of devices that the centre calls; other devices get them last."""
    _by_client: dict[str, str] = field(default_factory=dict)
    _sent: dict[str, Seat] = field(default_factory=dict)

    def choose(self, person: Person, resume: str | None) -> Choice:
        """Find the seat for a person who joins; change nothing."""
        if resume is not None and (seat := self.resumed(person.account, resume)) is not None:
            return Choice(resumed=seat, token=resume, leg=seat.leg)
        if person.place is None:
            return Choice(replaced=self._observer(person.account))
        device, replaced = self._device(person, person.place)
        return Choice(device=device, replaced=replaced, leg=leg_of(person.place.id, device))

    def resumed(self, account: str, token: str | None) -> Seated | None:
        """Return the seat of an account and its resume token."""
        for seat in self.seats.values():
            if token is not None and _holds(seat, token) and seat.account == account:
                return seat
        return None

    def holder(self, leg: str) -> Seated | None:
        """Return the seat of a leg, if there is one."""
        return next((seat for seat in self.seats.values() if seat.leg == leg), None)

    def _observer(self, account: str) -> Seated | None:
        return next((s for s in self.seats.values() if s.place is None and s.account == account), None)

    def _device(self, person: Person, place: Place) -> tuple[int, Seated | None]:
        """Return a free device number; when all are taken, that of a lost seat, else of the oldest.

        A room display has its own number.
        """
        if person.device is not None:
            return person.device, self.holder(leg_of(place.id, person.device))
        taken = [seat for seat in self.seats.values() if seat.place is not None and seat.place.id == place.id]
        numbers = {seat.device for seat in taken}
        free = [number for number in range(1, place.devices + 1) if number not in numbers]
        if free:
            last = {number for number in free if leg_of(place.id, number) in self.reserved_legs} | person.displays
            return min(free, key=lambda number: number in last), None
        first = min(taken, key=lambda seat: seat.client is not None)  # stable: dict order is joining order
        return first.device, first

    def sit(self, client: str, person: Person, choice: Choice) -> tuple[Seated, str]:
        """Give a client its seat; return seat and resume token. The replaced seat must be removed before."""
        if choice.resumed is not None:
            return self._resume(client, choice.resumed), choice.token
        place = person.place
        id_, token = choice.seat or self.new_id(), self.new_id() + self.new_id()
        seat = Seated(
            id=id_,
            ticket=ticket_of(token),
            account=person.account,
            place=place,
            device=choice.device,
            name=person.name if place is None else place.device_name(choice.device),
            role=self._role(place),
            controller=person.controller,
            client=client,
            central=person.central,
            system=person.system,
            mcu=person.mcu,
            floor=place is not None and place.id == self.places[0].id,
            shown="" if place is None else self.renamed.get(place.id) or _with_announced(place, person.announced),
        )
        self.seats[seat.id] = seat
        self._by_client[client] = seat.id
        return seat, token

    def take_back(self, client: str, seat_id: str) -> bool:
        """Give a client a seat whose socket is lost; return False if there is none."""
        seat = self.seats.get(seat_id)
        if seat is None or seat.client is not None:
            return False
        self._resume(client, seat)
        return True

    def _resume(self, client: str, seat: Seated) -> Seated:
        if seat.client is not None:
            del self._by_client[seat.client]
        seat.client, seat.left, seat.here = client, None, True
        self._by_client[client] = seat.id
        return seat

    def _role(self, place: Place | None) -> Role:
        if place is None:
            return "observer"
        return "host" if place.id == self.places[0].id else "component"

    def recover(self, seats: Iterable[SeatSnapshot], hands: Iterable[str], now: datetime) -> None:
        """Take the seats and hands of another process; all sockets count as lost since `now`."""
        self.seats = {record.id: Seated.known(record, now) for record in seats}
        self.hands = [seat for seat in hands if seat in self.seats]

    @property
    def points(self) -> dict[str, str]:
        """The point of each seat that has one."""
        return {seat.id: seat.place.id for seat in self.seats.values() if seat.place is not None}

    def of(self, client: str) -> Seated | None:
        """Return the seat of a client, if it has one."""
        seat = self._by_client.get(client)
        return None if seat is None else self.seats[seat]

    def lose(self, client: str, heard: datetime) -> None:
        """Note that the socket of a client is lost, last heard at `heard`."""
        seat = self.of(client)
        if seat is not None:
            del self._by_client[client]
            seat.client, seat.left = None, heard

    def remove(self, seat: Seated) -> None:
        """Remove a seat for good."""
        del self.seats[seat.id]
        self.lower(seat.id)
        if seat.client is not None:
            del self._by_client[seat.client]

    def overdue(self, now: datetime) -> tuple[list[Seated], list[Seated]]:
        """Return the seats that became absent, and those that can no longer be resumed."""
        waiting = [(seat, now - seat.left) for seat in self.seats.values() if seat.left is not None]
        absent = [seat for seat, away in waiting if seat.here and away >= ABSENT_AFTER]
        gone = [seat for seat, away in waiting if away >= GONE_AFTER]
        return absent, gone

    def present(self) -> set[str]:
        """Return the ids of the points with a present seat."""
        return {seat.place.id for seat in self.seats.values() if seat.here and seat.place is not None}

    def first_of(self, point: str) -> Seated | None:
        """Return the seat of a point that is present, the first to come of several."""
        places = ((seat, seat.place) for seat in self.seats.values() if seat.here)
        return next((seat for seat, place in places if place is not None and place.id == point), None)

    def last_heard(self, point: str) -> datetime | None:
        """Return when a point without sockets was last heard; None if it left by itself."""
        ends = [seat.left for seat in self.seats.values() if seat.place is not None and seat.place.id == point]
        return max((end for end in ends if end is not None), default=None)

    def raise_hand(self, seat: Seated, now: datetime, topic: str = "") -> None:
        """Put a seat at the end of the hand queue; a raised hand keeps its position."""
        seat.topic = topic
        if seat.id not in self.hands:
            self.hands.append(seat.id)
            seat.raised = now

    def lower(self, seat_id: str) -> None:
        """Take a seat out of the hand queue."""
        if seat_id in self.hands:
            self.hands.remove(seat_id)
        if seat_id in self.seats:
            seat = self.seats[seat_id]
            seat.lowered = seat.lowered if seat.raised is None else (seat.raised, seat.topic)
            seat.raised, seat.topic = None, ""

    def order_hands(self, seats: Sequence[str], now: datetime) -> None:
        """Set the hand queue; a hand that was lowered is raised again as it was, others not named are lowered."""
        for seat_id in [one for one in self.hands if one not in seats]:
            self.lower(seat_id)
        for seat in (self.seats[one] for one in seats if one not in self.hands):
            seat.raised, seat.topic = seat.lowered or (now, "")
        self.hands = list(dict.fromkeys(seats))

    def place_of(self, seat_id: str) -> int:
        """Return the position of a hand in the queue, counted from 1; 0 if it is not raised."""
        return self.hands.index(seat_id) + 1 if seat_id in self.hands else 0

    def rename(self, point: str, label: str) -> list[Seated]:
        """Show a point under another name; return its seats."""
        self.renamed[point] = label
        seats = [seat for seat in self.seats.values() if seat.place is not None and seat.place.id == point]
        for seat in seats:
            seat.shown = label
        return seats

    def label_of(self, place: Place) -> str:
        """Return the name by which people know a point here."""
        return self.renamed.get(place.id, place.label)

    def wire(self) -> list[Seat]:
        """Return the roster as clients see it: invited points in their order, absent ones too, then observers."""
        by_place: dict[str | None, list[Seated]] = {}
        for seat in self.seats.values():
            by_place.setdefault(None if seat.place is None else seat.place.id, []).append(seat)
        rows: list[Seat] = []
        for place in self.places:
            rows += [self._row(seat) for seat in by_place.get(place.id, [])] or [self._absent(place)]
        return rows + [self._row(seat) for seat in by_place.get(None, [])]

    def changes(self) -> tuple[list[Seat], list[str]]:
        """Return what changed in the roster since the last call, and which seats are gone."""
        rows = {row.seat: row for row in self.wire()}
        changed = [row for seat, row in rows.items() if self._sent.get(seat) != row]
        gone = [seat for seat in self._sent if seat not in rows]
        self._sent = rows
        return changed, gone

    def _row(self, seat: Seated) -> Seat:
        return Seat(
            seat=seat.id,
            point=None if seat.place is None else seat.place.id,
            name=seat.name,
            label=seat.label,
            role=seat.role,
            here=seat.here,
            hand=self.place_of(seat.id),
            since=seat.raised,
            topic=seat.topic,
            floor=seat.floor,
            gain=seat.gain,
            mic=(seat.mic or seat.system) and not seat.muted,  # room systems do not tell of theirs
            camera=seat.camera,
            hidden=seat.hidden,
            media=seat.media,
            control=None if seat.control is None else ControllableCamera.model_validate(asdict(seat.control)),
        )

    def _absent(self, place: Place) -> Seat:
        role = self._role(place)
        label = self.label_of(place)
        return Seat(seat=place.id, point=place.id, name=place.name, label=label, role=role, here=False)
