"""Registers room displays: devices of points that show the day's sessions and join them by themselves (decision 86).

A display is known by the hash of a token that its browser holds. Each method is one transaction.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import Point
from scheduler.core.schema import DEVICES
from scheduler.core.sql_values import storable
from scheduler.directory.equipment import devices_store
from scheduler.directory.equipment.devices import ROOM_SYSTEMS
from scheduler.directory.errors import Unknown
from scheduler.directory.schema import DISPLAYS
from scheduler.units import store as units_store
from scheduler.units.naming import device_names


@dataclass(frozen=True, slots=True)
class RoomDisplay:
    """A device that is a room display.

    `place` counts the devices of its point from 1; `key` is the hash of its token; it `sends` if it has the room's
    camera and microphone.
    """

    device: str
    point: str
    unit: str
    label: str
    place: int
    name: str
    key: str
    sends: bool
    paired: datetime


class RoomDisplays:
    """Stores which devices are room displays."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def displays(self) -> list[RoomDisplay]:
        """Return all displays, by the names of their devices."""
        async with self._engine.begin() as db:
            return sorted(await _displays(db), key=lambda display: display.name)

    async def known_by(self, key: str) -> RoomDisplay | None:
        """Return the display of a key."""
        async with self._engine.begin() as db:
            return next(iter(await _displays(db, DISPLAYS.c.key == key)), None)

    async def of_point(self, point: str) -> list[RoomDisplay]:
        """Return the displays of a point."""
        async with self._engine.begin() as db:
            return await _displays(db, DEVICES.c.point.in_(storable([point])))

    async def keys(self, keys: Collection[str]) -> set[str]:
        """Return those of the keys that displays have."""
        async with self._engine.begin() as db:
            return set(await db.scalars(select(DISPLAYS.c.key).where(DISPLAYS.c.key.in_(keys))))

    async def pair(self, device: str, key: str, sends: bool, now: datetime) -> RoomDisplay:
        """Make a device the display of a key, in place of one that it was; one without a description becomes a PC.

        Raises Unknown, InvalidRequest for a room system.
        """
        async with writing(self._engine) as db:
            known = await devices_store.device(db, device)
            if known is None:
                raise Unknown("device", device)
            if known.kind in ROOM_SYSTEMS:
                raise InvalidRequest([FieldError("device", "display-room-system")])
            if not known.kind:
                await devices_store.describe(db, replace(known, kind="PC", protocol="WEBRTC"))
            await db.execute(delete(DISPLAYS).where(DISPLAYS.c.device == device))
            await db.execute(insert(DISPLAYS).values(device=device, key=key, sends=sends, paired=now))
            [paired] = await _displays(db, DISPLAYS.c.device == device)
            return paired

    async def remove(self, device: str) -> RoomDisplay:
        """Make a device no display any more; its key is worth nothing from now on. Raises Unknown."""
        async with writing(self._engine) as db:
            found = await _displays(db, DISPLAYS.c.device.in_(storable([device])))
            if not found:
                raise Unknown("display", device)
            await db.execute(delete(DISPLAYS).where(DISPLAYS.c.device == device))
            return found[0]


async def _displays(db: AsyncConnection, *which: ColumnElement[bool]) -> list[RoomDisplay]:
    """Return displays with the places and names of their devices."""
    columns = select(DISPLAYS, DEVICES.c.point, DEVICES.c.number).join(DEVICES, DEVICES.c.id == DISPLAYS.c.device)
    rows = (await db.execute(columns.where(*which))).all()
    points = await units_store.points_named(db, {row.point for row in rows})
    return [_display(row, points[row.point]) for row in rows]


def _display(row: Row[Any], point: Point) -> RoomDisplay:
    place = point.numbers.index(row.number) + 1
    name = device_names(point.name, point.devices, point.numbers)[place - 1]
    return RoomDisplay(row.device, point.id, point.unit, point.label, place, name, row.key, row.sends, row.paired)
