"""Exports the device inventory of a unit and of all units below it (Điều 5.6; R-023)."""

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Unit
from scheduler.directory.import_export import devices
from scheduler.files.spreadsheet import Row
from scheduler.units import store as units_store

COLUMNS = ("unit", *devices.COLUMNS)


def unit_and_below(unit: str, units: Iterable[Unit]) -> set[str]:
    """Return the ids of a unit and of all units below it."""
    below: dict[str, list[str]] = {}
    for each in units:
        below.setdefault(each.parent or "", []).append(each.id)
    ids, reached = {unit}, [unit]
    while reached:
        new = set(below.get(reached.pop(), [])) - ids
        ids |= new
        reached += new
    return ids


async def rows(db: AsyncConnection, unit: str) -> list[Row]:
    """Return the devices of the points of a unit and of those below it as rows, each with the name of its unit."""
    units = {each.id: each for each in await units_store.units(db)}
    ours = unit_and_below(unit, units.values())
    owners = {point.name: units[point.unit].name for point in await units_store.all_points(db) if point.unit in ours}
    listed = await devices.rows(db)
    return [{"unit": owners[row["point"]], **row} for row in listed if row["point"] in owners]
