"""Who may call in: a registered device, from its own address, with the code of a session it is part of that is open.

Whoever may not is told as little as somebody who guesses: 403, or 404 for a code (R-051, R-057).
"""

from dataclasses import dataclass
from datetime import datetime

from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors as door
from scheduler.core.model import Session
from scheduler.directory.equipment.devices import ROOM_SYSTEMS, address
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from scheduler.directory.points.guest_access import GuestAccess
from signaling.accounts import throttle
from signaling.accounts.throttle import Attempt, Throttle
from signaling.audit.log import AuditLog
from signaling.core.audit_entry import AuditEntry
from signaling.meeting.room_system import SIP_PORT
from signaling.sip.agent.agent import RemoteParty

FORBIDDEN, UNKNOWN = 403, 404


class Refused(Exception):
    """A call is not taken; `status` is what it is told (RFC 3261, 21)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a device, the `number`-th of its point, for a session."""

    session: Session
    device: Device
    number: int


class InboundCallAuth:
    """Judges calls that come in."""

    def __init__(
        self, scheduler: Scheduler, equipment: Equipment, grants: GuestAccess, limits: Throttle, audit: AuditLog
    ) -> None:
        self._scheduler = scheduler
        self._equipment = equipment
        self._grants = grants
        self._throttle = limits
        self._audit = audit

    async def judge(self, code: str, peer: RemoteParty, now: datetime) -> Caller:
        """Return who calls. Raises Refused, once it is noted."""
        attempt = await self._throttle.attempt(throttle.CODE, f"sip:{peer.address}")
        if attempt.locked:
            raise Refused(FORBIDDEN)
        found = await self._device(peer.address)
        if found is None:
            await self._guessed("", peer, attempt, "call-refused", peer.address, now)
            raise Refused(FORBIDDEN)
        number, device = found
        actor = f"vcs:{device.id}"
        try:
            session = await self._scheduler.enter(code, device.point, now)
        except (door.CodeUnknown, door.NotInvited):
            await self._guessed(actor, peer, attempt, "code-wrong", device.point, now)
            raise Refused(UNKNOWN) from None
        except door.NotAdmitted:
            await self._throttle.right(attempt)
            raise Refused(FORBIDDEN) from None
        await self._throttle.right(attempt)
        if await self._grants.lacking(device.point, session.id, now):
            await self._note(actor, peer, "not-granted", session.id, now)
            raise Refused(FORBIDDEN)
        return Caller(session, device, number)

    async def _device(self, caller: str) -> tuple[int, Device] | None:
        """Return the room system of an address, with its place among the devices of its point."""
        devices = await self._equipment.devices()
        own = [each for each in devices if each.address == address(caller) and each.kind in ROOM_SYSTEMS]
        if not own:
            return None
        siblings = [each.id for each in devices if each.point == own[0].point]
        return siblings.index(own[0].id) + 1, own[0]

    async def _guessed(
        self, actor: str, peer: RemoteParty, attempt: Attempt, action: str, subject: str, now: datetime
    ) -> None:
        """Note a call that may be a guess, and the lock that the last of too many brings."""
        await self._note(actor, peer, action, subject, now)
        if attempt.last:
            await self._note(actor, peer, "code-locked", subject, now)

    async def _note(self, actor: str, peer: RemoteParty, action: str, subject: str, now: datetime) -> None:
        detail = " · ".join(said for said in (peer.name, peer.user_agent) if said)[:200]
        await self._audit.append(AuditEntry(now, actor, action, subject, detail, peer.address, SIP_PORT))
