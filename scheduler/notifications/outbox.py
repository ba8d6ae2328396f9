"""SQL of the outbox: notices that wait to be sent, and official mailboxes. It runs in the caller's transaction.

A notice is committed or rolled back with its decision. The sender marks a row after the mail server or the group took
the notice. A crash between the two sends it twice, under the same Message-ID, rather than never.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.schema import SLOTS
from scheduler.notifications.schema import MAILBOXES, OUTBOX
from scheduler.notifications.wording import WORDINGS, Channels, Kind, Notice, NoticeFacts

MAIL = "mail"
"""The channel of mail; every other channel is a chat group."""

MAX_WAITING = 10_000
"""A notice beyond this number is stored as failed: it is listed and can be sent again, and no decision waits for it."""
RETENTION = timedelta(days=365)
MAX_TRIES = 12
FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=1)
MAX_ERROR = 200

State = Literal["waiting", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One notice for one channel. `error` is why the last try failed; `sequence` counts a session's notices."""

    id: int
    key: str
    kind: Kind
    channel: str
    unit: str | None
    session: str | None
    recipient: str
    thread: str
    facts: NoticeFacts
    sequence: int
    created: datetime
    due: datetime
    tries: int
    state: State
    error: str
    sent: datetime | None


async def tell(db: AsyncConnection, notice: Notice, channels: Channels, now: datetime) -> None:
    """Add a notice for every channel it concerns; a notice whose key is in the outbox already changes nothing."""
    groups = channels.groups if WORDINGS[notice.kind].group else ()
    for channel in (*((MAIL,) if channels.mail else ()), *groups):
        key = f"{notice.key}:{channel}"
        if await db.scalar(select(OUTBOX.c.id).where(OUTBOX.c.key == key)) is None:
            await _add(db, notice, key, channel, now)


async def was_added(db: AsyncConnection, notice: Notice, channels: Channels) -> bool:
    """Return whether a notice was added for one of the channels."""
    keys = [f"{notice.key}:{channel}" for channel in (MAIL, *channels.groups)]
    return await db.scalar(select(OUTBOX.c.id).where(OUTBOX.c.key.in_(keys)).limit(1)) is not None


async def was_added_since(db: AsyncConnection, session: str, part: str, since: datetime) -> bool:
    """Return whether a notice about a session, whose key has this part, was added after a time."""
    found = (OUTBOX.c.session == session) & OUTBOX.c.key.contains(part, autoescape=True) & (OUTBOX.c.created > since)
    return await db.scalar(select(OUTBOX.c.id).where(found).limit(1)) is not None


async def _add(db: AsyncConnection, notice: Notice, key: str, channel: str, now: datetime) -> None:
    waiting = await db.scalar(select(func.count()).select_from(OUTBOX).where(OUTBOX.c.state == "waiting"))
    full = (waiting or 0) >= MAX_WAITING
    earlier = select(func.count()).select_from(OUTBOX).where(OUTBOX.c.session == notice.session)
    row = {
        "key": key,
        "kind": notice.kind,
        "channel": channel,
        "unit": notice.unit,
        "session": notice.session,
        "recipient": notice.recipient,
        "thread": notice.thread,
        "facts": notice.facts.text(),
        "sequence": await db.scalar(earlier.where(OUTBOX.c.channel == channel)) or 0,
        "created": now,
        "due": now,
        "tries": 0,
        "state": "failed" if full else "waiting",
        "error": "outbox-full" if full else "",
    }
    await db.execute(insert(OUTBOX).values(row))


async def due(db: AsyncConnection, now: datetime, limit: int) -> list[OutboxItem]:
    """Return the notices that are due, longest waiting first."""
    ready = (OUTBOX.c.state == "waiting") & (OUTBOX.c.due <= now)
    return await _read(db, select(OUTBOX).where(ready).order_by(OUTBOX.c.due, OUTBOX.c.id).limit(limit))


async def unsent(db: AsyncConnection) -> dict[State, int]:
    """Return how many notices wait, and how many failed for good."""
    states: tuple[State, ...] = ("waiting", "failed")
    counted = select(OUTBOX.c.state, func.count().label("number")).where(OUTBOX.c.state.in_(states))
    found = {row.state: row.number for row in await db.execute(counted.group_by(OUTBOX.c.state))}
    return {state: found.get(state, 0) for state in states}


async def newest(db: AsyncConnection, limit: int) -> list[OutboxItem]:
    """Return notices of every state: failed, waiting, then sent ones, newest first in each."""
    order = (OUTBOX.c.state != "failed", OUTBOX.c.state != "waiting", OUTBOX.c.id.desc())
    return await _read(db, select(OUTBOX).order_by(*order).limit(limit))


async def of_coming(db: AsyncConnection, kinds: Collection[Kind], now: datetime) -> list[OutboxItem]:
    """Return the notices of some kinds about sessions that are not over, in the order they were written."""
    coming = select(SLOTS.c.session).where(SLOTS.c.end > now)
    return await _read(
        db, select(OUTBOX).where(OUTBOX.c.kind.in_(kinds), OUTBOX.c.session.in_(coming)).order_by(OUTBOX.c.id)
    )


async def mark_sent(db: AsyncConnection, notice: int, now: datetime) -> None:
    """Mark a notice as sent: the mail server or the group took it."""
    values = {"state": "sent", "sent": now, "error": ""}
    await db.execute(update(OUTBOX).where(OUTBOX.c.id == notice).values(**values, tries=OUTBOX.c.tries + 1))


async def mark_failed(db: AsyncConnection, notice: OutboxItem, error: str, now: datetime, final: bool) -> None:
    """Record a failed try: the next one is due after a delay that doubles, unless `final` or after `MAX_TRIES`."""
    tries = notice.tries + 1
    wait = min(FIRST_WAIT * 2**notice.tries, LONGEST_WAIT)
    state = "failed" if final or tries >= MAX_TRIES else "waiting"
    values = {"tries": tries, "due": now + wait, "state": state, "error": error[:MAX_ERROR]}
    await db.execute(update(OUTBOX).where(OUTBOX.c.id == notice.id).values(**values))


async def retry(db: AsyncConnection, notice: int, now: datetime) -> bool:
    """Make a notice of any state due now. Return False if there is no such notice."""
    values = {"state": "waiting", "due": now, "tries": 0}
    changed = await db.execute(update(OUTBOX).where(OUTBOX.c.id == notice).values(**values))
    return changed.rowcount == 1


async def prune(db: AsyncConnection, now: datetime) -> None:
    """Delete notices that were sent or failed and are older than a year."""
    old = (OUTBOX.c.state != "waiting") & (OUTBOX.c.created < now - RETENTION)
    await db.execute(delete(OUTBOX).where(old))


async def _read(db: AsyncConnection, query: Select[Any]) -> list[OutboxItem]:
    return [_waiting(row) for row in (await db.execute(query)).mappings()]


def _waiting(row: RowMapping) -> OutboxItem:
    return OutboxItem(**{**row, "facts": NoticeFacts.read(row["facts"])})


# Official mailboxes: an address belongs to one unit, a unit writes from one address.


async def mailboxes(db: AsyncConnection) -> dict[str, str]:
    """Return the official mailbox of each unit that has one."""
    return {row.unit: row.address for row in await db.execute(select(MAILBOXES))}


async def unit_of(db: AsyncConnection, address: str) -> str | None:
    """Return the unit whose official mailbox an address is; None if there is none."""
    unit: str | None = await db.scalar(select(MAILBOXES.c.unit).where(MAILBOXES.c.address == address.lower()))
    return unit


async def set_mailbox(db: AsyncConnection, unit: str, address: str) -> None:
    """Set the mailbox of a unit in place of its old one, and take it from a unit that had it before."""
    old = (MAILBOXES.c.unit == unit) | (MAILBOXES.c.address == address.lower())
    await db.execute(delete(MAILBOXES).where(old))
    await db.execute(insert(MAILBOXES).values(unit=unit, address=address.lower()))
