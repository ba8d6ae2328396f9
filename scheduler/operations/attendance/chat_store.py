"""Stores the chat messages of a meeting, within the caller's transaction (Điều 15.1: the record of a session)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.operations.attendance.schema import CHAT


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """One message as it was sent. `point` is the writer's, None for the centre without a point; `name` the seat's.

    `chair` is True for host and controllers, who write to everyone (`recipient` None) or to one point; others write to
    the chair. `text` is empty once it was erased.
    """

    at: datetime
    point: str | None
    name: str
    chair: bool
    recipient: str | None
    text: str


async def add(db: AsyncConnection, session: str, entry: ChatEntry) -> None:
    """Store a message."""
    values = {"point": entry.point, "name": entry.name, "chair": entry.chair, "recipient": entry.recipient}
    await db.execute(insert(CHAT).values(session=session, at=entry.at, text=entry.text, **values))


async def of_session(db: AsyncConnection, session: str) -> list[ChatEntry]:
    """Return the messages of a session, in the order in which they were sent."""
    rows = await db.execute(select(CHAT).where(CHAT.c.session == session).order_by(CHAT.c.id))
    return [ChatEntry(row.at, row.point, row.name, row.chair, row.recipient, row.text) for row in rows]
