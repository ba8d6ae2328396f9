"""Finds points by the names in spreadsheets, present or former."""

from collections.abc import Callable

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Point
from scheduler.directory.points import store as points_store
from scheduler.files.errors import RowError
from scheduler.units import store as units_store
from scheduler.units.naming import slug

PointFinder = Callable[[int, str, list[RowError]], Point | None]


async def point_finder(db: AsyncConnection) -> PointFinder:
    """Return a function that finds the point named in a row, or appends a fault and returns None."""
    points = {point.id: point for point in await units_store.all_points(db)}
    known = {slug(alias.name): points[alias.point] for alias in reversed(await points_store.aliases(db))}
    known |= {slug(point.name): point for point in points.values()}

    def find(row_number: int, name: str, faults: list[RowError]) -> Point | None:
        point = known.get(slug(name))
        if point is None:
            faults.append(RowError(row_number, "point", "unknown-point", name[:64]))
        return point

    return find
