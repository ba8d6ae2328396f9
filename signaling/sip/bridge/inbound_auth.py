"""Authorises incoming calls: a registered device and the code of an open session of its point.

A refused caller learns no more than one who guesses: 403, or 404 for a code (R-051, R-057). Who a caller is, and what
counts as a guess: decision 94.
"""

from dataclasses import dataclass
from datetime import datetime

from scheduler.booking.registration.service import Scheduler
from scheduler.core import errors as scheduler_errors
from scheduler.core.model import Session
from scheduler.directory.equipment.devices import proves_itself
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from scheduler.directory.points.guest_access import GuestAccess
from signaling.accounts import throttle
from signaling.accounts.throttle import Attempt, Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import network_of
from signaling.core.audit_entry import AuditEntry
from signaling.meeting.room_system import SIP_PORT
from signaling.sip.agent.agent import RemoteParty
from signaling.sip.agent.room_call import IncomingRoomCall
from signaling.sip.bridge.caller_identity import asks_password, by_address
from signaling.sip.bridge.password_check import PasswordCheck

UNAUTHORIZED, FORBIDDEN, UNKNOWN = 401, 403, 404


class Refused(Exception):
    """A call is not taken; `status` is the SIP response (RFC 3261, 21).

    `guess_of` is the device whose guess it is once the refusal is acknowledged; `device` the one that called, where
    the call is to be recorded.
    """

    device: Device | None = None

    def __init__(self, status: int, guess_of: Device | None = None) -> None:
        super().__init__(status)
        self.status = status
        self.guess_of = guess_of


class NotOpen(Refused):
    """The code is right, and its session opens at `opens`."""

    def __init__(self, opens: datetime) -> None:
        super().__init__(FORBIDDEN)
        self.opens = opens


@dataclass(frozen=True, slots=True)
class CallingDevice:
    """A registered device that calls, the `number`-th of its point; `throttled` is under what its guesses count."""

    device: Device
    number: int
    peer: RemoteParty
    throttled: str


@dataclass(frozen=True, slots=True)
class Caller:
    """The caller: a device, the `number`-th of its point, and the session it calls."""

    session: Session
    device: Device
    number: int


class InboundCallAuth:
    """Checks callers against register, codes, guest access and throttle."""

    def __init__(
        self,
        scheduler: Scheduler,
        equipment: Equipment,
        guest_access: GuestAccess,
        passwords: PasswordCheck,
        throttle: Throttle,
        audit: AuditLog,
    ) -> None:
        self._scheduler = scheduler
        self._equipment = equipment
        self._guest_access = guest_access
        self._passwords = passwords
        self._throttle = throttle
        self._audit = audit

    async def judge(self, incoming: IncomingRoomCall, now: datetime) -> Caller:
        """Identify the caller of a code. Raises Refused after the attempt is audited, NotOpen for a code too early."""
        attempt, known = await self._known(incoming, now)
        try:
            return await self._enter(known, incoming.user, attempt, now)
        except Refused as refused:
            refused.device = known.device
            raise

    async def recognize(self, incoming: IncomingRoomCall, now: datetime) -> CallingDevice:
        """Return the device of a call without a code. Raises Refused as :meth:`judge`."""
        attempt, known = await self._known(incoming, now)
        await self._take_back(attempt)
        return known

    async def judge_keyed(self, known: CallingDevice, code: str, now: datetime) -> Caller:
        """Identify the caller of a code that was keyed in within a call. Raises as :meth:`judge`."""
        return await self._enter(known, code, await self._attempt(known.throttled, sure=True), now)

    async def _known(self, incoming: IncomingRoomCall, now: datetime) -> tuple[Attempt | None, CallingDevice]:
        """Return the device that calls, and its attempt, as :meth:`_attempt`. Raises Refused."""
        peer, devices = incoming.peer, await self._equipment.devices()
        if incoming.claimed:
            device = await self._passwords.device(incoming, "call-refused", now)
        elif (device := by_address(devices, peer)) is None and not asks_password(devices):
            await self._unknown(incoming, now)
        elif device is None or proves_itself(device):
            raise Refused(UNAUTHORIZED)
        if device is None:
            raise Refused(FORBIDDEN)
        throttled = f"sip:{device.id}" if incoming.claimed else _known_by_address(device, peer)
        attempt = await self._attempt(throttled, sure=incoming.from_its_address)
        siblings = [each.id for each in devices if each.point == device.point]
        return attempt, CallingDevice(device, siblings.index(device.id) + 1, peer, throttled)

    async def _unknown(self, incoming: IncomingRoomCall, now: datetime) -> None:
        """Audit a caller whom nobody knows, a few times a minute, unless its datagram may be forged.

        It is refused whatever code it dials, so it counts against nobody else at its address.
        """
        if not incoming.from_its_address:
            return
        attempt = await self._throttle.attempt(throttle.CODE, f"sip-unknown:{network_of(incoming.peer.address)}")
        if not attempt.locked:
            await self._note("", incoming.peer, "call-refused", incoming.peer.address, now)

    async def _attempt(self, throttled: str, *, sure: bool) -> Attempt | None:
        """Count an attempt at a code whose caller is `sure` to be at its address; another gets None, and counts as a
        guess once its refusal is acknowledged. Raises Refused where it is locked out.
        """
        attempt = await self._throttle.attempt(throttle.CODE, throttled) if sure else None
        if attempt.locked if attempt else await self._throttle.locked(throttle.CODE, throttled):
            raise Refused(FORBIDDEN)
        return attempt

    async def _take_back(self, attempt: Attempt | None) -> None:
        if attempt is not None:
            await self._throttle.take_back(attempt)

    async def _enter(self, known: CallingDevice, code: str, attempt: Attempt | None, now: datetime) -> Caller:
        """Check a code."""
        device, peer, actor = known.device, known.peer, f"vcs:{known.device.id}"
        try:
            session = await self._scheduler.enter(code, device.point, now)
        except (scheduler_errors.CodeUnknown, scheduler_errors.NotInvited):
            if attempt is None:
                raise Refused(UNKNOWN, guess_of=device) from None
            await self._guessed(actor, peer, attempt, device.point, now)
            raise Refused(UNKNOWN) from None
        except scheduler_errors.TooEarly as early:
            await self._take_back(attempt)
            raise NotOpen(early.opens) from None
        except scheduler_errors.NotAdmitted:
            await self._take_back(attempt)
            raise Refused(FORBIDDEN) from None
        await self._take_back(attempt)
        if await self._guest_access.lacking(device.point, session.id, now):
            await self._note(actor, peer, "not-granted", session.id, now)
            raise Refused(FORBIDDEN)
        return Caller(session, device, known.number)

    async def guessed(self, device: Device, peer: RemoteParty, now: datetime) -> None:
        """Count a wrong code whose refusal was acknowledged: over UDP only that shows who dialled it."""
        attempt = await self._throttle.attempt(throttle.CODE, _known_by_address(device, peer))
        if not attempt.locked:
            await self._guessed(f"vcs:{device.id}", peer, attempt, device.point, now)

    async def _guessed(self, actor: str, peer: RemoteParty, attempt: Attempt, point: str, now: datetime) -> None:
        """Audit a wrong code, and the lockout that the last allowed one causes."""
        await self._note(actor, peer, "code-wrong", point, now)
        if attempt.last:
            await self._note(actor, peer, "code-locked", point, now)

    async def _note(self, actor: str, peer: RemoteParty, action: str, subject: str, now: datetime) -> None:
        detail = " · ".join(name for name in (peer.name, peer.user_agent) if name)[:200]
        await self._audit.append(AuditEntry(now, actor, action, subject, detail, peer.address, SIP_PORT))


def _known_by_address(device: Device, peer: RemoteParty) -> str:
    """Return under what guesses of a device without a password count: those of others behind its SBC do not."""
    return f"sip:{peer.address} {device.id}"
