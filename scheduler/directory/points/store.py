"""Stores points, names, moves, rooms, exemptions and assessments, within the caller's transaction."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Point
from scheduler.core.schema import POINTS
from scheduler.core.sql_values import storable
from scheduler.directory.model import Assessment, AssessmentItem, Exemption, PointAlias, PointMove, Room
from scheduler.directory.schema import ASSESSMENTS, POINT_ALIASES, POINT_MOVES, QUOTA_EXCEPTIONS, ROOMS
from scheduler.units import store as units_store
from scheduler.units.naming import slug


async def add(db: AsyncConnection, point: Point) -> None:
    """Add a point with its first device."""
    await units_store.add_point(db, point)
    await units_store.add_device(db, point.id, point.numbers[0])


async def rename(db: AsyncConnection, point: Point, name: str, now: datetime) -> None:
    """Give a point another name; the old one becomes an alias."""
    await keep_alias(db, point, now)
    await db.execute(delete(POINT_ALIASES).where(POINT_ALIASES.c.slug == slug(name)))
    await db.execute(update(POINTS).where(POINTS.c.id == point.id).values(name=name, slug=slug(name)))


async def keep_alias(db: AsyncConnection, point: Point, now: datetime) -> None:
    """Store the present name of a point as an alias that ends now."""
    await db.execute(delete(POINT_ALIASES).where(POINT_ALIASES.c.slug == slug(point.name)))
    values = {"slug": slug(point.name), "name": point.name, "point": point.id, "until": now}
    await db.execute(insert(POINT_ALIASES).values(values))


async def relabel(db: AsyncConnection, point: str, label: str) -> None:
    """Give a point another Vietnamese label."""
    await db.execute(update(POINTS).where(POINTS.c.id == point).values(label=label))


async def aliases(db: AsyncConnection) -> list[PointAlias]:
    """Return the former names of points, newest first."""
    rows = await db.execute(select(POINT_ALIASES).order_by(POINT_ALIASES.c.until.desc(), POINT_ALIASES.c.slug))
    return [PointAlias(row.name, row.point, row.until) for row in rows]


async def move(db: AsyncConnection, moved: PointMove) -> None:
    """Put a point into the state of a move, and store the move."""
    await db.execute(insert(POINT_MOVES).values(asdict(moved)))
    await db.execute(update(POINTS).where(POINTS.c.id == moved.point).values(state=moved.state, taken_over=None))


async def history(db: AsyncConnection, point: str) -> list[PointMove]:
    """Return the moves of a point, newest first."""
    rows = await db.execute(
        select(POINT_MOVES).where(POINT_MOVES.c.point.in_(storable([point]))).order_by(POINT_MOVES.c.id.desc())
    )
    return [PointMove(row.at, row.point, row.move, row.state, row.by, row.reason, row.profile) for row in rows]


async def room(db: AsyncConnection, point: str) -> Room:
    """Return the room of a point."""
    columns = [column for column in ROOMS.c if column.name != "point"]
    row = (await db.execute(select(*columns).where(ROOMS.c.point == point))).mappings().first()
    return Room(**row) if row else Room()


async def set_room(db: AsyncConnection, point: str, room: Room) -> None:
    """Replace the description of a room."""
    await db.execute(delete(ROOMS).where(ROOMS.c.point == point))
    await db.execute(insert(ROOMS).values(point=point, **asdict(room)))


async def exemptions(db: AsyncConnection, unit: str | None = None) -> list[Exemption]:
    """Return the exemptions of a unit, or of all units."""
    query = select(QUOTA_EXCEPTIONS).order_by(QUOTA_EXCEPTIONS.c.dated, QUOTA_EXCEPTIONS.c.id)
    rows = await db.execute(query if unit is None else query.where(QUOTA_EXCEPTIONS.c.unit == unit))
    return [Exemption(**row) for row in rows.mappings()]


async def add_exemption(db: AsyncConnection, exemption: Exemption) -> None:
    """Store an exemption."""
    await db.execute(insert(QUOTA_EXCEPTIONS).values(asdict(exemption)))


async def end_exemption(db: AsyncConnection, id_: str, valid_to: date) -> bool:
    """Set the last day of an exemption; return whether there is one."""
    changed = await db.execute(
        update(QUOTA_EXCEPTIONS).where(QUOTA_EXCEPTIONS.c.id.in_(storable([id_]))).values(valid_to=valid_to)
    )
    return changed.rowcount == 1


async def assessments(db: AsyncConnection, points: Sequence[str] | None = None) -> list[Assessment]:
    """Return the assessments of points, or all, newest first."""
    query = select(ASSESSMENTS).order_by(ASSESSMENTS.c.id.desc())
    if points is not None:
        query = query.where(ASSESSMENTS.c.point.in_(storable(points)))
    return [_assessment(row) for row in (await db.execute(query)).mappings()]


async def add_assessment(db: AsyncConnection, assessment: Assessment) -> None:
    """Store an assessment."""
    items = json.dumps([{**asdict(item), "remedy_by": _day(item.remedy_by)} for item in assessment.items])
    values = {**asdict(assessment), "items": items}
    del values["id"]
    await db.execute(insert(ASSESSMENTS).values(values))
    await db.execute(update(POINTS).where(POINTS.c.id == assessment.point).values(taken_over=None))


def _assessment(row: Any) -> Assessment:
    items = [
        AssessmentItem(
            **{**item, "remedy_by": None if item["remedy_by"] is None else date.fromisoformat(item["remedy_by"])}
        )
        for item in json.loads(row["items"])
    ]
    return Assessment(**{**row, "items": tuple(items)})


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def new_id() -> str:
    """Return a new random id."""
    return uuid4().hex
