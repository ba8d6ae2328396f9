"""SQL of units, points and undescribed devices. Every function runs in the caller's transaction."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, replace
from uuid import uuid4

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import UnknownPoint
from scheduler.core.model import Point, Unit
from scheduler.core.schema import DEVICES, POINTS, UNITS
from scheduler.core.sql_values import storable
from scheduler.units.naming import slug, split
from scheduler.units.units_file import RegistryEntry

UNDESCRIBED = {
    **dict.fromkeys(("kind", "model", "serial", "protocol", "firmware", "security_owner", "user_agent"), ""),
    **dict.fromkeys(("asset_number", "asset_source", "codecs", "transport", "sip_user", "auth_user"), ""),
    **dict.fromkeys(("media_addresses", "sip_profile", "stream_path"), ""),
    **dict.fromkeys(("dial_out", "camera_control"), False),
    "encryption": "off",
}
"""The columns of a device of which only its existence is known."""

_NUMBERS = select(DEVICES.c.point, DEVICES.c.number).order_by(DEVICES.c.point, DEVICES.c.number)
_POINTS = select(POINTS, UNITS.c.level).join(UNITS).order_by(UNITS.c.position, POINTS.c.id)


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


async def point(db: AsyncConnection, point_id: str) -> Point:
    """Return a point. Raises UnknownPoint."""
    points = await points_named(db, [point_id])
    if point_id not in points:
        raise UnknownPoint(point_id)
    return points[point_id]


async def points_named(db: AsyncConnection, ids: Collection[str]) -> dict[str, Point]:
    """Return the points with these ids, without those that do not exist, by id."""
    return {point.id: point for point in await _points(db, _POINTS.where(POINTS.c.id.in_(storable(ids))))}


async def _points(db: AsyncConnection, query: Select[tuple[object, ...]]) -> list[Point]:
    rows = list(await db.execute(query))
    numbers: dict[str, list[int]] = {}
    for point, number in await db.execute(_NUMBERS.where(DEVICES.c.point.in_([row.id for row in rows]))):
        numbers.setdefault(point, []).append(number)
    return [
        Point(
            row.id,
            row.name,
            row.label,
            row.unit,
            row.level,
            len(numbers[row.id]),
            tuple(numbers[row.id]),
            row.state,
            row.taken_over,
        )
        for row in rows
    ]


async def add_point(db: AsyncConnection, point: Point) -> None:
    """Add a point that has no device yet."""
    await db.execute(insert(POINTS).values(**_point_row(point)))


async def add_device(db: AsyncConnection, point: str, number: int) -> str:
    """Add an undescribed device with its number; return its id."""
    row = _device_row(point, number)
    await db.execute(insert(DEVICES).values(**row))
    return str(row["id"])


async def drop_devices(db: AsyncConnection, point: str, numbers: Collection[int]) -> bool:
    """Delete undescribed devices with these numbers. Return False if one of them was described."""
    numbered = (DEVICES.c.point == point) & DEVICES.c.number.in_(numbers)
    deleted = await db.execute(delete(DEVICES).where(numbered & (DEVICES.c.kind == "")))
    return deleted.rowcount == len(numbers)


async def registry_entries(db: AsyncConnection) -> dict[str, RegistryEntry]:
    """Return every unit with its first point, by unit id; names are without the digits of devices."""
    by_unit: dict[str, Point] = {}
    for point in await all_points(db):
        first = by_unit.setdefault(point.unit, point)
        if min(point.numbers) < min(first.numbers):
            by_unit[point.unit] = point
    units_ = await units(db)
    firsts = {unit: replace(point, name=split(point.name)[0]) for unit, point in by_unit.items()}
    return {unit.id: RegistryEntry(unit, firsts[unit.id]) for unit in units_}


async def add(db: AsyncConnection, new: Sequence[RegistryEntry]) -> None:
    """Add units and the point of each at the end of the registry."""
    if not new:
        return
    last = int(await db.scalar(select(func.coalesce(func.max(UNITS.c.position), 0))) or 0)
    units_ = [each.unit for each in new]
    placed = [{"id": unit.id, "position": place, **_unit_values(unit)} for place, unit in enumerate(units_, last + 1)]
    await db.execute(insert(UNITS), placed)
    await db.execute(insert(POINTS), [_point_row(each.point) for each in new])
    await db.execute(insert(DEVICES), [_device_row(each.point.id, 1) for each in new])


async def change(db: AsyncConnection, new: RegistryEntry, old: RegistryEntry) -> None:
    """Change a unit and the names of its points; they keep their ids, their digits, their devices and their rooms."""
    await db.execute(update(UNITS).where(UNITS.c.id == new.unit.id).values(**_unit_values(new.unit)))
    for point in await points_of(db, new.unit.id):
        name = new.point.name + point.name.removeprefix(old.point.name)
        label = new.point.label + point.label.removeprefix(old.point.label)
        values = _point_values(replace(point, name=name, label=label))
        await db.execute(update(POINTS).where(POINTS.c.id == point.id).values(**values))


def _unit_values(unit: Unit) -> dict[str, object]:
    values = asdict(unit)
    del values["id"]
    return values


def _point_row(point: Point) -> dict[str, object]:
    state, taken_over = point.state, point.taken_over
    return {"id": point.id, "unit": point.unit, "state": state, "taken_over": taken_over, **_point_values(point)}


def _device_row(point: str, number: int) -> dict[str, object]:
    return {"id": uuid4().hex, "point": point, "number": number, **UNDESCRIBED}


def _point_values(point: Point) -> dict[str, str]:
    return {"name": point.name, "slug": slug(point.name), "label": point.label}
