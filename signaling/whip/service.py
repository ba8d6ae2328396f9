"""Seats devices that publish or watch over HTTP in the meeting of their point (decision 101).

A device is known by its id and token, which the directory keeps. It takes its own place among the devices of its point,
under the rules that hold for room systems: in a session that is open, compared with the register, counted as a leg.
"""

import asyncio
import hmac
import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import BadOffer, MediaError
from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors as scheduler_errors
from scheduler.core.model import Session, State
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device, DeviceProtocol, ObservedDevice
from scheduler.directory.points.guest_access import GuestAccess
from signaling.accounts import throttle
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import Source, network_of
from signaling.core.errors import BadSdp, BadToken, Forbidden, Locked, MessageError, NoOpenSession, NotFound
from signaling.meeting.manager import MeetingManager
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Place
from signaling.sip.bridge.admission import SipAdmission
from signaling.whip.http_device import HttpDevice

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Resource:
    """A WHIP or WHEP session: the resource that its POST made and its DELETE ends (RFC 9725 §4.2)."""

    id: str
    meeting: MeetingRunner
    member: HttpDevice
    answer: str


class WhipService:
    """Gives devices that publish or watch over HTTP their seats, and takes these back when media stop."""

    def __init__(
        self,
        manager: MeetingManager,
        scheduler: Scheduler,
        equipment: Equipment,
        guest_access: GuestAccess,
        admission: SipAdmission,
        throttle_: Throttle,
        audit: AuditLog,
    ) -> None:
        self._manager = manager
        self._scheduler = scheduler
        self._equipment = equipment
        self._guest_access = guest_access
        self._admission = admission
        self._throttle = throttle_
        self._audit = audit
        self._resources: dict[str, Resource] = {}
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Free the seats that devices had under an earlier process, and watch those of this one."""
        self._watching = asyncio.create_task(self._watch_forever())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def connect(self, protocol: DeviceProtocol, id_: str, token: str, offer: str, source: Source) -> Resource:
        """Seat a device in the open session of its point, in place of its former seat, and answer its offer.

        Raises BadToken, Locked, NoOpenSession, Forbidden, BadSdp, MediaError, SQLAlchemyError, RedisError.
        """
        now = self._manager.dependencies.clock()
        device, number = await self._known(protocol, id_, token, source, now)
        session = await self._open_session(device.point, now)
        if await self._guest_access.lacking(device.point, session.id, now):
            raise Forbidden
        meeting = await self._manager.meeting(session)
        place = next(place for place in meeting.state.booking.places if place.id == device.point)
        if number > place.devices or place.id in meeting.state.removed:
            raise Forbidden
        member = HttpDevice(device, place.device_name(number), source)
        async with meeting.join_lock:
            seat = await self._sit(meeting, member, place, number, now)
        try:
            answer = await self._manager.engine.connect(meeting.id, seat, offer)
        except MediaError as error:
            await self._leave(meeting, member)
            if isinstance(error, BadOffer):
                raise BadSdp(str(error)) from None
            raise
        resource = Resource(secrets.token_urlsafe(18), meeting, member, answer)
        self._resources[resource.id] = resource
        return resource

    async def end(self, protocol: DeviceProtocol, id_: str, token: str, resource: str, source: Source) -> None:
        """End a session for good (RFC 9725 §4.2). Raises as :meth:`connect`, and NotFound."""
        now = self._manager.dependencies.clock()
        await self._known(protocol, id_, token, source, now)
        found = self._resources.get(resource)
        if found is None or found.member.device.id != id_:
            raise NotFound
        del self._resources[resource]
        await self._leave(found.meeting, found.member)

    async def _known(
        self, protocol: DeviceProtocol, id_: str, token: str, source: Source, now: datetime
    ) -> tuple[Device, int]:
        """Return the device of a token, and its number in its point. Raises BadToken, Locked."""
        attempt = await self._throttle.attempt(throttle.DEVICE, network_of(source.address))
        if attempt.locked:
            raise Locked(attempt.locked)
        devices = await self._equipment.devices()
        device = next((each for each in devices if each.id == id_ and each.protocol == protocol), None)
        stored = "" if device is None else (await self._equipment.sip_secrets(device.id)).get("password", "")
        if not hmac.compare_digest(stored.encode(), token.encode("utf-8", "replace")) or device is None or not stored:
            if attempt.last:
                await self._audit.append(source.entry(now, "", "token-locked", id_[:64], protocol))
            raise BadToken
        await self._throttle.take_back(attempt)
        return device, [each.id for each in devices if each.point == device.point].index(device.id) + 1

    async def _open_session(self, point: str, now: datetime) -> Session:
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

    async def _sit(self, meeting: MeetingRunner, member: HttpDevice, place: Place, number: int, now: datetime) -> str:
        """Seat a device and return the id of its seat. Raises Forbidden, NoOpenSession."""
        seen = ObservedDevice(member.source.address, member.source.browser)
        if not await self._admission.compare(member, number, seen, now):
            raise Forbidden
        if not await self._admission.enter(meeting, place, number, now):
            raise NoOpenSession
        seat = secrets.token_urlsafe(9)
        sends = member.device.protocol == "WHIP"
        await self._admission.sit(meeting, member, place, number, seat, now, camera=sends)
        return seat

    async def _leave(self, meeting: MeetingRunner, member: HttpDevice) -> None:
        with suppress(MessageError):  # the meeting has freed the seat
            await meeting.apply(meeting.state.leave(member.id))
        meeting.discard(member)

    async def _watch_forever(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.watch()
            except (SQLAlchemyError, RedisError, OSError):
                log.exception("x the devices that publish over HTTP could not be checked")

    async def watch(self) -> None:
        """Free the seats of devices whose media are gone or never came, and forget those that were thrown out."""
        for resource in list(self._resources.values()):
            seat = resource.meeting.state.roster.of(resource.member.id)
            if seat is not None and (seat.up or (seat.offered and not resource.member.up)):
                resource.member.up = seat.up
                continue
            del self._resources[resource.id]
            await self._leave(resource.meeting, resource.member)
