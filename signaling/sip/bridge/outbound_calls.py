"""Calls room systems: rings, follows redirections, offers a simple description, and seats those that answer."""

import asyncio
import functools
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import SeatOptions
from mediaserver.errors import BadOffer, EngineGone, MediaError, NotEncrypted
from scheduler.core.errors import LostKey
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import PIN_PLACE, Device, DeviceProtocol
from scheduler.directory.points.guest_access import GuestAccess
from signaling.calls.model import CallRecord, Outcome
from signaling.calls.recorder import CallRecorder
from signaling.core import tracing
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import RoomSystem, digits_after_answer, media_hosts, redirected, target
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Place, leg_of
from signaling.sip.agent.agent import CallFailed, CallRefused, Target, TlsRefused
from signaling.sip.agent.room_call import CallAgent, RoomCall
from signaling.sip.bridge import call_media, call_records
from signaling.sip.bridge.admission import SipAdmission, identity_of_called, place_of
from signaling.sip.bridge.call_registry import NOT_ACCEPTABLE, BridgedCall, CallRegistry
from signaling.sip.bridge.dial_schedule import DialledSystem
from signaling.sip.bridge.inbound_auth import FORBIDDEN
from signaling.sip.bridge.protection import media_encryption, protection
from signaling.sip.protocol.errors import CallNotAdmitted

log = logging.getLogger(__name__)

TEMPORARILY_UNAVAILABLE = 480
DESCRIPTION_REFUSED = {415, 488, 606}
"""Statuses of a device that does not take our session description (RFC 3261 §21.4.13, §21.4.26, §21.6.4)."""
SIP_ALONE: tuple[DeviceProtocol, ...] = ("SIP",)


class OutboundCalls:
    """Calls of the server to room systems until they are seated; `changed` hears of meetings whose call states are
    new."""

    def __init__(
        self,
        manager: MeetingManager,
        equipment: Equipment,
        guest_access: GuestAccess,
        admission: SipAdmission,
        recorder: CallRecorder,
        registry: CallRegistry,
        changed: Callable[[MeetingRunner], None],
    ) -> None:
        self._manager = manager
        self._equipment = equipment
        self._guest_access = guest_access
        self._admission = admission
        self._recorder = recorder
        self._registry = registry
        self._changed = changed
        self.agent: CallAgent | None = None
        """None: there is no gateway, and no call is made or taken."""
        self.protocols: Collection[DeviceProtocol] = SIP_ALONE
        """Those that are spoken."""
        self.gatekeeper: tuple[str, int] | None = None
        """The address of that of H.323, if there is one."""
        self.reserved_code: Callable[[str, str], Awaitable[str | None]] = _no_code
        """Returns the code under which another system holds a session of ours at a point: empty where none is reserved
        there, None while it has not accepted."""
        self._calling: dict[tuple[str, str], asyncio.Task[None]] = {}
        """Dialling tasks by meeting and device."""

    async def stop(self) -> None:
        """Give up all calls."""
        tasks = list(self._calling.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def rings(self, device: str, meeting: str | None = None) -> bool:
        """Return whether a device is being called, for one meeting or any."""
        return any(each == device and meeting in (None, of) for of, each in self._calling)

    def forget(self, meeting: str) -> None:
        """Give up the calls for a meeting that is over."""
        for (of, _), task in list(self._calling.items()):
            if of == meeting:
                task.cancel()

    async def give_up(self, meeting: str, device: str) -> None:
        """Give up the call to a device that calls itself."""
        if (calling := self._calling.pop((meeting, device), None)) is not None:
            calling.cancel()
            await asyncio.wait([calling])

    def begin(self, meeting: MeetingRunner, system: DialledSystem, now: datetime) -> None:
        """Begin to call a device, unless that is in a call for another meeting."""
        key = meeting.id, system.device.id
        dialled = any(device == key[1] and of != key[0] for of, device in self._calling)
        if dialled or self._registry.elsewhere(*key):
            system.elsewhere(now)
            return
        system.calling()
        task = asyncio.create_task(self._call(meeting, system))
        self._calling[key] = task
        task.add_done_callback(lambda done: self._calling.pop(key, None) if self._calling.get(key) is done else None)

    def _goes_on(self, meeting: MeetingRunner) -> bool:
        return self._manager.meetings.get(meeting.id) is meeting

    async def _call(self, meeting: MeetingRunner, system: DialledSystem) -> None:
        """Call a device if its place is free and a leg is left, and seat it when it answers."""
        now, place = self._manager.dependencies.clock(), place_of(meeting, system.device.point)
        try:
            holder = meeting.state.roster.holder(leg_of(place.id, system.number))
            if holder is not None and holder.client is not None and not system.requested:
                system.taken(now)
            elif place.id in meeting.state.removed or await self._guest_access.lacking(place.id, meeting.id, now):
                system.failed(now, FORBIDDEN)
            elif (code := await self._code(meeting, system.device)) is None:
                system.unreserved(now)
            elif (where := await self.locate(system.device, code)) is None:  # its registration has ended
                system.failed(now, TEMPORARILY_UNAVAILABLE)
            elif not await self._admission.enter(meeting, place, system.number, now):
                system.full(now)
            elif self._goes_on(meeting):
                attributes: tracing.Attributes = {"diemcau.session": meeting.id, "diemcau.device": system.device.id}
                with tracing.span("call a room system", attributes) as span:
                    await self._ring(meeting, system, place, where)
                    outcome = "connected" if system.state == "connected" else "failed"
                    span.set({"diemcau.outcome": outcome, "diemcau.status": system.status})
        except (SQLAlchemyError, LostKey):
            log.exception("x %s could not be called", system.name)
            system.postponed(self._manager.dependencies.clock())
        self._changed(meeting)

    async def _ring(self, meeting: MeetingRunner, system: DialledSystem, place: Place, where: Target) -> None:
        seat, clock = secrets.token_urlsafe(9), self._manager.dependencies.clock
        record = _of_session(call_records.dialled(system.device, system.name, where, clock()), meeting)
        try:
            await meeting.apply(meeting.state.ring(SeatOptions(seat, system.name, visible=False)))
            host = meeting.state.booking.places[0].name
            call = await self.dial(meeting.id, host, system.device, seat, where, record)
            await self._answered(meeting, system, place, call, seat, record)
            if not where.secret_user:
                kept = await self._equipment.sip_secrets(system.device.id)
                self._registry.send_digits(call, digits_after_answer(system.device, kept))
        except CallNotAdmitted as refused:
            log.info("x call to %s failed: %s", system.name, refused)
            system.failed(clock(), refused.status, gatekeeper=refused.word)
        except CallRefused as refused:
            log.info("< %s: %s %s", system.name, refused.status, refused.reason)
            demanded = system.device.encryption == "demanded" and refused.status in DESCRIPTION_REFUSED
            authenticated = where.credentials is not None
            system.failed(clock(), refused.status, authenticated=authenticated, lacks="demanded" if demanded else "")
        except (NotEncrypted, TlsRefused) as refused:
            log.info("x call to %s failed: %s", system.name, refused)
            system.failed(clock(), lacks="certificate" if isinstance(refused, TlsRefused) else "demanded")
        except EngineGone:
            system.postponed(clock())
        except (CallFailed, MediaError, OSError) as error:
            log.info("x call to %s failed: %s", system.name, error)
            system.failed(clock())
        finally:
            if self._goes_on(meeting):
                await meeting.apply(meeting.state.ring_ended(seat))
                await self._admission.free(meeting, place, system.number)

    async def dial(
        self, room: str, name: str, device: Device, seat: str, where: Target, record: CallRecord
    ) -> RoomCall:
        """Call a device, and where it redirects to if that is registered. Raises CallFailed, MediaError, OSError."""
        try:
            try:
                return await self._dial(room, name, device, seat, where)
            except CallRefused as refused:
                if (other := await self._registered(device.point, refused.contacts)) is None:
                    raise
                other = replace(other, credentials=where.credentials, session_s=where.session_s, device=device.id)
                return await self._dial(room, name, device, seat, other)
        except EngineGone:  # it is called again at once
            raise
        except (CallFailed, MediaError, OSError) as error:
            await self._recorder.failed(record, *call_records.failure(error))
            raise

    async def _dial(self, room: str, name: str, device: Device, seat: str, where: Target) -> RoomCall:
        """Invite a device, as a span of its own. Raises CallFailed, MediaError."""
        attributes: tracing.Attributes = {"diemcau.device": device.id, "diemcau.protocol": device.protocol}
        with tracing.span("room system invite", attributes, "client") as span:
            try:
                return await self._invite(room, name, device, seat, where)
            except CallRefused as refused:
                span.set({"diemcau.status": refused.status})
                raise

    async def _invite(self, room: str, name: str, device: Device, seat: str, where: Target) -> RoomCall:
        """Call a device under a name as its profile says; one that refuses our description is offered a simple one.

        Raises CallFailed, MediaError.
        """
        assert self.agent is not None
        made = sip_profiles.profile(device.sip_profile)
        invite = functools.partial(
            self._manager.engine.invite,
            *(room, seat, where.host),
            encryption=media_encryption(device.encryption, where.transport),
            media_hosts=media_hosts(device, where.host),
            limits=call_media.sip_limits(device),
        )
        try:
            offer = await invite(simple=made.simple)
            return await self.agent.invite(where, offer, name=name)
        except CallRefused as refused:
            if refused.status not in DESCRIPTION_REFUSED or made.simple:
                raise
        offer = await invite(simple=True)
        return await self.agent.invite(where, offer, name=name)

    async def _code(self, meeting: MeetingRunner, device: Device) -> str | None:
        """Return the code that is dialled at another system (`reserved_code`). Raises LostKey."""
        return await self.reserved_code(meeting.id, device.point) if device.kind == "LINK" else ""

    async def locate(self, device: Device, code: str = "") -> Target | None:
        """Return where a device is called now, in the place of its number by a code that nobody reads back.

        None for one without an address, registration or number at a gatekeeper, or of a protocol that is not spoken.
        """
        if device.protocol not in self.protocols:
            return None
        bindings = await self._equipment.bindings(self._manager.dependencies.clock())
        secrets = await self._equipment.sip_secrets(device.id)
        if code:
            device, secrets = replace(device, sip_user=PIN_PLACE), {**secrets, "pin": code}
        return target(device, bindings.get(device.id), secrets, self.gatekeeper)

    async def _registered(self, point: str, contacts: Sequence[str]) -> Target | None:
        """Return the first target of a redirection at which a device of the point is registered; None without one."""
        if not contacts:
            return None
        addresses = {device.address for device in await self._equipment.devices(point)}
        return next((found for uri in contacts if (found := redirected(uri)) and found.host in addresses), None)

    async def _answered(
        self, meeting: MeetingRunner, system: DialledSystem, place: Place, call: RoomCall, seat: str, record: CallRecord
    ) -> None:
        """Seat a device that answered; end the call if anything keeps it from its seat, sound or picture."""
        member, now = RoomSystem(system.device, system.name, call.peer.address), self._manager.dependencies.clock()
        member.call, device = call, system.device
        member.protection = protection(device.encryption, call.peer.transport, call.sdp)
        await self._recorder.answered(call_records.carrying(record, call, device, member.protection), call)
        ending: Outcome = "no-media"
        try:
            async with meeting.join_lock:
                await self._admission.compare(member, system.number, identity_of_called(call), now)
                if place.id in meeting.state.removed:  # while it rang
                    ending = "removed"
                    system.failed(now, FORBIDDEN)
                    return
                if not self._goes_on(meeting) or not await self._admission.enter(meeting, place, system.number, now):
                    ending = "full"
                    system.full(now)
                    return
                await self._admission.sit(meeting, member, place, system.number, seat, now, announced=call.peer.name)
            await self._manager.engine.accept(meeting.id, seat, call.sdp)
            await self._registry.hold(BridgedCall(meeting, system, member), now)
        except BadOffer as error:
            ending, _ = call_records.failure(error)
            system.failed(now, NOT_ACCEPTABLE, lacks="demanded" if isinstance(error, NotEncrypted) else "")
        finally:
            if not member.held:
                await self._registry.leave(meeting, member)
                await call.hang_up(ending)


async def _no_code(_session: str, _point: str) -> str | None:
    return ""


def _of_session(record: CallRecord, meeting: MeetingRunner) -> CallRecord:
    return replace(record, session=meeting.id, number=meeting.state.booking.number)
