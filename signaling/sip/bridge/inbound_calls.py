"""Takes the calls of room systems: into their session by its code, or into the front door without one."""

import logging
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import BadOffer, MediaError, NotEncrypted
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import LostKey
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from signaling.calls.model import CallRecord, Purpose
from signaling.calls.recorder import CallRecorder
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import RoomSystem, credentials
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Place
from signaling.sip.agent.agent import CallFailed
from signaling.sip.agent.room_call import IncomingRoomCall
from signaling.sip.bridge import call_media, call_records
from signaling.sip.bridge.admission import SipAdmission, identity_of_caller, place_of
from signaling.sip.bridge.call_registry import NOT_ACCEPTABLE, UNAVAILABLE, BridgedCall, CallRegistry
from signaling.sip.bridge.dial_schedule import DialledSystem, DialSchedule
from signaling.sip.bridge.front_door import FrontDoor, Visitor
from signaling.sip.bridge.inbound_auth import FORBIDDEN, UNAUTHORIZED, Caller, InboundCallAuth, Refused
from signaling.sip.bridge.outbound_calls import OutboundCalls
from signaling.sip.bridge.protection import check, protection
from signaling.sip.protocol.digest import Credentials
from signaling.sip.protocol.errors import CallNotAdmitted

log = logging.getLogger(__name__)

BUSY = 486
NOT_ENCRYPTED = "Không mã hóa được"
"""What the audit log says of a caller that does not meet the demand of the directory."""
NO_CODE = {"", "diemcau"}
"""Users of a call that dials our address alone, or the user under which we call."""
Connect = Callable[[str, str, RoomSystem], Awaitable[None]]
"""Gives a seat of a room the media of a call. Raises MediaError, CallFailed."""


class InboundCalls:
    """Calls of room systems until they are seated; `changed` hears of meetings whose call states are new."""

    def __init__(
        self,
        manager: MeetingManager,
        scheduler: Scheduler,
        equipment: Equipment,
        admission: SipAdmission,
        inbound_auth: InboundCallAuth,
        recorder: CallRecorder,
        registry: CallRegistry,
        outbound: OutboundCalls,
        schedules: dict[str, DialSchedule],
        changed: Callable[[MeetingRunner], None],
    ) -> None:
        self._manager = manager
        self._scheduler = scheduler
        self._equipment = equipment
        self._admission = admission
        self._inbound_auth = inbound_auth
        self._recorder = recorder
        self._registry = registry
        self._outbound = outbound
        self._schedules = schedules
        self._changed = changed
        self.front_door = FrontDoor(manager.engine, inbound_auth, self._move_in, lambda now: scheduler.policy(now).zone)

    async def called(self, incoming: IncomingRoomCall) -> None:
        """Take an incoming call, or refuse it."""
        try:
            await self._take(incoming, self._manager.dependencies.clock())
        except Refused as refused:
            log.info("> %s to %s", refused.status, incoming.peer.address)
            if refused.status == UNAUTHORIZED:
                incoming.challenge()
            elif refused.device is None:
                incoming.dismiss(refused.status)
            else:
                incoming.refuse(refused.status)
            now = self._manager.dependencies.clock()
            heard = incoming.from_its_address or refused.device is None or await incoming.acknowledged()
            if refused.guess_of is not None and heard:
                await self._inbound_auth.guessed(refused.guess_of, incoming.peer, now)
            if refused.device is not None and heard:
                incoming.trace_as(refused.device.id)
                record = await self._received(incoming, refused.device, now)
                await self._recorder.failed(record, "refused", refused.status)
        except SQLAlchemyError:
            log.exception("x call from %s failed", incoming.peer.address)
            incoming.refuse(UNAVAILABLE)

    async def _take(self, incoming: IncomingRoomCall, now: datetime) -> None:
        if self._manager.stopping:
            raise Refused(UNAVAILABLE)
        if incoming.user in NO_CODE:
            visitor = await self.front_door.take(incoming, now)
            if visitor is not None and visitor.call is not None:
                device, call = visitor.known.device, visitor.call
                incoming.trace_as(device.id)
                record = await self._received(incoming, device, now, "front-door")
                protected = protection(device.encryption, incoming.peer.transport, call.sdp)
                await self._recorder.answered(call_records.carrying(record, call, device, protected), call)
            return
        caller = await self._inbound_auth.judge(incoming, now)
        incoming.proceed()
        incoming.trace_as(caller.device.id)
        record = await self._received(incoming, caller.device, now)
        record = replace(record, session=caller.session.id, number=caller.session.number)
        try:
            member = await self._join(caller, incoming, partial(self._answer, incoming), now)
            if member.call is not None:  # its keys and slides count by now, however long the record takes
                answered = call_records.carrying(record, member.call, member.device, member.protection)
                await self._recorder.answered(answered, member.call)
        except Refused as refused:
            await self._recorder.failed(record, "refused", refused.status)
            raise
        except CallNotAdmitted as error:
            log.info("x a call of %s failed: %s", incoming.peer.address, error)
            await self._recorder.failed(record, *call_records.failure(error))
        except (CallFailed, OSError) as error:
            log.info("x %s called and hung up before it was connected: %s", incoming.peer.address, error)
            await self._recorder.failed(record, "gone")
        except MediaError as error:
            await self._recorder.failed(record, *call_records.failure(error))
            raise Refused(NOT_ACCEPTABLE if isinstance(error, BadOffer) else UNAVAILABLE) from None

    async def _received(
        self, incoming: IncomingRoomCall, device: Device, now: datetime, purpose: Purpose = "session"
    ) -> CallRecord:
        """Return the record of an incoming call of a device, by its present name."""
        name = await call_records.name_of(self._scheduler, self._equipment, device)
        return call_records.received(device, name, incoming, now, purpose)

    async def _move_in(self, caller: Caller, visitor: Visitor) -> None:
        """Move the call of a visitor of the front door into its session. Raises Refused, MediaError, CallFailed."""
        now = self._manager.dependencies.clock()
        await self._join(caller, visitor.incoming, partial(self._move, visitor), now)
        if visitor.call is not None:
            await self._recorder.entered(visitor.call, caller.session.id, caller.session.number)

    async def _join(self, caller: Caller, incoming: IncomingRoomCall, connect: Connect, now: datetime) -> RoomSystem:
        """Let a caller into its session, and return it there. Raises Refused, MediaError, CallFailed, OSError."""
        if self._manager.stopping:
            raise Refused(UNAVAILABLE)
        meeting = await self._manager.meeting(caller.session)
        place = place_of(meeting, caller.device.point)
        if caller.number > place.devices or place.id in meeting.state.removed:  # registered since the meeting began
            raise Refused(FORBIDDEN)
        schedule = self._schedules.get(meeting.id, DialSchedule())
        unscheduled = DialledSystem(caller.device, caller.number, place.device_name(caller.number))
        system = schedule.systems.get(caller.device.id, unscheduled)
        member = RoomSystem(caller.device, system.name, incoming.peer.address)
        try:
            await self._let_in(meeting, caller, member, place, incoming, connect, now)
            await self._registry.hold(BridgedCall(meeting, system, member), now)
            self._schedules.setdefault(meeting.id, schedule).systems.setdefault(caller.device.id, system)
            return member
        except NotEncrypted as error:
            await self._admission.note(member, "call-refused", caller.device.point, f"{NOT_ENCRYPTED}: {error}", now)
            raise Refused(NOT_ACCEPTABLE) from None
        finally:
            if not member.held:
                if system.state == "calling" and not self._outbound.rings(caller.device.id, meeting.id):
                    system.failed(self._manager.dependencies.clock())  # our call was given up for this one
                    self._changed(meeting)
                await self._registry.leave(meeting, member)

    async def _let_in(
        self,
        meeting: MeetingRunner,
        caller: Caller,
        member: RoomSystem,
        place: Place,
        incoming: IncomingRoomCall,
        connect: Connect,
        now: datetime,
    ) -> None:
        """Seat a caller, then connect sound and picture; nobody sees one whose media may not be taken. Raises Refused,
        MediaError, CallFailed."""
        check(caller.device.encryption, incoming.peer.transport, incoming.offer)
        seat = secrets.token_urlsafe(9)
        async with meeting.join_lock:
            if not await self._admission.compare(member, caller.number, identity_of_caller(incoming), now):
                raise Refused(FORBIDDEN)
            await self._outbound.give_up(meeting.id, caller.device.id)
            if not await self._admission.enter(meeting, place, caller.number, now):
                raise Refused(BUSY)
            announced = incoming.peer.name
            await self._admission.sit(meeting, member, place, caller.number, seat, now, announced=announced)
        await connect(meeting.id, seat, member)

    async def _answer(self, incoming: IncomingRoomCall, room: str, seat: str, member: RoomSystem) -> None:
        """Answer a call with the media of a seat."""
        account = await self._credentials(member.device)
        call = await call_media.answer(self._manager.engine, incoming, member.device, room, seat)
        call.credentials = account
        member.call, member.protection = call, protection(member.device.encryption, incoming.peer.transport, call.sdp)

    async def _move(self, visitor: Visitor, room: str, seat: str, member: RoomSystem) -> None:
        """Move the media of a visitor's call to a seat."""
        assert visitor.call is not None
        visitor.call.credentials = await self._credentials(member.device)
        held = await self.front_door.descriptions(visitor)
        await call_media.move(self._manager.engine, visitor.call, member.device, held, room, seat)
        member.call = visitor.call
        member.protection = protection(member.device.encryption, visitor.call.peer.transport, visitor.call.sdp)

    async def _credentials(self, device: Device) -> Credentials | None:
        """Return what our requests within the call of a device are authenticated with when it asks.

        None, too, where the key of its secrets is lost: it called by itself, and may never ask.
        """
        try:
            return credentials(device, await self._equipment.sip_secrets(device.id))
        except LostKey:
            log.warning("x the secrets of %s cannot be read", device.id)
            return None
