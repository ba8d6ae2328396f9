"""The audit log: one writer at a time appends; it is searched, verified, pruned, never changed (I-08, Điều 7.1)."""

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import streaming, writing
from scheduler.core.lock_timeout import waiting
from scheduler.core.model import Happening
from scheduler.core.note import Note
from scheduler.policy.profile_files import Profiles
from scheduler.units.naming import key
from signaling.audit.hash_chain import COVER, GENESIS, PRUNE, ChainedEntry, Verdict, entry_hash, seal_happening
from signaling.audit.schema import AUDIT
from signaling.core.audit_entry import SERVER, AuditEntry

log = logging.getLogger(__name__)
head_log = logging.getLogger(f"{__name__}.head")
head_log.setLevel(logging.INFO)  # no fault, yet in the journal at every level: an old head proves what came before it

BATCH = 1000
"""Rows that are read before other work gets its turn."""

Happenings = Callable[[int, int], Awaitable[list[Happening]]]
"""Returns rows of sessions' history after a number, oldest first, at most so many."""


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """A filter of entries: all given fields must match.

    `start` and `end` are half-open; `text` is found anywhere, with or without diacritics; numbers are below `before`.
    """

    start: datetime | None = None
    end: datetime | None = None
    actor: str = ""
    action: str = ""
    subject: str = ""
    text: str = ""
    before: int | None = None

    def select(self) -> Select[tuple[object, ...]]:
        """Return the query for everything but the text."""
        query = select(AUDIT)
        for column in (AUDIT.c.actor, AUDIT.c.action, AUDIT.c.subject):
            value: str = getattr(self, column.name)
            query = query.where(column == value) if value else query
        query = query if self.start is None else query.where(AUDIT.c.at >= self.start)
        query = query if self.end is None else query.where(AUDIT.c.at < self.end)
        return query if self.before is None else query.where(AUDIT.c.id < self.before)

    def finds(self, entry: AuditEntry) -> bool:
        """Return whether an entry contains the text."""
        searched = " ".join((entry.actor, entry.action, entry.subject, entry.detail, entry.address))
        return not self.text or key(self.text) in key(searched)


@dataclass(slots=True)
class _Pending:
    entries: Sequence[AuditEntry]
    written: bool = False


async def _nothing(after: int, limit: int) -> list[Happening]:
    return []


class AuditLog:
    """The audit log. Every entry is chained to the one before it, with the policy in force.

    The history of sessions, a table of its own, is chained too, and covered by entries that hold its seal.
    """

    def __init__(self, engine: AsyncEngine, profiles: Profiles, happenings: Happenings = _nothing) -> None:
        self._engine = engine
        self._profiles = profiles
        self._happenings = happenings
        self._covered: tuple[int, str] | None = None
        self._covering = asyncio.Lock()
        self.checked: tuple[datetime, Verdict] | None = None
        """When the log was last verified, with the result."""
        self._seen: set[tuple[str, ...]] = set()
        self._day: date | None = None
        self._pending: list[_Pending] = []
        """Entries that are to be written together."""
        self._turn = asyncio.Lock()
        """Held while they are written."""

    async def append(self, entry: AuditEntry) -> None:
        """Append an entry."""
        async with writing(self._engine) as db:
            await self.append_with(db, entry)

    async def append_together(self, *entries: AuditEntry) -> None:
        """Append entries, all or none, in one transaction with those of others who wait: many come at once.

        Others try again themselves where that transaction fails.
        """
        ours = _Pending(entries)
        self._pending.append(ours)
        try:
            with waiting():
                await self._turn.acquire()
            try:
                if not ours.written:
                    await self._append_pending()
            finally:
                self._turn.release()
        finally:
            self._pending.remove(ours)

    async def _append_pending(self) -> None:
        async with writing(self._engine) as db:
            pending = [each for each in self._pending if not each.written]
            await self.append_with(db, *[entry for each in pending for entry in each.entries])
        for each in pending:
            each.written = True

    async def once(self, entry: AuditEntry) -> None:
        """Append an entry, unless the log has one like it of the same day."""
        if self._day != entry.at.date():
            self._day = entry.at.date()
            self._seen.clear()
        key = (entry.actor, entry.action, entry.subject, entry.detail, entry.address)
        if key in self._seen:
            return
        async with writing(self._engine) as db:  # another server may have it written, or this one without an answer
            if await db.scalar(_of_its_day(entry)) is None:
                await self.append_with(db, entry)
        self._seen.add(key)

    async def append_with(self, db: AsyncConnection, *entries: AuditEntry) -> None:
        """Append entries in a write transaction: they are there when the rest of that is, and only then."""
        newest = select(AUDIT.c.id, AUDIT.c.seal).order_by(AUDIT.c.id.desc()).limit(1)
        last = (await db.execute(newest)).first()
        before, seal = (0, GENESIS) if last is None else (last.id, last.seal)
        rows = []
        for number, entry in enumerate(entries, before + 1):
            storable, profile = _storable(entry), self._profiles.at(entry.at).stamp
            seal = entry_hash(seal, number, storable, profile)
            rows.append(_row(ChainedEntry(number, storable, profile, seal)))
        await db.execute(insert(AUDIT), rows)

    def noting(self, entry: AuditEntry) -> Note[object]:
        """Return what appends an entry in the transaction of a change."""

        async def note(db: AsyncConnection, _changed: object) -> None:
            await self.append_with(db, entry)

        return note

    async def newest(self, entry_filter: EntryFilter, limit: int) -> list[ChainedEntry]:
        """Return the newest entries that match, newest first."""
        matching: list[ChainedEntry] = []
        async with aclosing(self._batches(entry_filter.select().order_by(AUDIT.c.id.desc()))) as batches:
            async for rows in batches:
                matching += [row for row in rows if entry_filter.finds(row.entry)]
                if len(matching) >= limit:
                    break
        return matching[:limit]

    async def after(self, number: int, limit: int) -> list[ChainedEntry]:
        """Return the entries that follow a number, oldest first, at most so many."""
        query = select(AUDIT).where(AUDIT.c.id > number).order_by(AUDIT.c.id).limit(limit)
        async with self._engine.connect() as connection:
            return [_chained(row) for row in (await connection.execute(query)).mappings()]

    async def each(self, entry_filter: EntryFilter) -> AsyncIterator[list[ChainedEntry]]:
        """Yield all entries that match, oldest first, in batches."""
        async for rows in self._batches(entry_filter.select().order_by(AUDIT.c.id)):
            yield [row for row in rows if entry_filter.finds(row.entry)]

    async def _batches(self, query: Select[tuple[object, ...]]) -> AsyncGenerator[list[ChainedEntry], None]:
        async with self._engine.connect() as connection, streaming(connection, query) as rows:
            async for batch in rows.mappings().partitions(BATCH):
                yield [_chained(row) for row in batch]

    async def verify(self, now: datetime) -> Verdict:
        """Verify the whole log, and the history of sessions as far as the log covers it."""
        verdict = Verdict(0, 0, await self._anchor(), None)
        async for rows in self._batches(select(AUDIT).order_by(AUDIT.c.id)):
            verdict = verdict.after(rows)
        if verdict.broken is None:
            verdict = replace(verdict, broken=await self._uncovered())
        self.checked = (now, verdict)
        return verdict

    async def cover(self, now: datetime) -> None:
        """Append an entry with the seal of the history of sessions, if there is anything new (R-001)."""
        async with self._covering:
            start = covered = self._covered or (0, GENESIS)
            async for each in self._walk(start):
                covered = each
            if covered == start:
                return
            subject, latest = str(covered[0]), select(AUDIT.c.subject).where(AUDIT.c.action == COVER)
            async with writing(self._engine) as db:  # another server may have covered it
                if await db.scalar(latest.order_by(AUDIT.c.id.desc()).limit(1)) != subject:
                    await self.append_with(db, AuditEntry(now, SERVER, COVER, subject, covered[1]))
            self._covered = covered

    async def _walk(self, start: tuple[int, str]) -> AsyncIterator[tuple[int, str]]:
        """Yield number and seal of each row of sessions' history after `start`."""
        last, head = start
        while rows := await self._happenings(last, BATCH):
            for row in rows:
                last, head = row.id, seal_happening(head, row)
                yield last, head

    async def _uncovered(self) -> int | None:
        """Return the first entry whose seal is not that of the history; None if all are right."""
        covers = [row async for rows in self.each(EntryFilter(action=COVER)) for row in rows]
        covered = {int(row.entry.subject) for row in covers}
        seals = {number: head async for number, head in self._walk((0, GENESIS)) if number in covered}
        return next((row.id for row in covers if seals.get(int(row.entry.subject)) != row.entry.detail), None)

    async def _anchor(self) -> str:
        """Return the seal with which the chain begins: GENESIS, or that of the last pruned entry."""
        pruned = select(AUDIT.c.detail).where(AUDIT.c.action == PRUNE).order_by(AUDIT.c.id.desc()).limit(1)
        async with self._engine.connect() as connection:
            return await connection.scalar(pruned) or GENESIS

    async def has(self, number: int, head: str) -> bool:
        """Return whether entry `number` has the seal `head` that was noted elsewhere."""
        async with self._engine.connect() as connection:
            seal: str | None = await connection.scalar(select(AUDIT.c.seal).where(AUDIT.c.id == number))
        return seal == head

    async def prune(self, before: datetime, now: datetime) -> int:
        """Delete entries from before a time; return how many. The rest verifies as before."""
        async with writing(self._engine) as db:
            first_kept = select(func.min(AUDIT.c.id)).where(AUDIT.c.at >= before)
            newest = select(AUDIT.c.id, AUDIT.c.seal).order_by(AUDIT.c.id.desc()).limit(1)
            first_id: int | None = await db.scalar(first_kept)
            last = (await db.execute(newest if first_id is None else newest.where(AUDIT.c.id < first_id))).first()
            if last is None:
                return 0
            await self.append_with(db, AuditEntry(now, SERVER, PRUNE, str(last.id), last.seal))
            return (await db.execute(delete(AUDIT).where(AUDIT.c.id <= last.id))).rowcount

    async def daily(self, now: datetime) -> None:
        """Once a day prune old entries, verify the rest, and log its head outside the database."""
        if self.checked is not None and self.checked[0].date() == now.date():
            return
        await self.prune(self._profiles.at(now).audit.oldest(now), now)
        verdict = await self.verify(now)
        if verdict.broken is not None:
            log.error("x audit log: entry %d was changed after it was written", verdict.broken)
        elif verdict.entries:
            head_log.info("= audit log: %d entries, head %d:%s", verdict.entries, verdict.last, verdict.head)


def _of_its_day(entry: AuditEntry) -> Select[tuple[int]]:
    """Return the query for an entry of the same day that tells the same.

    It reads the entries of that day; SQLite would take the index of actions, and read all of an action in all years.
    """
    stored, day = _storable(entry), entry.at.replace(hour=0, minute=0, second=0, microsecond=0)
    query = select(AUDIT.c.id).where(AUDIT.c.at >= day, AUDIT.c.at < day + timedelta(days=1)).limit(1)
    for column in (AUDIT.c.actor, AUDIT.c.subject, AUDIT.c.detail, AUDIT.c.address):
        query = query.where(column == getattr(stored, column.name))
    return query.where(AUDIT.c.action.concat("") == stored.action)


def _storable(entry: AuditEntry) -> AuditEntry:
    """Return an entry that both databases can store, with texts cut to the columns."""
    return AuditEntry(
        entry.at,
        _plain(entry.actor, 64),
        _plain(entry.action, 64),
        _plain(entry.subject, 200),
        _plain(entry.detail, 1000),
        _plain(entry.address, 64),
        entry.port,
    )


def _plain(text: str, longest: int) -> str:
    """Cut a text; replace lone surrogates, which headers may hold; drop NUL, which PostgreSQL refuses."""
    return text.encode("utf-8", "replace").decode().replace("\0", "")[:longest]


def _row(chained: ChainedEntry) -> dict[str, object]:
    entry = chained.entry
    return {
        "id": chained.id,
        "at": entry.at,
        "actor": entry.actor,
        "action": entry.action,
        "subject": entry.subject,
        "detail": entry.detail,
        "address": entry.address,
        "port": entry.port,
        "profile": chained.profile,
        "seal": chained.seal,
    }


def _chained(row: RowMapping) -> ChainedEntry:
    fields = (row["at"], row["actor"], row["action"], row["subject"], row["detail"], row["address"], row["port"])
    return ChainedEntry(row["id"], AuditEntry(*fields), row["profile"], row["seal"])
