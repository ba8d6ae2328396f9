"""Checks the passwords of devices that register or call (RFC 3261 §22), and limits guesses of them (decision 118)."""

import asyncio
from datetime import datetime
from typing import Final, Protocol

from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device
from signaling.accounts import throttle
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.core.account import network_of
from signaling.core.audit_entry import AuditEntry
from signaling.meeting.room_system import SIP_PORT, credentials
from signaling.sip.agent.agent import RemoteParty
from signaling.sip.bridge.caller_identity import by_user
from signaling.sip.protocol.digest import Credentials

AT_ONCE: Final = 4
"""Passwords that are looked up at once, so that a flood of claims leaves connections to the database for others."""


class Claim(Protocol):
    """A request with an answer to a challenge of ours, as calls and registrations are."""

    @property
    def peer(self) -> RemoteParty:
        """The names it gives, and the address and port it comes from."""

    @property
    def claimed(self) -> str:
        """The user name in the answer."""

    def proves(self, credentials: Credentials) -> bool:
        """Return whether the answer was made with this user name and password."""


class PasswordCheck:
    """Says which device a request is of, by its password."""

    def __init__(self, equipment: Equipment, throttle: Throttle, audit: AuditLog) -> None:
        self._equipment = equipment
        self._throttle = throttle
        self._audit = audit
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def device(self, claim: Claim, action: str, now: datetime) -> Device | None:
        """Return the device whose password a request proves; audit a wrong one as `action`, and count it.

        Where too many were wrong, none is looked at.
        """
        async with self._turns:
            return await self._device(claim, action, now)

    async def _device(self, claim: Claim, action: str, now: datetime) -> Device | None:
        named = by_user(await self._equipment.devices(), claim.claimed)
        known = None if named is None else credentials(named, await self._equipment.sip_secrets(named.id))
        if named is None or known is None:
            attempt = await self._throttle.attempt(throttle.CODE, f"sip-unknown:{network_of(claim.peer.address)}")
            if not attempt.locked:  # who is locked out fills no log
                await self._note(claim, action, now)
            return None
        attempt = await self._throttle.attempt(throttle.SIP_PASSWORD, await self._guesser(claim.peer, named, now))
        if attempt.locked:
            return None
        if claim.proves(known):
            await self._throttle.take_back(attempt)
            return named
        await self._note(claim, action, now)
        if attempt.last:
            await self._note(claim, "password-locked", now)
        return None

    async def _guesser(self, peer: RemoteParty, device: Device, now: datetime) -> str:
        """Return under what a guess counts: the device and the address it comes from.

        Where the device is registered, it counts by itself: others may be behind the same NAT, or the same SBC, from
        whose port they come with another Contact.
        """
        binding = (await self._equipment.bindings(now)).get(device.id)
        where, guesser = (peer.address, peer.port, peer.transport), f"{device.id} {network_of(peer.address)}"
        if binding is None or (binding.host, binding.port, binding.transport) != where:
            return guesser
        named = " contact" if peer.contact_uri == binding.contact else ""
        return f"{guesser} {peer.port} {peer.transport}{named}"

    async def _note(self, claim: Claim, action: str, now: datetime) -> None:
        peer = claim.peer
        detail = " · ".join(name for name in (peer.name, peer.user_agent) if name)[:200]
        await self._audit.append(AuditEntry(now, "", action, claim.claimed[:64], detail, peer.address, SIP_PORT))
