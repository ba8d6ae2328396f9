"""Rows of letters that came, on a connection whose transaction the service holds."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.sql_values import instant, seconds
from scheduler.inbound_mail.schema import LETTERS, LETTERS_RAW
from scheduler.inbound_mail.sender_authentication import Verdict

Fate = Literal["draft", "person", "answered", "ignored"]
"""It is a draft; a person is to read it; its sender was asked to use the official mailbox; nothing was done."""
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
class Place:
    """Where a letter lies: UIDVALIDITY and UID of its mailbox (RFC 3501 §2.3.1)."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Received:
    """A letter and its fate: `arrived` at the mail server, read here `at`; `unit` wrote it, `draft` came of it."""

    message_id: str
    sender: str
    subject: str
    arrived: datetime
    at: datetime
    size: int
    place: Place
    unit: str | None
    verdict: Verdict
    authentication: str
    fate: Fate
    reason: Reason = ""
    draft: str | None = None
    id: int = 0
    handled: datetime | None = None
    handled_by: str = ""

    @property
    def quarantined(self) -> bool:
        """Whether it waits until somebody has confirmed with the unit that it is no forgery."""
        return self.fate == "person" and self.reason == "unauthenticated" and self.handled is None


async def add(db: AsyncConnection, letter: Received, raw: bytes | None) -> int:
    """Write a letter down, whole if a person may have to see it; return its id."""
    row = {
        "message_id": letter.message_id,
        "sender": letter.sender,
        "subject": letter.subject,
        "at": seconds(letter.at),
        "arrived": seconds(letter.arrived),
        "draft": letter.draft,
        "size": letter.size,
        "validity": letter.place.validity,
        "uid": letter.place.uid,
        "unit": letter.unit,
        "verdict": letter.verdict,
        "authentication": letter.authentication,
        "fate": letter.fate,
        "reason": letter.reason,
        "handled_by": "",
    }
    added = await db.execute(insert(LETTERS).values(row).returning(LETTERS.c.id))
    number: int = added.scalar_one()
    if raw is not None:
        await db.execute(insert(LETTERS_RAW).values(letter=number, raw=raw))
    return number


async def again(db: AsyncConnection, message_id: str, sender: str, place: Place) -> Received | None:
    """Return the letter if it came before, noting where it lies now."""
    same = (LETTERS.c.message_id == message_id) & (LETTERS.c.sender == sender)
    found = await _one(db, select(LETTERS).where(same))
    if found is not None:
        await db.execute(update(LETTERS).where(same).values(validity=place.validity, uid=place.uid))
    return found


async def last_uid(db: AsyncConnection, validity: int) -> int:
    """Return the highest UID that was ever read of a mailbox, 0 before the first."""
    highest = select(func.max(LETTERS.c.uid)).where(LETTERS.c.validity == validity)
    return await db.scalar(highest) or 0


async def answered(db: AsyncConnection, since: datetime, sender: str | None = None) -> int:
    """Count the letters (of a sender) that the machine has answered since then."""
    query = select(func.count()).select_from(LETTERS)
    query = query.where(LETTERS.c.fate == "answered", LETTERS.c.at > seconds(since))
    return await db.scalar(query if sender is None else query.where(LETTERS.c.sender == sender)) or 0


async def one(db: AsyncConnection, number: int) -> Received | None:
    """Return a letter."""
    return await _one(db, select(LETTERS).where(LETTERS.c.id == number))


async def newest(db: AsyncConnection, limit: int) -> list[Received]:
    """Return letters: those a person has yet to read, then the others, newest first in each."""
    return await _read(db, select(LETTERS).order_by(~_open(), LETTERS.c.id.desc()).limit(limit))


async def raw(db: AsyncConnection, number: int) -> bytes | None:
    """Return a letter as it came, if it was kept."""
    kept: bytes | None = await db.scalar(select(LETTERS_RAW.c.raw).where(LETTERS_RAW.c.letter == number))
    return kept


async def handle(db: AsyncConnection, number: int, by: str, now: datetime) -> bool:
    """Note that somebody has read a letter that waited for a person; tell whether it still did."""
    values = {"handled": seconds(now), "handled_by": by}
    changed = await db.execute(update(LETTERS).where((LETTERS.c.id == number) & _open()).values(**values))
    return changed.rowcount == 1


async def accept(db: AsyncConnection, number: int, draft: str, by: str, now: datetime) -> None:
    """Note what draft became of a letter whose sender somebody has confirmed."""
    values = {"fate": "draft", "draft": draft, "handled": seconds(now), "handled_by": by}
    await db.execute(update(LETTERS).where(LETTERS.c.id == number).values(**values))


async def prune(db: AsyncConnection, before: datetime) -> None:
    """Forget letters that came before, unless a person has yet to read them."""
    old = (LETTERS.c.at < seconds(before)) & ~_open()
    await db.execute(delete(LETTERS_RAW).where(LETTERS_RAW.c.letter.in_(select(LETTERS.c.id).where(old))))
    await db.execute(delete(LETTERS).where(old))


def _open() -> ColumnElement[bool]:
    return (LETTERS.c.fate == "person") & LETTERS.c.handled.is_(None)


async def _one(db: AsyncConnection, query: Select[Any]) -> Received | None:
    return next(iter(await _read(db, query)), None)


async def _read(db: AsyncConnection, query: Select[Any]) -> list[Received]:
    return [_received(row) for row in (await db.execute(query)).mappings()]


def _received(row: RowMapping) -> Received:
    fields = {name: row[name] for name in row if name not in {"validity", "uid", "at", "arrived", "handled"}}
    return Received(
        **fields,
        at=instant(row["at"]),
        arrived=instant(row["arrived"]),
        place=Place(row["validity"], row["uid"]),
        handled=None if row["handled"] is None else instant(row["handled"]),
    )
