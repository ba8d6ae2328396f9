"""Connects room systems with meetings: dials them when their session opens and takes calls of registered ones.

Here is when that is, and what is said within calls; how a room system is called is in `outbound_calls.py`, and how one
that calls is let in in `inbound_calls.py`. Điều 3.5, 11.7; R-056, R-057.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Collection, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import DigitPressed, FloorDecided, KeyframeWanted, MediaElsewhere, ShareAsked
from mediaserver.errors import BadOffer, MediaError
from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import LostKey
from scheduler.core.model import State
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device, DeviceProtocol
from scheduler.directory.points.guest_access import GuestAccess
from signaling.calls.call_test import CallTest
from signaling.calls.recorder import CallRecorder
from signaling.core.audit_entry import AuditEntry
from signaling.core.errors import DeviceInCall, MessageError, NoGateway, SessionDue
from signaling.h323.agent.context import RAS
from signaling.meeting.client import Client
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import SIP_TLS_PORT, RoomSystem, credentials
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import leg_of
from signaling.meeting.state.snapshot import SystemSnapshot
from signaling.messages.calls import Redial
from signaling.sip.agent.agent import Registration
from signaling.sip.agent.room_call import CallAgent, IncomingRoomCall, RoomCall
from signaling.sip.bridge import call_records
from signaling.sip.bridge.admission import SipAdmission
from signaling.sip.bridge.call_registry import NOT_ACCEPTABLE, UNAVAILABLE, BridgedCall, CallRegistry
from signaling.sip.bridge.call_tester import CallTester
from signaling.sip.bridge.certificate_refusals import CertificateRefusals
from signaling.sip.bridge.dial_schedule import DialledSystem, DialSchedule, systems
from signaling.sip.bridge.front_door import ROOM as FRONT_DOOR
from signaling.sip.bridge.inbound_auth import InboundCallAuth
from signaling.sip.bridge.inbound_calls import InboundCalls
from signaling.sip.bridge.outbound_calls import SIP_ALONE, OutboundCalls
from signaling.sip.bridge.protection import protection
from signaling.sip.bridge.registered_peers import RegisteredPeers
from signaling.sip.bridge.registrar import Registrar
from signaling.sip.protocol.errors import OfferRefused
from signaling.sip.protocol.trace import TracedCall

log = logging.getLogger(__name__)

T = TypeVar("T")
PENDING = 491
TICK_SECONDS = 1.0
LOOK_INTERVAL = timedelta(seconds=5)
"""Interval between two looks at which sessions are open and which devices they dial."""
MAX_CALLS_PER_TICK = 20
"""Calls that begin within one tick: a hundred rooms are called within five seconds, not in one burst."""
TELL_SECONDS = 0.2
"""Changes are gathered this long: a hundred rooms may answer within a second."""
NO_CERTIFICATE = "Không có chứng thư TLS được chấp nhận"
"""What the audit log says of an address that is refused by TLS."""
TEST_MARGIN = timedelta(minutes=5)
"""Time before a session in which devices of its points get no test call."""


class SipBridge:
    """Ties calls of room systems, those it makes (`outbound`) and those it takes (`inbound`), to their seats."""

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
        self._admission = admission
        self._registrar = registrar
        self._recorder = recorder
        self._schedules: dict[str, DialSchedule] = {}
        self._peers = RegisteredPeers()
        self._registry = CallRegistry(manager, recorder, self._changed)
        self.outbound = OutboundCalls(
            manager, equipment, guest_access, admission, recorder, self._registry, self._changed
        )
        self.inbound = InboundCalls(
            manager,
            scheduler,
            equipment,
            admission,
            inbound_auth,
            recorder,
            self._registry,
            self.outbound,
            self._schedules,
            self._changed,
        )
        self._certificate_refusals = CertificateRefusals()
        self._pressing: set[asyncio.Task[None]] = set()
        """Keys of visitors of the front door that are being obeyed, and entries of the audit log that are written."""
        self._telling: dict[str, asyncio.Task[None]] = {}
        """Pending updates to controllers, by meeting."""
        self._looked_at: datetime | None = None
        self._ticking: asyncio.Task[None] | None = None
        self.call_tester = CallTester(manager.engine, recorder, self.outbound.dial, manager.dependencies.clock)
        manager.hand_digits_to(self._digit_received)
        manager.hand_media_news_to(self._media_elsewhere)
        manager.hand_keyframe_requests_to(self._keyframe_wanted)
        manager.hand_floor_decisions_to(self._floor_decided)
        manager.hand_share_requests_to(self._share_asked)

    async def start(
        self,
        agent: CallAgent,
        protocols: Collection[DeviceProtocol] = SIP_ALONE,
        gatekeeper: tuple[str, int] | None = None,
    ) -> None:
        """Open the sockets of some protocols, resume the calls of an earlier process, begin to dial. Raises OSError.

        `gatekeeper` is the address of that of H.323, if there is one.
        """
        now = self._manager.dependencies.clock()
        self.outbound.protocols, self.outbound.gatekeeper = protocols, gatekeeper
        earlier = [(meeting, each) for meeting in self._manager.meetings.values() for each in meeting.left_systems]
        await self._look(now)
        devices = {device.id: device for device in await self._equipment.devices()} if earlier else {}
        calls = await agent.start([each.call for _, each in earlier])
        self.outbound.agent = agent
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
        call.trace_as(device.id)
        call.credentials = credentials(device, await self._equipment.sip_secrets(device.id))
        member.call, member.up = call, seat.up
        member.protection = protection(device.encryption, call.peer.transport, call.sdp)
        if meeting.resume(member, seat.id):
            await self._registry.hold(BridgedCall(meeting, system, member), now)
        else:
            await call.hang_up()

    async def prepare_move(
        self, meeting: MeetingRunner, seats: Collection[str] | None
    ) -> Callable[[], Awaitable[None]]:
        """Take down the calls of a meeting whose room moves, or those in some seats; what this returns moves them."""
        return await self._registry.prepare_move(meeting, seats)

    async def stop(self) -> None:
        """End all calls and close the sockets."""
        await self._end_tasks()
        if self.outbound.agent is not None:
            await self.outbound.agent.close()
        await self._recorder.stop()

    async def leave(self) -> None:
        """Close the sockets without ending the calls: the next process that runs the meetings resumes them."""
        await self._end_tasks()
        await self._recorder.leave()
        if self.outbound.agent is not None:
            await self.outbound.agent.leave()
            self.outbound.agent = None

    async def _end_tasks(self) -> None:
        tasks = [
            *self._pressing,
            *self._telling.values(),
            *([self._ticking] if self._ticking else []),
        ]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.outbound.stop()
        await self.call_tester.stop()
        await self._registry.stop()
        await self.inbound.front_door.close()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick(self._manager.dependencies.clock())
            except (SQLAlchemyError, OSError, LostKey):
                log.exception("x the SIP bridge failed to check its calls")

    async def tick(self, now: datetime) -> None:
        """Dial devices that are due, look for newly opened sessions, and end calls without media."""
        if self._looked_at is None or now - self._looked_at >= LOOK_INTERVAL:
            self._looked_at = now
            await self._look(now)
        await self._registry.watch(now)
        await self.inbound.front_door.tick(now)
        for session, schedule in list(self._schedules.items()):
            meeting = self._manager.meetings.get(session)
            if meeting is None:
                self._forget(session)
                continue
            for system in schedule.due(now, MAX_CALLS_PER_TICK):
                self._begin(meeting, system, now)
            self._changed(meeting)

    async def _look(self, now: datetime) -> None:
        """Add the room systems of every session whose slot has begun to its dial schedule; note who is registered."""
        devices, bindings = await self._equipment.devices(), await self._equipment.bindings(now)
        self._peers.update(devices, bindings)
        by_point = systems(devices, bindings)
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
        """Drop the schedule of a meeting that is over, and give up its calls."""
        del self._schedules[session]
        self.outbound.forget(session)

    def _begin(self, meeting: MeetingRunner, system: DialledSystem, now: datetime) -> None:
        """Begin to call a device that is in no test call."""
        if self.call_tester.running(system.device.id):
            system.elsewhere(now)
        else:
            self.outbound.begin(meeting, system, now)

    def _changed(self, meeting: MeetingRunner) -> None:
        """Schedule an update of the call states to the controllers of a meeting."""
        if meeting.id not in self._telling:
            self._telling[meeting.id] = asyncio.create_task(self._tell(meeting))

    async def _tell(self, meeting: MeetingRunner) -> None:
        await asyncio.sleep(TELL_SECONDS)
        del self._telling[meeting.id]
        schedule = self._schedules.get(meeting.id)
        goes_on = self._manager.meetings.get(meeting.id) is meeting
        if goes_on and schedule is not None and (states := schedule.news()) is not None:
            await meeting.apply(meeting.state.calls(states))

    # --- what agents and the media engine tell

    async def called(self, incoming: IncomingRoomCall) -> None:
        """Take an incoming call, or refuse it."""
        await self.inbound.called(incoming)

    def digit_pressed(self, call: RoomCall, digit: str) -> None:
        """Take a digit that a room system sent in an INFO request."""
        visitor = self.inbound.front_door.of(call)
        if visitor is None:
            self._registry.press_in(call, digit)
        else:
            self._spawn(self.inbound.front_door.press(visitor, digit, "info", self._manager.dependencies.clock()))

    async def _digit_received(self, event: DigitPressed) -> None:
        """Take a digit that a room system sent in its RTP."""
        visitor = self.inbound.front_door.visitors.get(event.seat) if event.room == FRONT_DOOR else None
        if visitor is None:
            await self._registry.press(event.room, event.seat, event.digit)
        else:
            self._spawn(self.inbound.front_door.press(visitor, event.digit, "rtp", self._manager.dependencies.clock()))

    async def _keyframe_wanted(self, event: KeyframeWanted) -> None:
        """Ask a room system within its call for a key frame."""
        if (call := self._call_at(event.room, event.seat)) is not None:
            call.request_keyframe(slides=event.slides)

    async def _floor_decided(self, event: FloorDecided) -> None:
        """Tell a room system within its call whose slides are shown."""
        bridged = self._registry.at(event.room, event.seat)
        if bridged is not None and bridged.member.call is not None:
            bridged.member.call.decide_floor(event.decision)

    async def _share_asked(self, event: ShareAsked) -> None:
        """Take that a room system asks to show its slides by BFCP, or ends that."""
        call = self._call_at(event.room, event.seat)
        if call is None or self._registry.may_share(call):
            await self._manager.share_asked(event.room, event.seat, on=event.on)

    def _call_at(self, room: str, seat: str) -> RoomCall | None:
        """Return the call whose media are in a seat: in a meeting, in a test, or at the front door."""
        if room == FRONT_DOOR:
            visitor = self.inbound.front_door.visitors.get(seat)
            return None if visitor is None else visitor.call
        bridged = self._registry.at(room, seat)
        return self.call_tester.calls.get(room) if bridged is None else bridged.member.call

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

    def names_device(self, user: str) -> bool:
        """Return whether a registered room system has this number or user name."""
        return self._peers.names_device(user)

    def proves_itself(self, user: str) -> bool:
        """Return whether a registered room system with this number or user name proves by a password who it is."""
        return self._peers.proves_itself(user)

    def has_address(self, host: str) -> bool:
        """Return whether a room system is registered with this address, or takes calls there."""
        return self._peers.has_address(host)

    def certificate_refused(self, host: str, why: str) -> None:
        """Tell the audit log that an address was refused by TLS for want of a good certificate."""
        now = self._manager.dependencies.clock()
        if self._certificate_refusals.due(host, now):
            self._spawn(self._tell_of_certificate(host, why, now))

    async def _tell_of_certificate(self, host: str, why: str, now: datetime) -> None:
        entry = AuditEntry(now, "", "call-refused", host, f"{NO_CERTIFICATE}: {why}"[:200], host, SIP_TLS_PORT)
        try:
            await self._manager.dependencies.audit.append(entry)
        except SQLAlchemyError:
            log.exception("x the refused certificate of %s is not in the audit log", host)

    def keyframe_requested(self, call: RoomCall, *, slides: bool = False) -> None:
        """Forward a request for a key frame within a call (RFC 5168) to the media engine."""
        if (place := self._place(call)) is not None:
            self._spawn(self._refresh(*place, slides=slides))

    async def _refresh(self, room: str, seat: str, *, slides: bool) -> None:
        with contextlib.suppress(MediaError):  # it is gone, and with it whoever asked
            await self._manager.engine.refresh_picture(room, seat, slides=slides)

    async def reoffered(self, call: RoomCall, offer: str) -> str:
        """Have the media engine answer an offer within a call. Raises OfferRefused."""
        answer = await self._change(call, lambda room, seat: self._manager.engine.renegotiate(room, seat, offer))
        self._registry.reprotect(call, answer)
        self._registry.media_named(call, offer)
        return answer

    async def reoffer(self, call: RoomCall) -> str:
        """Have the media engine offer what a call uses. Raises OfferRefused."""
        return await self._change(call, self._manager.engine.reoffer)

    async def reanswered(self, call: RoomCall, answer: str) -> None:
        """Pass the answer to that offer to the media engine; what cannot be used leaves the call as it was."""
        with contextlib.suppress(OfferRefused):
            await self._change(call, lambda room, seat: self._manager.engine.accept(room, seat, answer))
            self._registry.media_named(call, answer)

    async def _change(self, call: RoomCall, work: Callable[[str, str], Awaitable[T]]) -> T:
        """Change the media of a call: do some work with its room and seat. Raises OfferRefused."""
        if (place := self._place(call)) is None:  # it is being seated: the room system asks again (RFC 3261 §14.1)
            raise OfferRefused(PENDING)
        try:
            return await work(*place)
        except MediaError as error:
            raise OfferRefused(NOT_ACCEPTABLE if isinstance(error, BadOffer) else UNAVAILABLE) from None

    def _place(self, call: RoomCall) -> tuple[str, str] | None:
        """Return the media room and the seat of a call: in a meeting, a test, or at the front door; None while it has
        none, or may be moving on from there."""
        if (visitor := self.inbound.front_door.of(call)) is not None:
            return None if visitor.judged else (FRONT_DOOR, visitor.seat)
        return self.call_tester.place(call) or self._registry.place(call)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._pressing.add(task)
        task.add_done_callback(self._pressing.discard)

    # --- what people ask for

    async def answers(self, device: Device) -> bool:
        """Return whether a device answers OPTIONS, or by H.323 a connection, before it is relied on (R-021).

        Raises NoGateway.
        """
        where = await self.outbound.locate(device)
        if self.outbound.agent is None or where is None:
            raise NoGateway
        return await self.outbound.agent.alive(where)

    async def traced(self, device: Device) -> list[TracedCall]:
        """Return the newest calls with a device and their messages, and those of no known device where it is called
        now, but for the address of the gatekeeper. Raises NoGateway."""
        if self.outbound.agent is None:
            raise NoGateway
        where = await self.outbound.locate(device)
        host = "" if where is None or where.transport == RAS else where.host
        calls = self.outbound.agent.traced(device.id, host)
        if where is None and not calls:
            raise NoGateway
        return calls

    async def try_call(self, device: Device, now: datetime) -> CallTest:
        """Begin a test call with a device. Raises NoGateway, DeviceInCall, SessionDue, TooManyTests."""
        where = await self.outbound.locate(device)
        if self.outbound.agent is None or where is None:
            raise NoGateway
        visits = any(each.known.device.id == device.id for each in self.inbound.front_door.visitors.values())
        if visits or self._registry.has(device.id) or self.outbound.rings(device.id):
            raise DeviceInCall
        soon = now.replace(microsecond=0)
        for session in await self._scheduler.sessions(soon, soon + TEST_MARGIN):
            if session.state == State.ISSUED and device.point in session.everyone:
                raise SessionDue
        name = await call_records.name_of(self._scheduler, self._equipment, device)
        return self.call_tester.begin(device, name, where)

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
