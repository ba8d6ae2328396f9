"""Stores people, within the caller's transaction."""

from dataclasses import asdict
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.sql_values import storable
from scheduler.directory.model import Person
from scheduler.directory.schema import PEOPLE


async def people(db: AsyncConnection, unit: str | None = None) -> list[Person]:
    """Return the people of a unit, or all, by unit and first day."""
    query = select(PEOPLE).order_by(PEOPLE.c.unit, PEOPLE.c.valid_from, PEOPLE.c.name, PEOPLE.c.id)
    rows = await db.execute(query if unit is None else query.where(PEOPLE.c.unit.in_(storable([unit]))))
    return [Person(**row) for row in rows.mappings()]


async def person(db: AsyncConnection, id_: str) -> Person | None:
    """Return a person."""
    row = (await db.execute(select(PEOPLE).where(PEOPLE.c.id.in_(storable([id_]))))).mappings().first()
    return Person(**row) if row else None


async def add(db: AsyncConnection, person: Person) -> None:
    """Add a person."""
    await db.execute(insert(PEOPLE).values(asdict(person)))


async def change(db: AsyncConnection, id_: str, now: datetime, **values: date | str | None) -> None:
    """Change columns of a person, and when the row was updated."""
    await db.execute(update(PEOPLE).where(PEOPLE.c.id == id_).values(**values, updated=now))
