"""Connects room systems with meetings: dials them when their session opens and takes calls of registered ones.

Điều 3.5, 11.7; R-056, R-057.
"""

import asyncio
import contextlib
import functools
import logging
import secrets
from collections.abc import Awaitable, Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import DigitPressed, FloorDecided, KeyframeWanted, MediaElsewhere, SeatOptions
from mediaserver.errors import BadOffer, EngineGone, MediaError, NotEncrypted
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import LostKey
from scheduler.core.model import State
from scheduler.directory.equipment import sip_profiles
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device, DeviceProtocol
from scheduler.directory.points.guest_access import GuestAccess
from scheduler.units.naming import device_names
from signaling.calls.call_test import CallTest
from signaling.calls.model import CallRecord, Outcome, Purpose
from signaling.calls.recorder import CallRecorder
from signaling.core.errors import DeviceInCall, MessageError, NoGateway, SessionDue
from signaling.meeting.client import Client
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import (
    RoomSystem,
    credentials,
    digits_after_answer,
    media_hosts,
    redirected,
    target,
)
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Place, leg_of
from signaling.meeting.state.snapshot import SystemSnapshot
from signaling.messages.server import Redial
from signaling.sip.agent.agent import CallFailed, CallRefused, Registration, Target, TlsRefused
from signaling.sip.agent.room_call import CallAgent, IncomingRoomCall, RoomCall
from signaling.sip.bridge import call_media, call_records
from signaling.sip.bridge.admission import SipAdmission, identity_of_called, identity_of_caller
from signaling.sip.bridge.call_registry import NOT_ACCEPTABLE, UNAVAILABLE, BridgedCall, CallRegistry
from signaling.sip.bridge.call_tester import CallTester
from signaling.sip.bridge.dial_schedule import DialledSystem, DialSchedule, systems
from signaling.sip.bridge.front_door import ROOM as FRONT_DOOR
from signaling.sip.bridge.front_door import FrontDoor, Visitor
from signaling.sip.bridge.inbound_auth import FORBIDDEN, UNAUTHORIZED, Caller, InboundCallAuth, Refused
from signaling.sip.bridge.protection import media_encryption, protection
from signaling.sip.bridge.registrar import Registrar
from signaling.sip.protocol.errors import CallNotAdmitted, OfferRefused
from signaling.sip.protocol.trace import TracedCall

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
LOOK_INTERVAL = timedelta(seconds=5)
"""Interval between two looks at which sessions are open and which devices they dial."""
MAX_CALLS_PER_TICK = 20
"""Calls that begin within one tick: a hundred rooms are called within five seconds, not in one burst."""
TELL_SECONDS = 0.2
"""Changes are gathered this long: a hundred rooms may answer within a second."""
TEST_MARGIN = timedelta(minutes=5)
"""Time before a session in which devices of its points get no test call."""
TEMPORARILY_UNAVAILABLE, BUSY = 480, 486
NOT_ENCRYPTED = "Không mã hóa được"
"""What the audit log says of a caller that does not meet the demand of the directory."""
DESCRIPTION_REFUSED = {415, 488, 606}
"""Statuses of a device that does not take our session description (RFC 3261 §21.4.13, §21.4.26, §21.6.4)."""


NO_CODE = {"", "diemcau"}
"""Users of a call that dials our address alone, or the user under which we call."""
SIP_ALONE: tuple[DeviceProtocol, ...] = ("SIP",)
Connect = Callable[[str, str, RoomSystem], Awaitable[None]]
"""Gives a seat of a room the media of a call. Raises MediaError, CallFailed."""


class SipBridge:
    """Dials room systems, takes their calls, and ties each call to its seat."""

    def __init__(
        self,
        manager: MeetingManager,
        scheduler: Scheduler,
        equipment: Equipment,
        guest_access: GuestAccess,
        admission: SipAdmission,
        inbound_auth: InboundCallAuth,
        registrar: Registrar,
        recorder: CallRecorder,
    ) -> None:
        self._manager = manager
        self._scheduler = scheduler
        self._equipment = equipment
        self._guest_access = guest_access
        self._admission = admission
        self._inbound_auth = inbound_auth
        self._registrar = registrar
        self._recorder = recorder
        self.agent: CallAgent | None = None
        """None: there is no gateway, and no call is made or taken."""
        self.protocols: Collection[DeviceProtocol] = SIP_ALONE
        """Those that are spoken."""
        self._gatekeeper: tuple[str, int] | None = None
        self._schedules: dict[str, DialSchedule] = {}
        self._registry = CallRegistry(manager, recorder, self._changed)
        self._calling: dict[tuple[str, str], asyncio.Task[None]] = {}
        """Dialling tasks by meeting and device."""
        self._pressing: set[asyncio.Task[None]] = set()
        """Keys of visitors of the front door that are being obeyed."""
        self._telling: dict[str, asyncio.Task[None]] = {}
        """Pending updates to controllers, by meeting."""
        self._looked_at: datetime | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._front_door = FrontDoor(
            manager.engine, inbound_auth, self._move_in, lambda now: scheduler.policy(now).zone
        )
        self.call_tester = CallTester(manager.engine, recorder, self._dial, manager.dependencies.clock)
        manager.hand_digits_to(self._digit_received)
        manager.hand_media_news_to(self._media_elsewhere)
        manager.hand_keyframe_requests_to(self._keyframe_wanted)
        manager.hand_floor_decisions_to(self._floor_decided)

    async def start(
        self,
        agent: CallAgent,
        protocols: Collection[DeviceProtocol] = SIP_ALONE,
        gatekeeper: tuple[str, int] | None = None,
    ) -> None:
        """Open the sockets of some protocols, resume the calls of an earlier process, begin to dial. Raises OSError.

        `gatekeeper` is the address of that of H.323, if there is one.
        """
        self.protocols, self._gatekeeper, now = protocols, gatekeeper, self._manager.dependencies.clock()
        earlier = [(meeting, each) for meeting in self._manager.meetings.values() for each in meeting.left_systems]
        await self._look(now)
        devices = {device.id: device for device in await self._equipment.devices()} if earlier else {}
        calls = await agent.start([each.call for _, each in earlier])
        self.agent = agent
        recorded = await self._recorder.open_ids()
        for (meeting, each), call in zip(earlier, calls, strict=True):
            self._recorder.resume(recorded.get((meeting.id, each.device)), call)
            await self._resume(meeting, each, call, devices.get(each.device), now)
        await self._recorder.close_rest()
        self._ticking = asyncio.create_task(self._tick_forever())

    async def run_without_gateway(self) -> None:
        """Run without a gateway: room systems of an earlier process leave, because nobody resumes their calls."""
        for meeting in list(self._manager.meetings.values()):
            earlier, meeting.left_systems = meeting.left_systems, ()
            for each in earlier:
                log.warning("x the room system in seat %s of %s leaves: there is no SIP gateway", each.seat, meeting.id)
                await meeting.apply(meeting.state.drop_room_system(each.seat))

    async def _resume(
        self, meeting: MeetingRunner, snapshot: SystemSnapshot, call: RoomCall, device: Device | None, now: datetime
    ) -> None:
        """Resume the call of a room system of an earlier process; hang up if it has no seat or device."""
        meeting.left_systems = tuple(each for each in meeting.left_systems if each is not snapshot)
        seat = meeting.state.roster.seats.get(snapshot.seat)
        if device is None or seat is None:
            await call.hang_up()
            await meeting.apply(meeting.state.drop_room_system(snapshot.seat))
            return
        schedule = self._schedules.get(meeting.id, DialSchedule())
        system = schedule.systems.get(device.id, DialledSystem(device, seat.device, seat.name))
        member = RoomSystem(device, system.name, call.peer.address)
        call.credentials = credentials(device, await self._equipment.sip_secrets(device.id))
        member.call, member.up = call, seat.up
        member.protection = protection(device.encryption, call.peer.transport, call.sdp)
        if meeting.resume(member, seat.id):
            await self._registry.hold(BridgedCall(meeting, system, member), now)
        else:
            await call.hang_up()

    async def prepare_move(self, meeting: MeetingRunner) -> Callable[[], Awaitable[None]]:
        """Take down the calls of a meeting whose room moves; what this returns moves them, too."""
        return await self._registry.prepare_move(meeting)

    async def stop(self) -> None:
        """End all calls and close the sockets."""
        await self._end_tasks()
        if self.agent is not None:
            await self.agent.close()
        await self._recorder.stop()

    async def leave(self) -> None:
        """Close the sockets without ending the calls: the next process that runs the meetings resumes them."""
        await self._end_tasks()
        await self._recorder.leave()
        if self.agent is not None:
            await self.agent.leave()
            self.agent = None

    async def _end_tasks(self) -> None:
        tasks = [
            *self._pressing,
            *self._calling.values(),
            *self._telling.values(),
            *([self._ticking] if self._ticking else []),
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.call_tester.stop()
        await self._registry.stop()
        await self._front_door.close()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick(self._manager.dependencies.clock())
            except (SQLAlchemyError, OSError):
                log.exception("x the SIP bridge failed to check its calls")

    async def tick(self, now: datetime) -> None:
        """Dial devices that are due, look for newly opened sessions, and end calls without media."""
        if self._looked_at is None or now - self._looked_at >= LOOK_INTERVAL:
            self._looked_at = now
            await self._look(now)
        await self._registry.watch(now)
        await self._front_door.tick(now)
        for session, schedule in list(self._schedules.items()):
            meeting = self._manager.meetings.get(session)
            if meeting is None:
                self._forget(session)
                continue
            for system in schedule.due(now, MAX_CALLS_PER_TICK):
                self._begin(meeting, system, now)
            self._changed(meeting)

    async def _look(self, now: datetime) -> None:
        """Add the room systems of every session whose slot has begun to its dial schedule."""
        by_point = systems(await self._equipment.devices(), await self._equipment.bindings(now))
        second = now.replace(microsecond=0)
        for session in await self._scheduler.sessions(second, second + timedelta(seconds=1)) if by_point else []:
            invited = set(session.everyone) & by_point.keys()
            if session.state != State.ISSUED or not invited:
                continue
            meeting = await self._manager.open(session)
            expected = [
                DialledSystem(device, number, place.device_name(number))
                for place in meeting.state.booking.places
                for number, device in by_point.get(place.id, [])
                if number <= place.devices
            ]
            meeting.state.roster.reserved_legs = {leg_of(each.device.point, each.number) for each in expected}
            self._schedules.setdefault(session.id, DialSchedule()).expect(expected, now)

    def _forget(self, session: str) -> None:
        """Drop the schedule and dialling tasks of a meeting that is over."""
        del self._schedules[session]
        for (of, _), task in list(self._calling.items()):
            if of == session:
                task.cancel()

    def _changed(self, meeting: MeetingRunner) -> None:
        """Schedule an update of the call states to the controllers of a meeting."""
        if meeting.id not in self._telling:
            self._telling[meeting.id] = asyncio.create_task(self._tell(meeting))

    async def _tell(self, meeting: MeetingRunner) -> None:
        await asyncio.sleep(TELL_SECONDS)
        del self._telling[meeting.id]
        schedule = self._schedules.get(meeting.id)
        if self._goes_on(meeting) and schedule is not None and (states := schedule.news()) is not None:
            await meeting.apply(meeting.state.calls(states))

    def _goes_on(self, meeting: MeetingRunner) -> bool:
        return self._manager.meetings.get(meeting.id) is meeting

    # --- calling

    def _begin(self, meeting: MeetingRunner, system: DialledSystem, now: datetime) -> None:
        key = meeting.id, system.device.id
        dialled = any(device == key[1] and of != key[0] for of, device in self._calling)
        if dialled or self._registry.elsewhere(*key) or self.call_tester.running(system.device.id):
            system.elsewhere(now)
            return
        system.calling()
        task = asyncio.create_task(self._call(meeting, system))
        self._calling[key] = task
        task.add_done_callback(lambda done: self._calling.pop(key, None) if self._calling.get(key) is done else None)

    async def _call(self, meeting: MeetingRunner, system: DialledSystem) -> None:
        """Call a device if its place is free and a leg is left, and seat it when it answers."""
        now, place = self._manager.dependencies.clock(), _place(meeting, system.device.point)
        try:
            holder = meeting.state.roster.holder(leg_of(place.id, system.number))
            if holder is not None and holder.client is not None and not system.requested:
                system.taken(now)
            elif place.id in meeting.state.removed or await self._guest_access.lacking(place.id, meeting.id, now):
                system.failed(now, FORBIDDEN)
            elif (where := await self.locate(system.device)) is None:  # its registration has ended
                system.failed(now, TEMPORARILY_UNAVAILABLE)
            elif not await self._admission.enter(meeting, place, system.number, now):
                system.full(now)
            elif self._goes_on(meeting):
                await self._ring(meeting, system, place, where)
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
            call = await self._dial(meeting.id, host, system.device, seat, where, record)
            await self._answered(meeting, system, place, call, seat, record)
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

    async def _dial(
        self, room: str, name: str, device: Device, seat: str, where: Target, record: CallRecord
    ) -> RoomCall:
        """Call a device, and where it redirects to if that is registered. Raises CallFailed, MediaError, OSError."""
        try:
            try:
                return await self._invite(room, name, device, seat, where)
            except CallRefused as refused:
                if (other := await self._registered(device.point, refused.contacts)) is None:
                    raise
                other = replace(other, credentials=where.credentials, session_s=where.session_s)
                return await self._invite(room, name, device, seat, other)
        except EngineGone:  # it is called again at once
            raise
        except (CallFailed, MediaError, OSError) as error:
            await self._recorder.failed(record, *call_records.failure(error))
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

    async def locate(self, device: Device) -> Target | None:
        """Return where a device is called now; None for one without an address, registration or number at a gatekeeper,
        or of a protocol that is not spoken."""
        if device.protocol not in self.protocols:
            return None
        bindings = await self._equipment.bindings(self._manager.dependencies.clock())
        secrets = await self._equipment.sip_secrets(device.id)
        return target(device, bindings.get(device.id), secrets, self._gatekeeper)

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

    # --- being called

    async def called(self, incoming: IncomingRoomCall) -> None:
        """Take an incoming call, or refuse it."""
        try:
            await self._take(incoming, self._manager.dependencies.clock())
        except Refused as refused:
            log.info("> %s to %s", refused.status, incoming.peer.address)
            if refused.status == UNAUTHORIZED:
                incoming.challenge()
            else:
                incoming.refuse(refused.status)
            now = self._manager.dependencies.clock()
            heard = incoming.from_its_address or refused.device is None or await incoming.acknowledged()
            if refused.guess_of is not None and heard:
                await self._inbound_auth.guessed(refused.guess_of, incoming.peer, now)
            if refused.device is not None and heard:
                record = await self._received(incoming, refused.device, now)
                await self._recorder.failed(record, "refused", refused.status)
        except SQLAlchemyError:
            log.exception("x call from %s failed", incoming.peer.address)
            incoming.refuse(UNAVAILABLE)

    def digit_pressed(self, call: RoomCall, digit: str) -> None:
        """Take a digit that a room system sent in an INFO request."""
        visitor = self._front_door.of(call)
        if visitor is None:
            self._registry.press_in(call, digit)
        else:
            self._spawn(self._front_door.press(visitor, digit, "info", self._manager.dependencies.clock()))

    async def _digit_received(self, event: DigitPressed) -> None:
        """Take a digit that a room system sent in its RTP."""
        visitor = self._front_door.visitors.get(event.seat) if event.room == FRONT_DOOR else None
        if visitor is None:
            await self._registry.press(event.room, event.seat, event.digit)
        else:
            self._spawn(self._front_door.press(visitor, event.digit, "rtp", self._manager.dependencies.clock()))

    async def _keyframe_wanted(self, event: KeyframeWanted) -> None:
        """Ask a room system within its call for a key frame."""
        bridged = self._registry.at(event.room, event.seat)
        call = self.call_tester.calls.get(event.room) if bridged is None else bridged.member.call
        if call is not None:
            call.request_keyframe(slides=event.slides)

    async def _floor_decided(self, event: FloorDecided) -> None:
        """Tell a room system within its call whose slides are shown."""
        bridged = self._registry.at(event.room, event.seat)
        if bridged is not None and bridged.member.call is not None:
            bridged.member.call.decide_floor(event.decision)

    def share_asked(self, call: RoomCall, on: bool) -> None:
        """Take that a room system asks to show its slides within its call, or ends that."""
        self._registry.share(call, on)

    async def _media_elsewhere(self, event: MediaElsewhere) -> None:
        """Tell controllers and the audit log that sound or picture comes from another address than the one named."""
        bridged = self._registry.at(event.room, event.seat)
        if bridged is not None:
            bridged.system.media_elsewhere(event.host, taken=event.taken)
            self._changed(bridged.meeting)
            action = "media-taken" if event.taken else "media-dropped"
            now, where = self._manager.dependencies.clock(), f"{event.expected} → {event.host}"
            await self._admission.note(bridged.member, action, bridged.system.device.point, where, now)

    async def registering(self, registration: Registration) -> None:
        """Answer a device that registers."""
        try:
            await self._registrar.answer(registration, self._manager.dependencies.clock())
        except SQLAlchemyError:
            log.exception("x a registration from %s failed", registration.host)
            registration.refuse(UNAVAILABLE)

    def keyframe_requested(self, call: RoomCall, *, slides: bool = False) -> None:
        """Forward a request for a key frame within a call (RFC 5168) to the media engine."""
        self._registry.refresh(call, slides=slides)

    async def reoffered(self, call: RoomCall, offer: str) -> str:
        """Have the media engine answer an offer within a call. Raises OfferRefused."""
        answer = await self._registry.change(
            call, lambda room, seat: self._manager.engine.renegotiate(room, seat, offer)
        )
        self._registry.reprotect(call, answer)
        return answer

    async def reoffer(self, call: RoomCall) -> str:
        """Have the media engine offer what a call uses. Raises OfferRefused."""
        return await self._registry.change(call, self._manager.engine.reoffer)

    async def reanswered(self, call: RoomCall, answer: str) -> None:
        """Pass the answer to that offer to the media engine; what cannot be used leaves the call as it was."""
        with contextlib.suppress(OfferRefused):
            await self._registry.change(call, lambda room, seat: self._manager.engine.accept(room, seat, answer))

    async def _take(self, incoming: IncomingRoomCall, now: datetime) -> None:
        if self._manager.stopping:
            raise Refused(UNAVAILABLE)
        if incoming.user in NO_CODE:
            visitor = await self._front_door.take(incoming, now)
            if visitor is not None and visitor.call is not None:
                device, call = visitor.known.device, visitor.call
                record = await self._received(incoming, device, now, "front-door")
                protected = protection(device.encryption, incoming.peer.transport, call.sdp)
                await self._recorder.answered(call_records.carrying(record, call, device, protected), call)
            return
        caller = await self._inbound_auth.judge(incoming, now)
        record = await self._received(incoming, caller.device, now)
        record = replace(record, session=caller.session.id, number=caller.session.number)
        try:
            await self._join(caller, incoming, partial(self._answer, incoming, record), now)
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
        return call_records.received(device, await self._name(device), incoming, now, purpose)

    async def _name(self, device: Device) -> str:
        """Return the name of a device."""
        point, devices = await self._scheduler.point(device.point), await self._equipment.devices(device.point)
        names = device_names(point.name, point.devices, point.numbers)
        return next((name for each, name in zip(devices, names, strict=False) if each.id == device.id), point.name)

    async def _move_in(self, caller: Caller, visitor: Visitor) -> None:
        """Move the call of a visitor of the front door into its session. Raises Refused, MediaError, CallFailed."""
        now = self._manager.dependencies.clock()
        await self._join(caller, visitor.incoming, partial(self._move, visitor), now)
        if visitor.call is not None:
            await self._recorder.entered(visitor.call, caller.session.id, caller.session.number)

    async def _join(self, caller: Caller, incoming: IncomingRoomCall, connect: Connect, now: datetime) -> None:
        """Let a caller into its session. Raises Refused, MediaError, CallFailed, OSError."""
        if self._manager.stopping:
            raise Refused(UNAVAILABLE)
        meeting = await self._manager.meeting(caller.session)
        place = _place(meeting, caller.device.point)
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
        except NotEncrypted as error:
            await self._admission.note(member, "call-refused", caller.device.point, f"{NOT_ENCRYPTED}: {error}", now)
            raise Refused(NOT_ACCEPTABLE) from None
        finally:
            if not member.held:
                if system.state == "calling" and (meeting.id, caller.device.id) not in self._calling:
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
        """Seat a caller, then connect sound and picture. Raises Refused, MediaError, CallFailed."""
        seat = secrets.token_urlsafe(9)
        async with meeting.join_lock:
            if not await self._admission.compare(member, caller.number, identity_of_caller(incoming), now):
                raise Refused(FORBIDDEN)
            if (calling := self._calling.pop((meeting.id, caller.device.id), None)) is not None:
                calling.cancel()
                await asyncio.wait([calling])
            if not await self._admission.enter(meeting, place, caller.number, now):
                raise Refused(BUSY)
            announced = incoming.peer.name
            await self._admission.sit(meeting, member, place, caller.number, seat, now, announced=announced)
        await connect(meeting.id, seat, member)

    async def _answer(
        self, incoming: IncomingRoomCall, record: CallRecord, room: str, seat: str, member: RoomSystem
    ) -> None:
        """Answer a call with the media of a seat."""
        call = await call_media.answer(self._manager.engine, incoming, member.device, room, seat)
        member.call, member.protection = call, protection(member.device.encryption, incoming.peer.transport, call.sdp)
        await self._recorder.answered(call_records.carrying(record, call, member.device, member.protection), call)

    async def _move(self, visitor: Visitor, room: str, seat: str, member: RoomSystem) -> None:
        """Move the media of a visitor's call to a seat."""
        assert visitor.call is not None
        held = await self._front_door.descriptions(visitor)
        await call_media.move(self._manager.engine, visitor.call, member.device, held, room, seat)
        member.call = visitor.call
        member.protection = protection(member.device.encryption, visitor.call.peer.transport, visitor.call.sdp)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._pressing.add(task)
        task.add_done_callback(self._pressing.discard)

    # --- what people ask for

    async def answers(self, device: Device) -> bool:
        """Return whether a device answers OPTIONS, or by H.323 a connection, before it is relied on (R-021).

        Raises NoGateway.
        """
        where = await self.locate(device)
        if self.agent is None or where is None:
            raise NoGateway
        return await self.agent.alive(where)

    async def traced(self, device: Device) -> list[TracedCall]:
        """Return the newest calls with a device where it is called now, and their messages. Raises NoGateway."""
        where = await self.locate(device)
        if self.agent is None or where is None:
            raise NoGateway
        return self.agent.traced(where.host)

    async def try_call(self, device: Device, now: datetime) -> CallTest:
        """Begin a test call with a device. Raises NoGateway, DeviceInCall, SessionDue, TooManyTests."""
        where = await self.locate(device)
        if self.agent is None or where is None:
            raise NoGateway
        visits = any(each.known.device.id == device.id for each in self._front_door.visitors.values())
        if visits or self._registry.has(device.id) or any(each == device.id for _, each in self._calling):
            raise DeviceInCall
        soon = now.replace(microsecond=0)
        for session in await self._scheduler.sessions(soon, soon + TEST_MARGIN):
            if session.state == State.ISSUED and device.point in session.everyone:
                raise SessionDue
        return self.call_tester.begin(device, await self._name(device), where)

    async def redial(self, client: Client, message: Redial, now: datetime) -> None:
        """Call a device again, also one that is seated but hangs (Điều 14.3.c, R-095). Raises MessageError."""
        meeting = self._manager.joined(client)
        meeting.state.may_redial(client.id)
        schedule = self._schedules.get(meeting.id)
        system = None if schedule is None else schedule.systems.get(message.device)
        if system is None:
            raise MessageError("unknown-seat")
        tools, account, source = self._manager.dependencies, client.account.account, client.source
        await tools.audit.append(source.entry(now, account, "redial", meeting.id, system.name))
        await tools.incidents.note(meeting.id, "noted", account, now, f"Gọi lại {system.name}")
        if system.state != "calling":
            await self._registry.let_go(system, now)
            system.ask(now)
            self._begin(meeting, system, now)
        self._changed(meeting)


def _of_session(record: CallRecord, meeting: MeetingRunner) -> CallRecord:
    return replace(record, session=meeting.id, number=meeting.state.booking.number)


def _place(meeting: MeetingRunner, point: str) -> Place:
    return next(place for place in meeting.state.booking.places if place.id == point)
