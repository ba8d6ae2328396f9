"""Stores the records of calls."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import streaming, writing
from scheduler.policy.profile_files import Profiles
from scheduler.units.naming import key
from signaling.calls.model import CallRecord
from signaling.calls.schema import CALL_RECORDS
from signaling.core.sql_rows import SqlRows

BATCH = 500
"""Rows that are read before other work gets its turn."""
_COLUMNS = [each.name for each in fields(CallRecord)]


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """A filter of records: all given fields must match.

    `start` and `end` are half-open, of when a call began; `text` is found anywhere, with or without diacritics; ids
    are below `before`.
    """

    start: datetime | None = None
    end: datetime | None = None
    device: str = ""
    session: str = ""
    text: str = ""
    before: int | None = None

    def select(self) -> Select[Any]:
        """Return the query for everything but the text, newest first."""
        table = CALL_RECORDS.c
        query = select(CALL_RECORDS).order_by(table.id.desc())
        query = query.where(table.began >= self.start) if self.start else query
        query = query.where(table.began < self.end) if self.end else query
        query = query.where(table.device == self.device) if self.device else query
        query = query.where(table.session == self.session) if self.session else query
        return query if self.before is None else query.where(table.id < self.before)

    def finds(self, record: CallRecord) -> bool:
        """Return whether a record contains the text."""
        searched = " ".join((record.name, record.number, record.address, record.sound, str(record.status)))
        return not self.text or key(self.text) in key(searched)


class CallRecordStore(SqlRows):
    """The records of calls, kept as long as the audit log is."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        super().__init__(engine)
        self._profiles = profiles

    @asynccontextmanager
    async def adding(self, record: CallRecord) -> AsyncIterator[int]:
        """Store a record; yield its id before it is committed, for that may succeed without an answer."""
        values = {name: value for name, value in asdict(record).items() if name != "id"}
        async with writing(self._engine) as db:
            yield await db.scalar(insert(CALL_RECORDS).values(values).returning(CALL_RECORDS.c.id))

    async def change(self, id_: int, **values: object) -> None:
        """Change some values of a record."""
        await self._write(update(CALL_RECORDS).where(CALL_RECORDS.c.id == id_).values(values))

    async def open_ids(self) -> dict[tuple[str, str], int]:
        """Return the ids of the calls that have no end yet, by session and device."""
        rows = await self._all(select(CALL_RECORDS).where(CALL_RECORDS.c.ended.is_(None)))
        return {(row["session"], row["device"]): row["id"] for row in rows}

    async def close_all(self, but: Collection[int], now: datetime) -> None:
        """End the records of calls that no server goes on with, all `but` these."""
        left = CALL_RECORDS.c.ended.is_(None) & CALL_RECORDS.c.id.not_in(but)
        await self._write(update(CALL_RECORDS).where(left).values(ended=now, outcome="server-stopped"))

    async def newest(self, wanted: RecordFilter, limit: int) -> list[CallRecord]:
        """Return at most so many of the newest records that match, newest first."""
        found: list[CallRecord] = []
        async for batch in self.each(wanted):
            found += batch
            if len(found) >= limit:
                break
        return found[:limit]

    async def each(self, wanted: RecordFilter) -> AsyncIterator[list[CallRecord]]:
        """Yield all records that match, newest first, in batches."""
        async with self._engine.connect() as connection, streaming(connection, wanted.select()) as rows:
            async for batch in rows.mappings().partitions(BATCH):
                records = [CallRecord(**{name: row[name] for name in _COLUMNS}) for row in batch]
                yield [record for record in records if wanted.finds(record)]

    async def prune(self, now: datetime) -> None:
        """Delete the records that are older than the audit log may be (Điều 7.1)."""
        oldest = self._profiles.at(now).audit.oldest(now)
        await self._write(delete(CALL_RECORDS).where(CALL_RECORDS.c.began < oldest))
