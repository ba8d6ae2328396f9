"""Copies all rows of a database into an empty one of another kind: from SQLite to PostgreSQL, and back.

Values are copied as they are stored, so that hash chains, codes and passwords stay what they were. The lease is left
out: it is that of a server.
"""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    Column,
    Enum,
    MetaData,
    Row,
    String,
    Table,
    TypeDecorator,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import TypeEngine

import scheduler.core.schema
import signaling.core.schema
from scheduler.core import database
from signaling.app import migration
from signaling.app.schema import SERVER_LEASE
from signaling.core.errors import BadBackup

ROWS = 1000
"""Rows that are read and written at once."""

Progress = Callable[[str, int], None]
"""Is told the name of a table and how many of its rows were copied."""


async def copy(source: AsyncEngine, target: AsyncEngine, progress: Progress) -> None:
    """Copy all rows in one transaction of each side. No server may work on either.

    Raises BadBackup where the target has tables, or the source not those of this release.
    """
    if (versions := await migration.read_versions(source)) != migration.RELEASE:
        raise BadBackup(f"the tables are those of {versions}: run diemcau migrate")
    if not (versions := await migration.read_versions(target)).empty:
        raise BadBackup(f"the database to copy into has tables ({versions}): name an empty one")
    await migration.migrate(target, lambda _: None)
    async with source.connect() as reading, database.writing(target) as writing:
        for table in tables():
            progress(table.name, await _copy_table(reading, writing, table))
        await _set_sequences(writing)


def tables() -> list[Table]:
    """Return all tables but the lease's, each after those that it refers to, with columns of stored types."""
    kept, stored = MetaData(), [scheduler.core.schema.METADATA, signaling.core.schema.METADATA]
    made = []
    for table in itertools.chain.from_iterable(each.sorted_tables for each in stored):
        if table.name != SERVER_LEASE.name:
            columns = [Column(each.name, _stored(each.type), primary_key=each.primary_key) for each in table.columns]
            made.append(
                Table(table.name, kept, *columns, info={"parent": _parent(table), "numbered": _numbered(table)})
            )
    return made


def _stored(kind: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type of what the database has, without conversion."""
    if isinstance(kind, Enum):
        return String()
    return kind.impl_instance if isinstance(kind, TypeDecorator) else kind


def _parent(table: Table) -> str | None:
    """Return the column by which rows of a table refer to others of it."""
    return next((each.parent.name for each in table.foreign_keys if each.column.table is table), None)


def _numbered(table: Table) -> str | None:
    """Return the column whose values the database may count up."""
    return None if table.autoincrement_column is None else table.autoincrement_column.name


async def _copy_table(source: AsyncConnection, target: AsyncConnection, table: Table) -> int:
    """Copy the rows of a table; return how many."""
    copied, parent = 0, table.info["parent"]
    await target.execute(delete(table))  # what the migrations wrote there
    rows = await source.stream(select(table).order_by(*table.primary_key.columns))
    if parent is None:
        parts = rows.partitions(ROWS)
    else:
        (key,) = table.primary_key.columns
        parts = _parts(list(parents_first(await rows.all(), key.name, parent)))
    async for part in parts:
        await target.execute(insert(table), [dict(row._mapping) for row in part])
        copied += len(part)
    return copied


async def _parts(rows: Sequence[Row[Any]]) -> AsyncIterator[Sequence[Row[Any]]]:
    for first in range(0, len(rows), ROWS):
        yield rows[first : first + ROWS]


def parents_first(rows: Sequence[Any], key: str, parent: str) -> Iterator[Any]:
    """Yield rows so that each stands after the one whose `key` its `parent` column has."""
    waiting, known = list(rows), {None}
    while waiting:
        ready = [row for row in waiting if getattr(row, parent) in known]
        yield from ready
        known |= {getattr(row, key) for row in ready}
        waiting = [row for row in waiting if getattr(row, key) not in known]


async def _set_sequences(target: AsyncConnection) -> None:
    """Let the sequences of PostgreSQL go on after the rows that are there; SQLite needs nothing."""
    if target.dialect.name != "postgresql":
        return
    for table in tables():
        if (column := table.info["numbered"]) is not None:
            last = select(func.max(table.columns[column])).scalar_subquery()
            sequence = func.pg_get_serial_sequence(table.name, column)  # NULL for a column without one
            await target.execute(select(func.setval(sequence, func.coalesce(last, 1), last.is_not(None))))
