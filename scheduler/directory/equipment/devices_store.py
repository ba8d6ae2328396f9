"""Stores devices and their changes, within the caller's transaction."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.schema import DEVICES
from scheduler.core.sql_values import storable
from scheduler.directory.equipment.drift import Drift
from scheduler.directory.model import Device, DeviceChange
from scheduler.directory.schema import CHANGES, DISPLAYS, SIP_BINDINGS, SIP_SECRETS


async def devices(db: AsyncConnection, point: str | None = None) -> list[Device]:
    """Return the devices of a point in order of their numbers, or all devices."""
    query = select(DEVICES).order_by(DEVICES.c.point, DEVICES.c.number)
    rows = await db.execute(query if point is None else query.where(DEVICES.c.point.in_(storable([point]))))
    return [Device(**row) for row in rows.mappings()]


async def device(db: AsyncConnection, id_: str) -> Device | None:
    """Return a device."""
    row = (await db.execute(select(DEVICES).where(DEVICES.c.id.in_(storable([id_]))))).mappings().first()
    return Device(**row) if row else None


async def describe(db: AsyncConnection, device: Device) -> None:
    """Replace the description of a device."""
    await db.execute(update(DEVICES).where(DEVICES.c.id == device.id).values(asdict(device)))


async def remove(db: AsyncConnection, id_: str) -> None:
    """Remove a device, also as a room display, its binding and its secrets; its changes stay with the point."""
    await db.execute(delete(DISPLAYS).where(DISPLAYS.c.device == id_))
    await db.execute(delete(SIP_BINDINGS).where(SIP_BINDINGS.c.device == id_))
    await db.execute(delete(SIP_SECRETS).where(SIP_SECRETS.c.device == id_))
    await db.execute(update(CHANGES).where(CHANGES.c.device == id_).values(device=None))
    await db.execute(delete(DEVICES).where(DEVICES.c.id == id_))


async def add_change(
    db: AsyncConnection, device_: Device, kind: str, drift: Drift, reason: str, by: str, now: datetime
) -> int:
    """Store a change until it is decided, and return its id; an equal open change is returned instead."""
    same = (CHANGES.c.device == device_.id) & (CHANGES.c.state == "open") & (CHANGES.c.kind == kind)
    same &= (CHANGES.c.field == drift.field) & (CHANGES.c.new == drift.new)
    known: int | None = await db.scalar(select(CHANGES.c.id).where(same))
    if known is not None:
        return known
    values = {**asdict(drift), "point": device_.point, "device": device_.id, "kind": kind, "reason": reason}
    row = {**values, "state": "open", "at": now, "by": by, "decided_by": ""}
    return int(await db.scalar(insert(CHANGES).values(row).returning(CHANGES.c.id)) or 0)


async def changes(db: AsyncConnection, point: str | None = None) -> list[DeviceChange]:
    """Return changes, open ones first, newest first in each."""
    query = select(CHANGES).order_by(CHANGES.c.state != "open", CHANGES.c.id.desc())
    rows = await db.execute(query if point is None else query.where(CHANGES.c.point.in_(storable([point]))))
    return [DeviceChange(**row) for row in rows.mappings()]


async def drifts(db: AsyncConnection, start: datetime, end: datetime) -> list[DeviceChange]:
    """Return the drifts that were observed in [start, end), except those an operator accepted."""
    within = (CHANGES.c.at >= start) & (CHANGES.c.at < end)
    seen = within & (CHANGES.c.kind == "drift") & (CHANGES.c.state != "accepted")
    rows = await db.execute(select(CHANGES).where(seen).order_by(CHANGES.c.id))
    return [DeviceChange(**row) for row in rows.mappings()]


async def change(db: AsyncConnection, id_: int) -> DeviceChange | None:
    """Return a change."""
    row = (await db.execute(select(CHANGES).where(CHANGES.c.id == id_))).mappings().first()
    return DeviceChange(**row) if row else None


async def decide(db: AsyncConnection, id_: int, state: str, by: str, now: datetime) -> None:
    """Store the decision on a change."""
    values = {"state": state, "decided": now, "decided_by": by}
    await db.execute(update(CHANGES).where(CHANGES.c.id == id_).values(values))
