"""Answers devices that publish (WHIP, RFC 9725) or watch (WHEP) over HTTP.

A device is known by its id and token, which the directory keeps.
"""

import asyncio
import hmac
import logging
import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import SQLAlchemyError

from mediaserver.errors import BadOffer, MediaError
from scheduler.directory.equipment.service import Equipment
from scheduler.directory.model import Device, DeviceProtocol
from signaling.accounts import throttle
from signaling.accounts.throttle import Throttle
from signaling.audit.log import AuditLog
from signaling.cameras.seating import DeviceSeating, TakenSeat
from signaling.core.account import Source, network_of
from signaling.core.errors import BadSdp, BadToken, Locked, MessageError, NoOpenSession, NotFound
from signaling.meeting.manager import MeetingManager

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Resource:
    """A WHIP or WHEP session: the resource that its POST made and its DELETE ends (RFC 9725 §4.2)."""

    id: str
    seat: TakenSeat
    answer: str
    moves: int
    """How often the room had moved when it was answered."""

    def is_lost(self) -> bool:
        """Return whether its media are gone, or stay behind where its room has moved away from."""
        return self.moves != self.seat.meeting.moves or self.seat.is_lost()


class WhipService:
    """Gives devices that publish or watch over HTTP their seats, and takes these back when media stop."""

    def __init__(
        self,
        manager: MeetingManager,
        equipment: Equipment,
        seating: DeviceSeating,
        throttle_: Throttle,
        audit: AuditLog,
    ) -> None:
        self._manager = manager
        self._equipment = equipment
        self._seating = seating
        self._throttle = throttle_
        self._audit = audit
        self._resources: dict[str, Resource] = {}
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Watch the seats of devices."""
        self._watching = asyncio.create_task(self._watch_forever())

    async def stop(self) -> None:
        """Stop watching."""
        if self._watching is not None:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)

    async def connect(self, protocol: DeviceProtocol, id_: str, token: str, offer: str, source: Source) -> Resource:
        """Seat a device in the open session of its point, in place of its former seat, and answer its offer.

        Raises BadToken, Locked, NoOpenSession, Forbidden, BadSdp, MediaError, SQLAlchemyError.
        """
        now = self._manager.dependencies.clock()
        device, number = await self._known(protocol, id_, token, source, now)
        seat = await self._seating.take(device, number, source, now, sends=protocol == "WHIP")
        try:
            answer = await seat.meeting.connect(seat.member.id, offer)
        except MessageError:  # it has been thrown out
            raise NoOpenSession from None
        except MediaError as error:
            await seat.free()
            if isinstance(error, BadOffer):
                raise BadSdp(str(error)) from None
            raise
        resource = Resource(secrets.token_urlsafe(18), seat, answer, seat.meeting.moves)
        self._resources[resource.id] = resource
        return resource

    async def end(self, protocol: DeviceProtocol, id_: str, token: str, resource: str, source: Source) -> None:
        """End a session for good (RFC 9725 §4.2). Raises as :meth:`connect`, and NotFound."""
        await self._known(protocol, id_, token, source, self._manager.dependencies.clock())
        found = self._resources.get(resource)
        if found is None or found.seat.member.device.id != id_:
            raise NotFound
        del self._resources[resource]
        await found.seat.free()

    async def _known(
        self, protocol: DeviceProtocol, id_: str, token: str, source: Source, now: datetime
    ) -> tuple[Device, int]:
        """Return the device of a token, and its number in its point. Raises BadToken, Locked."""
        attempt = await self._throttle.attempt(throttle.DEVICE, network_of(source.address))
        if attempt.locked:
            raise Locked(attempt.locked)
        devices = await self._equipment.devices()
        device = next((each for each in devices if each.id == id_ and each.protocol == protocol), None)
        stored = "" if device is None else (await self._equipment.sip_secrets(device.id)).get("password", "")
        if not hmac.compare_digest(stored.encode(), token.encode("utf-8", "replace")) or device is None or not stored:
            if attempt.last:
                await self._audit.append(source.entry(now, "", "token-locked", id_[:64], protocol))
            raise BadToken
        await self._throttle.take_back(attempt)
        return device, [each.id for each in devices if each.point == device.point].index(device.id) + 1

    async def _watch_forever(self) -> None:
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            try:
                await self.watch()
            except (SQLAlchemyError, OSError):
                log.exception("x the devices that publish over HTTP could not be checked")

    async def watch(self) -> None:
        """End the sessions of devices whose media are gone, never came or do not move, and of those thrown out.

        The end of its transport has a device post anew.
        """
        for resource in [each for each in self._resources.values() if each.is_lost()]:
            del self._resources[resource.id]
            await resource.seat.free()
