"""Admits room systems to meetings: compares them with the register, counts their legs, seats them muted."""

from dataclasses import replace
from datetime import datetime

from mediaserver.sdp.sip_parse import codec_names
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import ObservedDevice
from signaling.audit.log import AuditLog
from signaling.meeting.capacity_guard import CapacityGuard
from signaling.meeting.client import DeviceMember
from signaling.meeting.runner import MeetingRunner
from signaling.meeting.state.roster import Choice, Person, Place, leg_of
from signaling.sip.agent.room_call import IncomingRoomCall, RoomCall


def identity_of_caller(incoming: IncomingRoomCall) -> ObservedDevice:
    """Return the identity and codecs that a device announces when it calls. Raises BadOffer."""
    peer = incoming.peer
    return ObservedDevice(
        "" if peer.routed else peer.address, peer.user_agent, peer.name, offered=codec_names(incoming.offer)
    )


def identity_of_called(call: RoomCall) -> ObservedDevice:
    """Return the identity and codecs that a device announces when it answers. Raises BadOffer."""
    peer = call.peer
    return ObservedDevice(
        "" if peer.routed else peer.address, peer.user_agent, peer.name, answered=codec_names(call.sdp)
    )


def place_of(meeting: MeetingRunner, point: str) -> Place:
    """Return the place of a point in a meeting."""
    return next(place for place in meeting.state.booking.places if place.id == point)


class SipAdmission:
    """Seats room systems by the rules that hold for browsers."""

    def __init__(self, equipment: Equipment, guard: CapacityGuard, audit: AuditLog) -> None:
        self._equipment = equipment
        self._guard = guard
        self._audit = audit

    async def note(self, system: DeviceMember, action: str, subject: str, detail: str, now: datetime) -> None:
        """Write an audit entry about an action of a room system."""
        await self._audit.append(system.source.entry(now, system.account.account, action, subject, detail))

    async def enter(self, meeting: MeetingRunner, place: Place, number: int, now: datetime) -> bool:
        """Count the leg of a device; return False if none is left."""
        return await self._guard.enter(meeting.capacity_pool, leg_of(place.id, number), meeting.state.booking.legs, now)

    async def free(self, meeting: MeetingRunner, place: Place, number: int) -> None:
        """Release the leg of a failed call, unless a client holds it."""
        leg = leg_of(place.id, number)
        holder = meeting.state.roster.holder(leg)
        if holder is None or not holder.here:
            self._guard.leave(meeting.capacity_pool, leg)

    async def compare(self, system: DeviceMember, number: int, seen: ObservedDevice, now: datetime) -> bool:
        """Flag differences from the register; return True if the device may come in (R-004, R-034, R-055).

        Another MCU announces who is there, not its registered name.
        """
        point = system.device.point
        seen = replace(seen, name="") if system.device.kind == "LINK" else seen
        differences = await self._equipment.check_device(point, number, seen, now)
        for each in differences:
            await self.note(system, "drift", point, f"{each.field}: {each.old} → {each.new}", now)
        return not self._equipment.keeps_out(differences, now)

    async def sit(
        self,
        meeting: MeetingRunner,
        system: DeviceMember,
        place: Place,
        number: int,
        seat: str,
        now: datetime,
        *,
        camera: bool = True,
        announced: str = "",
    ) -> None:
        """Seat a device, muted until it is given the floor (R-056); a client that holds its place leaves it.

        Another MCU is shown by the name that it announces.
        """
        state, leg = meeting.state, leg_of(place.id, number)
        await self.note(system, "enter", meeting.id, state.booking.number, now)
        await meeting.admit(place.id, now)
        account, other = system.account, system.device.kind == "LINK"
        person = Person(
            *(account.account, account.name, place),
            controller=False,
            system=True,
            mcu=other,
            announced=announced if other else "",
        )
        choice = Choice(device=number, replaced=state.roster.holder(leg), leg=leg, seat=seat)
        meeting.add(system)
        _, effects = state.join(system.id, person, choice, now)
        effects += state.media(system.id, mic=False, camera=camera)
        state.offered(system.id)
        await meeting.apply(effects)
