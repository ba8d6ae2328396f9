"""SQL of replies that are owed. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.admission.store import select_happenings
from scheduler.booking.registration import drafts_store
from scheduler.booking.registration.schema import ANSWERS, DRAFTS
from scheduler.booking.sessions.schema import HAPPENINGS
from scheduler.core.model import ClassId, Draft, DraftState, Happening

MAX_ROWS = 500
_KINDS = ("waiting", "issued", "cancelled")


@dataclass(frozen=True, slots=True)
class OwedReply:
    """A reply owed to `unit` for a draft or a session (`subject`).

    Its time counts from `effective` to `due`; `answered` is when the reply was given (None: not yet). `told` is the
    last share of the time, in percent, for which a reminder was sent.
    """

    subject: str
    kind: Literal["draft", "session"]
    number: str
    unit: str
    klass: ClassId
    received: datetime
    effective: datetime
    due: datetime
    start: datetime | None
    answered: datetime | None = None
    told: int = 0


async def add(db: AsyncConnection, owed: OwedReply) -> None:
    """Save a reply that is owed."""
    values = {column.name: getattr(owed, column.name) for column in ANSWERS.c if column.name != "happening"}
    await db.execute(insert(ANSWERS).values(**values))


async def one(db: AsyncConnection, subject: str) -> OwedReply | None:
    """Return the reply owed for a draft or a session; None if there is none."""
    return next(iter(await _read(db, select(ANSWERS).where(ANSWERS.c.subject == subject))), None)


async def unanswered(db: AsyncConnection) -> list[OwedReply]:
    """Return the replies that were not given yet, the first due first."""
    missing = select(ANSWERS).where(ANSWERS.c.answered.is_(None))
    return await _read(db, missing.order_by(ANSWERS.c.due, ANSWERS.c.subject))


async def record_reply(db: AsyncConnection, subject: str, at: datetime) -> None:
    """Record when a reply was given."""
    await db.execute(update(ANSWERS).where(ANSWERS.c.subject == subject).values(answered=at))


async def drop(db: AsyncConnection, subject: str) -> None:
    """Delete the reply owed for a draft or a session."""
    await db.execute(delete(ANSWERS).where(ANSWERS.c.subject == subject))


async def record_reminder(db: AsyncConnection, subject: str, percent: int) -> None:
    """Record the share of the time, in percent, for which a reminder was sent."""
    await db.execute(update(ANSWERS).where(ANSWERS.c.subject == subject).values(told=percent))


async def record_progress(db: AsyncConnection, happening: Happening) -> None:
    """Record the last history row of a session that was processed."""
    of_session = ANSWERS.c.subject == happening.session
    await db.execute(update(ANSWERS).where(of_session).values(happening=happening.id))


async def unseen_happenings(db: AsyncConnection) -> list[Happening]:
    """Return at most `MAX_ROWS` history rows of the kinds in `_KINDS` after the last processed one."""
    last = select(func.coalesce(func.max(ANSWERS.c.happening), 0)).scalar_subquery()
    new = select(HAPPENINGS).where(HAPPENINGS.c.id > last, HAPPENINGS.c.kind.in_(_KINDS)).limit(MAX_ROWS)
    return await select_happenings(db, new)


async def unseen_drafts(db: AsyncConnection) -> list[Draft]:
    """Return open drafts from units' own official mailboxes for which no reply is recorded as owed."""
    known = select(ANSWERS.c.subject).where(ANSWERS.c.kind == "draft")
    own = (DRAFTS.c.channel == "mail") & (DRAFTS.c.origin == DRAFTS.c.unit) & (DRAFTS.c.state == DraftState.OPEN)
    return await drafts_store.select_drafts(db, select(DRAFTS).where(own, DRAFTS.c.id.not_in(known)).limit(MAX_ROWS))


async def settled_drafts(db: AsyncConnection) -> list[Draft]:
    """Return the drafts that were settled while their reply was owed."""
    owed = select(ANSWERS.c.subject).where(ANSWERS.c.kind == "draft", ANSWERS.c.answered.is_(None))
    return await drafts_store.select_drafts(
        db, select(DRAFTS).where(DRAFTS.c.id.in_(owed), DRAFTS.c.state != DraftState.OPEN)
    )


async def counted(db: AsyncConnection, start: datetime, end: datetime) -> tuple[int, int]:
    """Count the replies that were due in [start, end): on time, and late or missing."""
    due = (ANSWERS.c.due >= start) & (ANSWERS.c.due < end)
    total = await db.scalar(select(func.count()).select_from(ANSWERS).where(due)) or 0
    timely = select(func.count()).select_from(ANSWERS).where(due, ANSWERS.c.answered <= ANSWERS.c.due)
    on_time = await db.scalar(timely) or 0
    return on_time, total - on_time


async def _read(db: AsyncConnection, query: Select[Any]) -> list[OwedReply]:
    return [_owed_reply(row) for row in (await db.execute(query)).mappings()]


def _owed_reply(row: RowMapping) -> OwedReply:
    return OwedReply(**{name: row[name] for name in row if name != "happening"})
