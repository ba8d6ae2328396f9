"""Rows of units and points, on a connection whose transaction the service holds."""

from collections.abc import Collection, Iterable
from dataclasses import asdict

from sqlalchemy import Select, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.model import Point, Unit
from scheduler.naming import slug
from scheduler.registry import Registered
from scheduler.tables import POINTS, UNITS

_POINTS = select(POINTS, UNITS.c.level).join(UNITS).order_by(UNITS.c.position, POINTS.c.id)


def storable(texts: Iterable[str]) -> list[str]:
    """Leave out what a database cannot even compare: NUL and lone surrogates of a hostile caller are no ids."""
    return [text for text in set(texts) if text.isprintable()]


async def units(db: AsyncConnection) -> list[Unit]:
    """Return all units in registry order."""
    rows = await db.execute(select(UNITS).order_by(UNITS.c.position))
    return [
        Unit(row.id, row.name, row.level, row.parent, row.abbr, row.valid_from, row.valid_to, row.successor)
        for row in rows
    ]


async def all_points(db: AsyncConnection) -> list[Point]:
    """Return all points in registry order."""
    return await _points(db, _POINTS)


async def points_of(db: AsyncConnection, unit: str) -> list[Point]:
    """Return the points of a unit."""
    return await _points(db, _POINTS.where(POINTS.c.unit.in_(storable([unit]))))


async def points_named(db: AsyncConnection, ids: Collection[str]) -> dict[str, Point]:
    """Return those of the points that exist, by id."""
    return {point.id: point for point in await _points(db, _POINTS.where(POINTS.c.id.in_(storable(ids))))}


async def _points(db: AsyncConnection, query: Select[tuple[object, ...]]) -> list[Point]:
    rows = await db.execute(query)
    return [Point(row.id, row.name, row.label, row.unit, row.level, row.devices) for row in rows]


async def set_devices(db: AsyncConnection, point: str, devices: int) -> None:
    """Change the device register."""
    await db.execute(update(POINTS).where(POINTS.c.id == point).values(devices=devices))


async def registered(db: AsyncConnection) -> dict[str, Registered]:
    """Return every unit with its point, by unit id."""
    by_unit = {point.unit: point for point in await all_points(db)}
    return {unit.id: Registered(unit, by_unit[unit.id]) for unit in await units(db)}


async def add(db: AsyncConnection, new: Registered) -> None:
    """Add a unit and its point at the end of the registry."""
    position = await db.scalar(select(func.coalesce(func.max(UNITS.c.position), 0) + 1))
    await db.execute(insert(UNITS).values(id=new.unit.id, position=position, **_unit_values(new.unit)))
    values = _point_values(new.point)
    await db.execute(insert(POINTS).values(id=new.point.id, unit=new.unit.id, devices=new.point.devices, **values))


async def change(db: AsyncConnection, new: Registered) -> None:
    """Change a unit and the names of its point; the point keeps its id and its devices."""
    await db.execute(update(UNITS).where(UNITS.c.id == new.unit.id).values(**_unit_values(new.unit)))
    await db.execute(update(POINTS).where(POINTS.c.unit == new.unit.id).values(**_point_values(new.point)))


def _unit_values(unit: Unit) -> dict[str, object]:
    values = asdict(unit)
    del values["id"]
    return values


def _point_values(point: Point) -> dict[str, str]:
    return {"name": point.name, "slug": slug(point.name), "label": point.label}
