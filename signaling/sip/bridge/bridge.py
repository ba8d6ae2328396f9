"""Room systems in meetings: the centre calls them when their session opens, and takes the calls of those registered
(Điều 3.5, 11.7; R-056, R-057)."""

import asyncio
import logging
import secrets
from datetime import datetime, timedelta

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from mediaserver.api import SeatOptions
from mediaserver.errors import BadOffer, EngineGone, MediaError
from scheduler.booking.registration.service import Scheduler
from scheduler.core.model import State
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from scheduler.directory.points.guest_access import GuestAccess
from signaling.core.errors import MessageError, NoGateway
from signaling.meeting.client import Client
from signaling.meeting.manager import MeetingManager
from signaling.meeting.room_system import RoomSystem, target
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Place, leg_of
from signaling.meeting.state.snapshot import SystemSnapshot
from signaling.messages.server import Redial
from signaling.sip.agent.agent import Agent, Call, CallFailed, CallRefused, IncomingCall
from signaling.sip.bridge.admission import SipAdmission, of_called, of_caller
from signaling.sip.bridge.call_registry import BridgedCall, CallRegistry
from signaling.sip.bridge.dial_schedule import DialledSystem, DialSchedule, systems
from signaling.sip.bridge.inbound_auth import FORBIDDEN, Caller, InboundCallAuth, Refused

log = logging.getLogger(__name__)

TICK_SECONDS = 1.0
LOOK_SECONDS = timedelta(seconds=5)
"""So often it is looked which sessions are open and whom they call."""
AT_ONCE = 20
"""Calls that begin within one tick: a hundred rooms are called within five seconds, not in one burst."""
TELL_SECONDS = 0.2
"""Changes are gathered this long: a hundred rooms may answer within a second."""
BUSY, NOT_ACCEPTABLE, UNAVAILABLE = 486, 488, 503


class SipBridge:
    """Calls, is called, and keeps calls and seats together."""

    def __init__(
        self,
        hub: MeetingManager,
        scheduler: Scheduler,
        equipment: Equipment,
        grants: GuestAccess,
        seating: SipAdmission,
        reception: InboundCallAuth,
    ) -> None:
        # given
        self._hub = hub
        self._scheduler = scheduler
        self._equipment = equipment
        self._grants = grants
        self._seating = seating
        self._reception = reception
        self.agent: Agent | None = None
        """None: there is no gateway, and no call is made or taken."""
        # owned
        self._boards: dict[str, DialSchedule] = {}
        self._kept = CallRegistry(hub, self._changed)
        self._calling: dict[tuple[str, str], asyncio.Task[None]] = {}
        """By meeting and device."""
        self._telling: dict[str, asyncio.Task[None]] = {}
        """By meeting."""
        self._looked: datetime | None = None
        self._ticking: asyncio.Task[None] | None = None

    async def start(self, agent: Agent) -> None:
        """Open the sockets, go on with the calls of an earlier process, and begin to call. Raises OSError."""
        now = self._hub.dependencies.clock()
        left = [(meeting, each) for meeting in self._hub.meetings.values() for each in meeting.left_systems]
        await self._look(now)
        devices = {device.id: device for device in await self._equipment.devices()} if left else {}
        calls = await agent.start([each.call for _, each in left])
        self.agent = agent
        for (meeting, each), call in zip(left, calls, strict=True):
            await self._go_on(meeting, each, call, devices.get(each.device), now)
        self._ticking = asyncio.create_task(self._tick_forever())

    async def forgo(self) -> None:
        """Do without sockets: the room systems of an earlier process leave, whose calls nobody leads on."""
        for meeting in list(self._hub.meetings.values()):
            left, meeting.left_systems = meeting.left_systems, ()
            for each in left:
                log.warning("x the room system in seat %s of %s leaves: there is no SIP gateway", each.seat, meeting.id)
                await meeting.apply(meeting.state.drop_room_system(each.seat))

    async def _go_on(
        self, meeting: MeetingRunner, kept: SystemSnapshot, call: Call, device: Device | None, now: datetime
    ) -> None:
        """Take up the call of a room system that an earlier process led; one without seat or device is hung up."""
        meeting.left_systems = tuple(each for each in meeting.left_systems if each is not kept)
        seat = meeting.state.roster.seats.get(kept.seat)
        if device is None or seat is None:
            await call.hang_up()
            await meeting.apply(meeting.state.drop_room_system(kept.seat))
            return
        board = self._boards.get(meeting.id, DialSchedule())
        system = board.systems.get(device.id, DialledSystem(device, seat.device, seat.name))
        member = RoomSystem(device, system.name, call.peer.address)
        member.call, member.up = call, seat.up
        if meeting.resume(member, seat.id):
            await self._kept.hold(BridgedCall(meeting, system, member), now)
        else:
            await call.hang_up()

    async def stop(self) -> None:
        """End all calls and close the sockets."""
        await self._end_tasks()
        if self.agent is not None:
            await self.agent.close()

    async def leave(self) -> None:
        """Close the sockets; calls go on with the process that leads the meetings next."""
        await self._end_tasks()
        if self.agent is not None:
            await self.agent.leave()
            self.agent = None

    async def _end_tasks(self) -> None:
        tasks = [*self._calling.values(), *self._telling.values(), *([self._ticking] if self._ticking else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._kept.stop()

    async def _tick_forever(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick(self._hub.dependencies.clock())
            except (SQLAlchemyError, RedisError, OSError):
                log.exception("x the gateway could not look")

    async def tick(self, now: datetime) -> None:
        """Let time pass: sessions that open, calls that are due, sound and picture that are gone."""
        if self._looked is None or now - self._looked >= LOOK_SECONDS:
            self._looked = now
            await self._look(now)
        await self._kept.watch(now)
        for session, board in list(self._boards.items()):
            meeting = self._hub.meetings.get(session)
            if meeting is None:
                self._forget(session)
                continue
            for system in board.due(now, AT_ONCE):
                self._begin(meeting, system, now)
            self._changed(meeting)

    async def _look(self, now: datetime) -> None:
        """Expect the room systems of every session whose slot has begun."""
        known = systems(await self._equipment.devices())
        second = now.replace(microsecond=0)
        for session in await self._scheduler.sessions(second, second + timedelta(seconds=1)) if known else []:
            invited = set(session.everyone) & known.keys()
            if session.state != State.ISSUED or not invited:
                continue
            meeting = await self._hub.open(session)
            found = [
                DialledSystem(device, number, place.device_name(number))
                for place in meeting.state.booking.places
                for number, device in known.get(place.id, [])
                if number <= place.devices
            ]
            meeting.state.roster.kept = {leg_of(each.device.point, each.number) for each in found}
            self._boards.setdefault(session.id, DialSchedule()).expect(found, now)

    def _forget(self, session: str) -> None:
        """A meeting is over."""
        del self._boards[session]
        for (of, _), task in list(self._calling.items()):
            if of == session:
                task.cancel()

    def _changed(self, meeting: MeetingRunner) -> None:
        """Something changed: those who lead the meeting are told soon."""
        if meeting.id not in self._telling:
            self._telling[meeting.id] = asyncio.create_task(self._tell(meeting))

    async def _tell(self, meeting: MeetingRunner) -> None:
        await asyncio.sleep(TELL_SECONDS)
        del self._telling[meeting.id]
        board = self._boards.get(meeting.id)
        if self._goes_on(meeting) and board is not None and (news := board.news()) is not None:
            await meeting.apply(meeting.state.calls(news))

    def _goes_on(self, meeting: MeetingRunner) -> bool:
        return self._hub.meetings.get(meeting.id) is meeting

    # --- calling

    def _begin(self, meeting: MeetingRunner, system: DialledSystem, now: datetime) -> None:
        key = meeting.id, system.device.id
        if any(device == key[1] and of != key[0] for of, device in self._calling) or self._kept.elsewhere(*key):
            system.elsewhere(now)
            return
        system.calling()
        task = asyncio.create_task(self._call(meeting, system))
        self._calling[key] = task
        task.add_done_callback(lambda done: self._calling.pop(key, None) if self._calling.get(key) is done else None)

    async def _call(self, meeting: MeetingRunner, system: DialledSystem) -> None:
        """Call a device, if its place is free and a leg is left, and seat it when it answers."""
        now, place = self._hub.dependencies.clock(), _place(meeting, system.device.point)
        try:
            holder = meeting.state.roster.holder(leg_of(place.id, system.number))
            if holder is not None and holder.client is not None and not system.asked:
                system.taken(now)
            elif await self._grants.lacking(place.id, meeting.id, now):
                system.failed(now, FORBIDDEN)
            elif not await self._seating.enter(meeting, place, system.number, now):
                system.full(now)
            elif self._goes_on(meeting):
                await self._ring(meeting, system, place)
        except (SQLAlchemyError, RedisError):
            log.exception("x %s could not be called", system.name)
            system.postponed(self._hub.dependencies.clock())
        self._changed(meeting)

    async def _ring(self, meeting: MeetingRunner, system: DialledSystem, place: Place) -> None:
        seat, clock = secrets.token_urlsafe(9), self._hub.dependencies.clock
        assert self.agent is not None
        try:
            await meeting.apply(meeting.state.ring(SeatOptions(seat, system.name, visible=False)))
            where = target(system.device)
            offer = await self._hub.engine.invite(meeting.id, seat, where.host)
            host = meeting.state.booking.places[0].name
            call = await self.agent.invite(where, offer, name=host)
            await self._answered(meeting, system, place, call, seat)
        except CallRefused as refused:
            log.info("< %s: %s %s", system.name, refused.status, refused.reason)
            system.failed(clock(), refused.status)
        except EngineGone:
            system.postponed(clock())
        except (CallFailed, MediaError, OSError) as error:
            log.info("x call of %s: %s", system.name, error)
            system.failed(clock())
        finally:
            if self._goes_on(meeting):
                await meeting.apply(meeting.state.ring_ended(seat))
                await self._seating.free(meeting, place, system.number)

    async def _answered(
        self, meeting: MeetingRunner, system: DialledSystem, place: Place, call: Call, seat: str
    ) -> None:
        """Seat who answered; whatever keeps it from its seat, sound or picture ends the call."""
        member, now = RoomSystem(system.device, system.name, call.peer.address), self._hub.dependencies.clock()
        member.call = call
        try:
            async with meeting.join_lock:
                await self._seating.compare(member, system.number, of_called(call), now)
                if not self._goes_on(meeting) or not await self._seating.enter(meeting, place, system.number, now):
                    system.full(now)
                    return
                await self._seating.sit(meeting, member, place, system.number, seat, now)
            await self._hub.engine.accept(meeting.id, seat, call.sdp)
            await self._kept.hold(BridgedCall(meeting, system, member), now)
        except BadOffer:
            system.failed(now, NOT_ACCEPTABLE)
        finally:
            if not member.held:
                await self._kept.leave(meeting, member)
                await call.hang_up()

    # --- being called

    async def called(self, incoming: IncomingCall) -> None:
        """Take a call, or refuse it."""
        try:
            await self._take(incoming, self._hub.dependencies.clock())
        except Refused as refused:
            log.info("> %s to %s", refused.status, incoming.peer.address)
            incoming.refuse(refused.status)
        except (SQLAlchemyError, RedisError):
            log.exception("x call from %s", incoming.peer.address)
            incoming.refuse(UNAVAILABLE)

    def wants_picture(self, call: Call) -> None:
        """They lost the picture, and say so by SIP."""
        self._kept.refresh(call)

    async def _take(self, incoming: IncomingCall, now: datetime) -> None:
        guest = await self._reception.judge(incoming.user, incoming.peer, now)
        if self._hub.stopping:
            raise Refused(UNAVAILABLE)
        meeting = await self._hub.meeting(guest.session)
        place = _place(meeting, guest.device.point)
        if guest.number > place.devices:  # registered since the meeting began
            raise Refused(FORBIDDEN)
        board = self._boards.get(meeting.id, DialSchedule())
        own = DialledSystem(guest.device, guest.number, place.device_name(guest.number))
        system = board.systems.get(guest.device.id, own)
        member = RoomSystem(guest.device, system.name, incoming.peer.address)
        try:
            await self._let_in(meeting, guest, member, place, incoming, now)
            await self._kept.hold(BridgedCall(meeting, system, member), now)
        except (CallFailed, OSError) as error:
            log.info("x %s called and was gone: %s", system.name, error)
        except MediaError as error:
            raise Refused(NOT_ACCEPTABLE if isinstance(error, BadOffer) else UNAVAILABLE) from None
        finally:
            if not member.held:
                if system.state == "calling" and (meeting.id, guest.device.id) not in self._calling:
                    system.failed(self._hub.dependencies.clock())  # our call was given up for this one
                    self._changed(meeting)
                await self._kept.leave(meeting, member)

    async def _let_in(
        self,
        meeting: MeetingRunner,
        guest: Caller,
        member: RoomSystem,
        place: Place,
        incoming: IncomingCall,
        now: datetime,
    ) -> None:
        """Seat who calls, then connect sound and picture. Raises Refused, MediaError, CallFailed."""
        seat = secrets.token_urlsafe(9)
        async with meeting.join_lock:
            if not await self._seating.compare(member, guest.number, of_caller(incoming), now):
                raise Refused(FORBIDDEN)
            if (calling := self._calling.pop((meeting.id, guest.device.id), None)) is not None:
                calling.cancel()
                await asyncio.wait([calling])
            if not await self._seating.enter(meeting, place, guest.number, now):
                raise Refused(BUSY)
            await self._seating.sit(meeting, member, place, guest.number, seat, now)
        answer = await self._hub.engine.connect(meeting.id, seat, incoming.offer, plain=True)
        member.call = await incoming.accept(answer)

    # --- what people ask for

    async def answers(self, device: Device) -> bool:
        """Whether a device answers when it is asked (OPTIONS), before it is counted on (R-021). Raises NoGateway."""
        if self.agent is None or device.protocol != "SIP" or device.address is None:
            raise NoGateway
        return await self.agent.alive(target(device))

    async def redial(self, client: Client, message: Redial, now: datetime) -> None:
        """Call a device again, also one that is in but hangs (Điều 14.3.c, R-095). Raises MessageError."""
        meeting = self._hub.joined(client)
        meeting.state.may_redial(client.id)
        board = self._boards.get(meeting.id)
        system = None if board is None else board.systems.get(message.device)
        if system is None:
            raise MessageError("unknown-seat")
        tools, account, source = self._hub.dependencies, client.account.account, client.source
        await tools.audit.append(source.entry(now, account, "redial", meeting.id, system.name))
        await tools.incidents.note(meeting.id, "noted", account, now, f"Gọi lại {system.name}")
        if system.state != "calling":
            await self._kept.let_go(system, now)
            system.ask(now)
            self._begin(meeting, system, now)
        self._changed(meeting)


def _place(meeting: MeetingRunner, point: str) -> Place:
    return next(place for place in meeting.state.booking.places if place.id == point)
