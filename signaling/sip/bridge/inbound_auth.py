"""Authorises incoming calls: a registered device, its own address, the code of an open session of its point.

A refused caller learns no more than one who guesses: 403, or 404 for a code (R-051, R-057).
"""

from dataclasses import dataclass
from datetime import datetime

from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors as scheduler_errors
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
    """A call is not taken; `status` is the SIP response (RFC 3261, 21)."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: a device, the `number`-th of its point, and the session it calls."""

    session: Session
    device: Device
    number: int


class InboundCallAuth:
    """Checks callers against register, codes, guest access and throttle."""

    def __init__(
        self, scheduler: Scheduler, equipment: Equipment, guest_access: GuestAccess, throttle: Throttle, audit: AuditLog
    ) -> None:
        self._scheduler = scheduler
        self._equipment = equipment
        self._guest_access = guest_access
        self._throttle = throttle
        self._audit = audit

    async def judge(self, code: str, peer: RemoteParty, now: datetime) -> Caller:
        """Identify the caller. Raises Refused after the attempt is audited."""
        attempt = await self._throttle.attempt(throttle.CODE, f"sip:{peer.address}")
        if attempt.locked:
            raise Refused(FORBIDDEN)
        numbered = await self._device(peer.address)
        if numbered is None:
            await self._guessed("", peer, attempt, "call-refused", peer.address, now)
            raise Refused(FORBIDDEN)
        number, device = numbered
        actor = f"vcs:{device.id}"
        try:
            session = await self._scheduler.enter(code, device.point, now)
        except (scheduler_errors.CodeUnknown, scheduler_errors.NotInvited):
            await self._guessed(actor, peer, attempt, "code-wrong", device.point, now)
            raise Refused(UNKNOWN) from None
        except scheduler_errors.NotAdmitted:
            await self._throttle.take_back(attempt)
            raise Refused(FORBIDDEN) from None
        await self._throttle.take_back(attempt)
        if await self._guest_access.lacking(device.point, session.id, now):
            await self._note(actor, peer, "not-granted", session.id, now)
            raise Refused(FORBIDDEN)
        return Caller(session, device, number)

    async def _device(self, caller: str) -> tuple[int, Device] | None:
        """Return the room system with an address, and its number among the devices of its point."""
        devices = await self._equipment.devices()
        own = [each for each in devices if each.address == address(caller) and each.kind in ROOM_SYSTEMS]
        if not own:
            return None
        siblings = [each.id for each in devices if each.point == own[0].point]
        return siblings.index(own[0].id) + 1, own[0]

    async def _guessed(
        self, actor: str, peer: RemoteParty, attempt: Attempt, action: str, subject: str, now: datetime
    ) -> None:
        """Audit a call that may be a guess, and the lockout that the last allowed failure causes."""
        await self._note(actor, peer, action, subject, now)
        if attempt.last:
            await self._note(actor, peer, "code-locked", subject, now)

    async def _note(self, actor: str, peer: RemoteParty, action: str, subject: str, now: datetime) -> None:
        detail = " · ".join(name for name in (peer.name, peer.user_agent) if name)[:200]
        await self._audit.append(AuditEntry(now, actor, action, subject, detail, peer.address, SIP_PORT))
