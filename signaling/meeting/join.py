"""Lets clients join: checks code and account, chooses a seat, asks the join guard, then seats them (R-051, I18)."""

from dataclasses import replace
from datetime import datetime, timedelta

from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors
from scheduler.core.model import Act, Session
from scheduler.directory.equipment.displays import RoomDisplays
from scheduler.directory.equipment.lines import internet_alone
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import ObservedDevice
from scheduler.directory.points.guest_access import GuestAccess
from scheduler.policy.controllers import Control
from signaling.accounts import permissions, throttle
from signaling.accounts.throttle import Attempt, Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Account
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import MessageError, ShuttingDown
from signaling.meeting.capacity_guard import CapacityGuard
from signaling.meeting.client import Client
from signaling.meeting.connected_devices import TEST_ROOM
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Person, Place, Seated
from signaling.messages.joining import Admit, EnterTestRoom, Join, JoinAsDisplay, Knock

WORDS: dict[type[Exception], str] = {
    errors.CodeUnknown: "code-unknown",
    errors.NotInvited: "not-invited",
    errors.TooEarly: "too-early",
    errors.Ended: "ended",
    errors.Cancelled: "cancelled",
    errors.Revoked: "revoked",
}
GUESSES = (errors.CodeUnknown, errors.NotInvited)
"""Errors that count as a guessed code."""


class JoinService:
    """Lets clients join meetings, test rooms and waiting rooms."""

    def __init__(
        self,
        scheduler: Scheduler,
        equipment: Equipment,
        displays: RoomDisplays,
        guest_access: GuestAccess,
        meetings: MeetingManager,
        capacity_guard: CapacityGuard,
        throttle: Throttle,
        audit: AuditLog,
    ) -> None:
        self._equipment = equipment
        self._displays = displays
        self._guest_access = guest_access
        self._scheduler = scheduler
        self._meetings = meetings
        self._capacity_guard = capacity_guard
        self._throttle = throttle
        self._audit = audit

    async def join(self, client: Client, message: Join, now: datetime) -> None:
        """Seat a client and send `joined`. Raises MessageError."""
        self._check_may_join(client)
        if not (client.account.point or client.account.unit or client.account.central):
            raise MessageError("no-point")
        if (resumed := await self._resumed(client.account, message, now)) is not None:
            meeting, seat = resumed
            await self._enter(client, meeting, _person(client.account, meeting.control, seat.place), message, now)
            return
        session, point = await self._admitted_session(client, message, now)
        self._check_login(client, session.id, message.resume, now)
        if point is not None and await self._guest_access.lacking(point, session.id, now):
            await self._note(client, "not-granted", session.id, point, now)
            raise MessageError("not-granted")
        meeting = await self._meetings.meeting(session)
        if point not in (None, session.host_point):
            await self._demand_notice(client, message, meeting, now)
        if point is not None:
            await self._demand_declaration(client, message, meeting, point, now)
        if point is not None and not meeting.state.invites(point):
            await self._let_wait(client, meeting, point, message.ref, now)
            return
        place = None if point is None else Place.of(await self._scheduler.point(point))
        person = _person(client.account, meeting.control, place)
        if place is not None:
            displays = await self._displays.of_point(place.id)
            person = replace(person, displays=frozenset(display.place for display in displays))
        await self._enter(client, meeting, person, message, now)

    async def _resumed(self, account: Account, message: Join, now: datetime) -> tuple[MeetingRunner, Seated] | None:
        """Return the seat that a client takes back by its token, and its meeting; None where it joins like anybody.

        The database is asked for little: after a failover everybody comes back at once. The meeting knows whether it
        goes on and whom it invites; the notice was accepted and the line declared when the seat was taken.
        """
        try:
            resumed = self._meetings.resumed(account.account, message.resume, self._scheduler.typed(message.code))
        except errors.CodeUnknown:
            return None
        if resumed is None:
            return None
        meeting, seat = resumed
        if seat.place is None:
            return resumed if permissions.may_control(account, meeting.control) else None
        own = meeting.state.invites(seat.place.id) and seat.place.id in await self._own_points(account)
        return resumed if own and not await self._guest_access.lacking(seat.place.id, meeting.id, now) else None

    async def _enter(
        self, client: Client, meeting: MeetingRunner, person: Person, message: Join, now: datetime
    ) -> None:
        """Write to the audit log that a client enters, and that it controls; then seat it. Raises MessageError."""
        subject, number = meeting.id, meeting.state.booking.number
        actions = ("enter", "control") if person.controller else ("enter",)
        entries = [client.source.entry(now, person.account, action, subject, number) for action in actions]
        await self._audit.append_together(*entries)
        async with meeting.join_lock:
            await self._seat(client, meeting, person, message, now)

    async def join_as_display(self, client: Client, message: JoinAsDisplay, now: datetime) -> None:
        """Seat a room display at its device and send `joined`; it accepted the notice when it was paired (decision 86).

        Raises MessageError.
        """
        self._check_may_join(client)
        display = await self._displays.known_by(client.login.id)
        if display is None:  # also for people
            raise MessageError("forbidden")
        session = await self._session_of_display(display.point, message.session, now)
        if await self._guest_access.lacking(display.point, session.id, now):
            raise MessageError("not-granted")
        meeting = await self._meetings.meeting(session)
        await self._note(client, "enter", session.id, session.number, now)
        place = Place.of(await self._scheduler.point(display.point))
        person = Person(client.account.account, display.name, place, controller=False, device=display.place)
        async with meeting.join_lock:
            await self._seat(client, meeting, person, message, now)

    async def _session_of_display(self, point: str, id_: str, now: datetime) -> Session:
        """Return a session that a point may enter now. Raises MessageError."""
        try:
            booked = await self._scheduler.session(id_)
            code = booked.code or ""
            return self._meetings.giving_way(id_, code) or await self._scheduler.enter(code, point, now)
        except errors.UnknownSession:
            raise MessageError("not-invited") from None
        except errors.NotAdmitted as error:
            opens = error.opens if isinstance(error, errors.TooEarly) else None
            raise MessageError(WORDS[type(error)], opens=opens) from None

    def _check_may_join(self, client: Client) -> None:
        """Check that the server lets clients in and that this one is in no meeting.

        Raises ShuttingDown, MessageError ``already-joined``.
        """
        if self._meetings.stopping:
            raise ShuttingDown
        if client.session is not None:
            raise MessageError("already-joined")

    def _check_login(self, client: Client, meeting: str, resume: str | None, now: datetime) -> None:
        """Let an expired login back to its seat, but nowhere else. Raises MessageError ``signed-out``."""
        if client.login.holds(now):
            return
        account, running = client.account, self._meetings.meetings.get(meeting)
        person = Person(account.account, account.name, None, controller=False)
        if running is None or running.state.roster.choose(person, resume).resumed is None:
            raise MessageError("signed-out")

    async def _let_wait(
        self, client: Client, meeting: MeetingRunner, point: str, ref: str | None, now: datetime
    ) -> None:
        """Put a point that is not invited into the waiting room (Điều 3.7, R-011)."""
        place = Place.of(await self._scheduler.point(point))
        effects = meeting.state.knock(client.id, _person(client.account, meeting.control, place), place, now)
        meeting.wait(client)
        await self._note(client, "wait-at-door", meeting.id, place.name, now)
        await meeting.apply(effects, client, ref)

    async def decide(self, client: Client, message: Admit, now: datetime) -> None:
        """Admit a waiting point, which makes it one of the session's points, or turn it away. Raises MessageError."""
        meeting = self._meetings.joined(client)
        async with meeting.join_lock:  # two controllers may decide at once
            knock = meeting.state.knock_for(client.id, message.id)
            action = "admit" if message.on else "turn-away"
            entry = client.source.entry(now, client.account.account, action, meeting.id, knock.name)
            if message.on and not meeting.state.invites(knock.point):
                await self._invite(meeting.id, knock, entry, now)
            else:
                await self._audit.append(entry)
            if knock.id in meeting.state.waiting_room.waiting:  # it may have gone meanwhile
                await meeting.carry_out(meeting.state.decide_knock(knock.id, message.on), client, message.ref)

    async def _invite(self, session: str, knock: Knock, entry: AuditEntry, now: datetime) -> None:
        """Invite a point, and write the entry that it was admitted. Raises MessageError."""
        act, note = Act(entry.actor, knock.name), self._audit.noting(entry)
        try:
            amended = await self._scheduler.invite(session, knock.point, now, act, note)
        except errors.CapacityExceeded:
            raise MessageError("full") from None
        except errors.Ended:
            raise MessageError("ended") from None
        await self._meetings.amended(amended)

    async def try_devices(self, client: Client, message: EnterTestRoom, now: datetime) -> None:
        """Seat a client in its point's own test room and send `joined` (R-109). Raises MessageError."""
        self._check_may_join(client)
        own_points = await self._own_points(client.account)
        points = [point for point in own_points if message.point in (None, point)]
        if not points:
            raise MessageError("no-point")
        point = await self._scheduler.point(points[0])
        self._check_login(client, f"{TEST_ROOM}:{point.id}", message.resume, now)
        await self._note(client, "test-room", point.id, "", now)
        meeting = self._meetings.open_test_room(point, now)
        person = Person(client.account.account, client.account.name, Place.of(point), controller=False)
        async with meeting.join_lock:
            await self._seat(client, meeting, person, message, now)

    async def _demand_notice(self, client: Client, message: Join, meeting: MeetingRunner, now: datetime) -> None:
        """Demand that an account of a component point accepts the notice, once a session (Điều 7.4, R-040)."""
        notice, account = self._scheduler.policy(now).conduct.meeting.notice, client.account.account
        if notice is None or account in meeting.accepted:
            return
        if not message.accepted:
            raise MessageError("notice", notice)
        await self._note(client, "accept-notice", meeting.id, meeting.state.booking.number, now)
        meeting.accepted.add(account)

    async def _demand_declaration(
        self, client: Client, message: Join, meeting: MeetingRunner, point: str, now: datetime
    ) -> None:
        """Demand that a point on the Internet declares once a session that its line is its own (Điều 6.3.b, R-028)."""
        statement, account = self._scheduler.policy(now).conduct.meeting.dedicated, client.account.account
        if statement is None or account in meeting.declared or not internet_alone(await self._equipment.lines(point)):
            return
        if not message.dedicated:
            raise MessageError("dedicated", statement)
        await self._note(client, "declare-line", meeting.id, point, now)
        meeting.declared.add(account)

    async def _note(self, client: Client, action: str, subject: str, detail: str, now: datetime) -> None:
        await self._audit.append(client.source.entry(now, client.account.account, action, subject, detail))

    async def _admitted_session(self, client: Client, message: Join, now: datetime) -> tuple[Session, str | None]:
        """Return the session of a code, and the point at which the account sits. Raises MessageError."""
        account = client.account
        attempt = await self._throttle.attempt(throttle.CODE, account.account)
        if attempt.locked:
            raise MessageError("code-locked")
        try:
            code = self._scheduler.typed(message.code)
            booked = await self._scheduler.by_code(code)
            point = await self._point(account, booked, now)
            invited = point in booked.everyone
            giving_way = self._meetings.giving_way(booked.id, code) if invited or point is None else None
            session = giving_way or await self._scheduler.enter(code, point if invited else None, now)
        except errors.NotAdmitted as error:
            if isinstance(error, GUESSES):
                await self._note_wrong_code(client, attempt, WORDS[type(error)], now)
            else:
                await self._throttle.take_back(attempt)
            opens = error.opens if isinstance(error, errors.TooEarly) else None
            raise MessageError(WORDS[type(error)], opens=opens) from None
        await self._throttle.take_back(attempt)
        return session, point

    async def _check_device(self, client: Client, point: str, device: int, now: datetime) -> None:
        """Record what differs from the registered device; refuse a wrong line if the policy says so (R-004, R-055)."""
        differences = await self._equipment.check_device(
            point, device, ObservedDevice(client.source.address, client.agent), now
        )
        for each in differences:
            await self._note(client, "drift", point, f"{each.field}: {each.old} → {each.new}", now)
        if self._equipment.keeps_out(differences, now):
            raise MessageError("wrong-line")

    async def _note_wrong_code(self, client: Client, attempt: Attempt, word: str, now: datetime) -> None:
        """Write a wrong code to the audit log, and the lock that the last of too many brings (R-051)."""
        account = client.account.account
        await self._note(client, "code-wrong", account, word, now)
        if attempt.last:
            await self._note(client, "code-locked", account, "", now)

    async def _point(self, account: Account, session: Session, now: datetime) -> str | None:
        """Return the point at which an account sits; None for a technician who controls the session from elsewhere.

        Where the policy lets a point that is not invited wait, that is the account's first point. Raises NotInvited.
        """
        own_points = await self._own_points(account)
        invited = [point for point in session.everyone if point in own_points]
        if invited or permissions.may_control(account, (await self._meetings.unit_directory(now)).control(session)):
            return invited[0] if invited else None
        if not own_points or self._scheduler.policy(now).conduct.meeting.uninvited == "refuse":
            raise errors.NotInvited
        return own_points[0]

    async def _own_points(self, account: Account) -> list[str]:
        """Return the points at which an account may sit."""
        if account.point is not None:
            return [account.point]
        return [] if account.unit is None else [point.id for point in await self._scheduler.points(account.unit)]

    @staticmethod
    def _check_own(seat: Seated, person: Person) -> None:
        """Check that nobody else sits there, present or about to come back. Raises MessageError ``device-taken``."""
        if seat.account != person.account:
            raise MessageError("device-taken")

    async def _seat(
        self,
        client: Client,
        meeting: MeetingRunner,
        person: Person,
        message: Join | JoinAsDisplay | EnterTestRoom,
        now: datetime,
    ) -> None:
        """Choose a seat, ask the join guard, sit down; one client at a time per meeting. Raises MessageError."""
        state = meeting.state
        choice = state.roster.choose(person, message.resume)
        if isinstance(message, JoinAsDisplay) and choice.replaced is not None and not message.take:
            self._check_own(choice.replaced, person)
        if person.place is not None and choice.resumed is None and not meeting.is_test_room:
            await self._check_device(client, person.place.id, choice.device, now)
        if person.place is not None:
            state.removed.check(person.place.id)
        if state.locks.room and choice.resumed is None and not person.controller:
            raise MessageError("locked")
        legs, pool = state.booking.legs, meeting.capacity_pool
        if choice.leg is not None and not await self._capacity_guard.enter(pool, choice.leg, legs, now):
            raise MessageError("test-room-full" if meeting.is_test_room else "full")
        if person.place is not None:
            await meeting.admit(person.place.id, now)
        if self._meetings.stopping:
            raise ShuttingDown
        if self._meetings.meetings.get(meeting.id) is not meeting:
            raise MessageError("ended")  # it ended while the guard was asked
        choice = state.roster.choose(person, message.resume)  # the seat to resume may be gone by now
        meeting.add(client, joined=False)
        joined, effects = state.join(client.id, person, choice, now)
        if not isinstance(message, EnterTestRoom) and message.resume is not None:
            tried = [now - timedelta(seconds=seconds) for seconds in message.tried]
            effects += state.reconnected(client.id, tried, now)
        await meeting.seat(client, joined, effects, now, message.ref)


def _person(account: Account, control: Control, place: Place | None) -> Person:
    """Return the person of an account that joins at a place, or at none to control the meeting from elsewhere."""
    controller = permissions.may_control(account, control)
    return Person(account.account, account.name, place, controller, central=place is None and account.central)
