"""Finds room systems that are still on half an hour after their session, and reminds their units (Điều 11.3; R-053)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.model import Session, State
from scheduler.directory.equipment import devices_store
from scheduler.directory.equipment.devices import CALLED_PROTOCOLS
from scheduler.directory.model import Device
from scheduler.notifications import outbox, wording
from scheduler.units import store as units_store

AFTER = timedelta(minutes=30)
"""So long after the end of a session its room systems should be off."""
WITHIN = timedelta(minutes=30)
"""How long room systems are checked after that. One whose next session begins within this time may stay on."""


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that is over, and the room systems of its points that should be off by now."""

    session: Session
    devices: tuple[Device, ...]


class DeviceShutdown:
    """Lists the room systems to check, and reminds units of those that are still on."""

    def __init__(self, engine: AsyncEngine, channels: wording.Channels) -> None:
        self._engine = engine
        self._channels = channels

    async def due(self, now: datetime) -> list[EndedSession]:
        """Return the sessions that ended half an hour ago, with their room systems that have no session soon."""
        async with self._engine.begin() as db:
            over = [
                session
                for session in await sessions_store.between(db, now - AFTER - WITHIN, now)
                if session.state == State.ISSUED and AFTER <= now - session.official.end < AFTER + WITHIN
            ]
            busy = await self._busy(db, now) if over else set()
            devices = await devices_store.devices(db) if over else []
        known = [
            each for each in devices if each.protocol in CALLED_PROTOCOLS and each.address and each.point not in busy
        ]
        return [
            EndedSession(session, tuple(each for each in known if each.point in session.everyone)) for session in over
        ]

    async def remind(self, session: Session, on: Sequence[Device], now: datetime) -> None:
        """Remind the units whose room systems are still on, once for each session."""
        if not on:
            return
        async with writing(self._engine) as db:
            points = await units_store.points_named(db, session.everyone)
            found = {device.point: points[device.point] for device in on}.values()
            for unit in {point.unit for point in found}:
                reason = f"Còn bật: {', '.join(point.name for point in found if point.unit == unit)}"
                notice = wording.of_unit("power", session, points[session.host_point], unit, reason)
                await outbox.tell(db, notice, self._channels, now)

    async def _busy(self, db: AsyncConnection, now: datetime) -> set[str]:
        """Return the points that are in a session now or soon."""
        soon = await sessions_store.between(db, now, now + WITHIN)
        return {point for session in soon if session.state == State.ISSUED for point in session.everyone}
