"""SQL of official letters. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.inbound_mail.schema import LETTERS, LETTERS_RAW
from scheduler.inbound_mail.sender_authentication import Verdict

LetterOutcome = Literal["draft", "person", "answered", "ignored"]
"""What was done with a letter: made into a draft, left to a person, its sender asked to use the official mailbox, or
nothing."""
Reason = Literal[
    "",
    "automatic",
    "list",
    "not-official",
    "answered-today",
    "busy-day",
    "unanswerable",
    "unreadable",
    "unauthenticated",
]


@dataclass(frozen=True, slots=True)
class MailboxPosition:
    """The position of a letter in its mailbox: UIDVALIDITY and UID (RFC 3501 §2.3.1)."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A stored letter: `arrived` at the mail server, read here `at`, written by `unit`, made into `draft`."""

    message_id: str
    sender: str
    subject: str
    arrived: datetime
    at: datetime
    size: int
    place: MailboxPosition
    unit: str | None
    verdict: Verdict
    authentication: str
    outcome: LetterOutcome
    reason: Reason = ""
    draft: str | None = None
    id: int = 0
    handled: datetime | None = None
    handled_by: str = ""

    @property
    def quarantined(self) -> bool:
        """Return whether the letter waits until somebody has confirmed with the unit that it is not forged."""
        return self.outcome == "person" and self.reason == "unauthenticated" and self.handled is None


async def add(db: AsyncConnection, letter: StoredLetter, raw: bytes | None) -> int:
    """Save a letter, with its raw bytes if a person may have to read it; return its id."""
    row = {
        "message_id": letter.message_id,
        "sender": letter.sender,
        "subject": letter.subject,
        "at": letter.at,
        "arrived": letter.arrived,
        "draft": letter.draft,
        "size": letter.size,
        "validity": letter.place.validity,
        "uid": letter.place.uid,
        "unit": letter.unit,
        "verdict": letter.verdict,
        "authentication": letter.authentication,
        "fate": letter.outcome,
        "reason": letter.reason,
        "handled_by": "",
    }
    added = await db.execute(insert(LETTERS).values(row).returning(LETTERS.c.id))
    number: int = added.scalar_one()
    if raw is not None:
        await db.execute(insert(LETTERS_RAW).values(letter=number, raw=raw))
    return number


async def again(db: AsyncConnection, message_id: str, sender: str, place: MailboxPosition) -> StoredLetter | None:
    """Return the letter if it came before, and record its present position in the mailbox."""
    same = (LETTERS.c.message_id == message_id) & (LETTERS.c.sender == sender)
    stored = await _one(db, select(LETTERS).where(same))
    if stored is not None:
        await db.execute(update(LETTERS).where(same).values(validity=place.validity, uid=place.uid))
    return stored


async def last_uid(db: AsyncConnection, validity: int) -> int:
    """Return the highest UID that was ever read of a mailbox; 0 before the first."""
    highest = select(func.max(LETTERS.c.uid)).where(LETTERS.c.validity == validity)
    return await db.scalar(highest) or 0


async def autoreplies(db: AsyncConnection, since: datetime, sender: str | None = None) -> int:
    """Count the letters (of one sender) that got an automatic reply since a time."""
    query = select(func.count()).select_from(LETTERS)
    query = query.where(LETTERS.c.fate == "answered", LETTERS.c.at > since)
    return await db.scalar(query if sender is None else query.where(LETTERS.c.sender == sender)) or 0


async def one(db: AsyncConnection, number: int) -> StoredLetter | None:
    """Return a letter."""
    return await _one(db, select(LETTERS).where(LETTERS.c.id == number))


async def newest(db: AsyncConnection, limit: int) -> list[StoredLetter]:
    """Return letters: those that wait for a person, then the others, newest first in each."""
    return await _read(db, select(LETTERS).order_by(~_open(), LETTERS.c.id.desc()).limit(limit))


async def letters_waiting(db: AsyncConnection) -> int:
    """Count the letters that wait for a person."""
    return await db.scalar(select(func.count()).select_from(LETTERS).where(_open())) or 0


async def raw(db: AsyncConnection, number: int) -> bytes | None:
    """Return the raw bytes of a letter, if they were kept."""
    data: bytes | None = await db.scalar(select(LETTERS_RAW.c.raw).where(LETTERS_RAW.c.letter == number))
    return data


async def handle(db: AsyncConnection, number: int, by: str, now: datetime) -> bool:
    """Record that a person has handled a waiting letter. Return False if it no longer waited."""
    values = {"handled": now, "handled_by": by}
    changed = await db.execute(update(LETTERS).where((LETTERS.c.id == number) & _open()).values(**values))
    return changed.rowcount == 1


async def accept(db: AsyncConnection, number: int, draft: str, by: str, now: datetime) -> None:
    """Record the draft that was made of a quarantined letter after its sender was confirmed."""
    values = {"fate": "draft", "draft": draft, "handled": now, "handled_by": by}
    await db.execute(update(LETTERS).where(LETTERS.c.id == number).values(**values))


async def prune(db: AsyncConnection, before: datetime) -> None:
    """Delete letters that came before a time, unless they wait for a person."""
    old = (LETTERS.c.at < before) & ~_open()
    await db.execute(delete(LETTERS_RAW).where(LETTERS_RAW.c.letter.in_(select(LETTERS.c.id).where(old))))
    await db.execute(delete(LETTERS).where(old))


def _open() -> ColumnElement[bool]:
    return (LETTERS.c.fate == "person") & LETTERS.c.handled.is_(None)


async def _one(db: AsyncConnection, query: Select[Any]) -> StoredLetter | None:
    return next(iter(await _read(db, query)), None)


async def _read(db: AsyncConnection, query: Select[Any]) -> list[StoredLetter]:
    return [_received(row) for row in (await db.execute(query)).mappings()]


def _received(row: RowMapping) -> StoredLetter:
    fields = {name: row[name] for name in row if name not in {"validity", "uid", "at", "arrived", "handled", "fate"}}
    return StoredLetter(
        **fields,
        at=row["at"],
        arrived=row["arrived"],
        place=MailboxPosition(row["validity"], row["uid"]),
        outcome=row["fate"],
        handled=row["handled"],
    )
