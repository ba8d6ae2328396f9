"""Seats devices without a page in the meeting of their point, by the rules of room systems (decision 101)."""

import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors as scheduler_errors
from scheduler.core.model import Session, State
from scheduler.directory.model import Device, ObservedDevice
from scheduler.directory.points.guest_access import GuestAccess
from signaling.cameras.seated_device import SeatedDevice
from signaling.core.account import Source
from signaling.core.errors import Forbidden, MessageError, NoOpenSession
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.sip.bridge.admission import SipAdmission


@dataclass(frozen=True, slots=True)
class TakenSeat:
    """The seat of a device in a meeting."""

    id: str
    meeting: MeetingRunner
    member: SeatedDevice

    async def free(self) -> None:
        """Free the seat, unless the meeting has done so."""
        with suppress(MessageError):
            await self.meeting.apply(self.meeting.state.leave(self.member.id))
        self.meeting.discard(self.member)

    def is_lost(self) -> bool:
        """Return whether its media are gone or never came, or the meeting has freed it; called again and again."""
        seat = self.meeting.state.roster.of(self.member.id)
        if seat is None or not (seat.up or (seat.offered and not self.member.up)):
            return True
        self.member.up = seat.up
        return False


class DeviceSeating:
    """Finds the open session of a point and seats its devices there, each at its own place."""

    def __init__(
        self, manager: MeetingManager, scheduler: Scheduler, guest_access: GuestAccess, admission: SipAdmission
    ) -> None:
        self._manager = manager
        self._scheduler = scheduler
        self._guest_access = guest_access
        self._admission = admission

    async def take(self, device: Device, number: int, source: Source, now: datetime, *, sends: bool) -> TakenSeat:
        """Seat a device, the `number`-th of its point, in place of whoever has its place; it `sends` or watches only.

        Raises NoOpenSession, Forbidden.
        """
        session = await self.open_session(device.point, now)
        if await self._guest_access.lacking(device.point, session.id, now):
            raise Forbidden
        meeting = await self._manager.meeting(session)
        place = next(place for place in meeting.state.booking.places if place.id == device.point)
        if number > place.devices or place.id in meeting.state.removed:
            raise Forbidden
        member, seat = SeatedDevice(device, place.device_name(number), source), secrets.token_urlsafe(9)
        async with meeting.join_lock:
            seen = ObservedDevice(source.address, source.browser)
            if not await self._admission.compare(member, number, seen, now):
                raise Forbidden
            if not await self._admission.enter(meeting, place, number, now):
                raise NoOpenSession
            await self._admission.sit(meeting, member, place, number, seat, now, camera=sends)
        return TakenSeat(seat, meeting, member)

    async def open_session(self, point: str, now: datetime) -> Session:
        """Return the session that a point may enter now, an open one rather than one in its lobby.

        Raises NoOpenSession.
        """
        door = self._scheduler.policy(now).door
        near = await self._scheduler.sessions(now - door.grace, now + door.lobby + timedelta(seconds=1))
        mine = [each for each in near if each.state == State.ISSUED and point in each.everyone and each.code]
        for session in sorted(mine, key=lambda each: self._scheduler.phase(each, now) != "open"):
            with suppress(scheduler_errors.NotAdmitted):
                return await self._scheduler.enter(session.code or "", point, now)
        raise NoOpenSession
