"""Lists emergencies for the people on duty, and records who acknowledged each one (Điều 12.3, R-061).

A host registers an emergency at any hour, or an official letter that is not yet replied to asks for one. It stays on
the list until its meeting is over, it is cancelled or its letter is settled.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration import reply_store
from scheduler.booking.registration.schema import EMERGENCIES_SEEN
from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import UnknownSession
from scheduler.core.model import EMERGENCY, Session
from scheduler.core.note import Note, no_note
from scheduler.core.sql_values import whole_second


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """The account that acknowledged an emergency, and the time."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Emergency:
    """A registration of class khẩn cấp: a `session`, or (None) a letter of `unit`, by the number of its draft.

    `subject` is the id of the session or of the draft.
    """

    subject: str
    number: str
    received: datetime
    session: Session | None
    unit: str | None = None
    seen: Acknowledgement | None = None


class Emergencies:
    """Lists current emergencies and acknowledges them."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def live(self, now: datetime) -> list[Emergency]:
        """Return the current emergencies: unacknowledged ones first, then the latest received first."""
        async with self._engine.begin() as db:
            return await current(db, now)

    async def acknowledge(self, subject: str, by: str, now: datetime, note: Note[Emergency] = no_note) -> Emergency:
        """Acknowledge an emergency; the first account stays. Raises UnknownSession if it is not on the list."""
        async with writing(self._engine) as db:
            emergency = next((each for each in await current(db, now) if each.subject == subject), None)
            if emergency is None:
                raise UnknownSession(subject)
            await note(db, emergency)
            if emergency.seen is not None:
                return emergency
            await db.execute(insert(EMERGENCIES_SEEN).values(subject=subject, by=by, at=now))
            return replace(emergency, seen=Acknowledgement(by, whole_second(now)))


async def current(db: AsyncConnection, now: datetime) -> list[Emergency]:
    """Return the current emergencies: unacknowledged ones first, then the latest received first."""
    sessions = [Emergency(each.id, each.number, each.received, each) for each in await sessions_store.urgent(db, now)]
    owed = [each for each in await reply_store.unanswered(db) if (each.kind, each.klass) == ("draft", EMERGENCY)]
    letters = [Emergency(each.subject, each.number, each.received, None, each.unit) for each in owed]
    subjects = [each.subject for each in (*sessions, *letters)]
    rows = await db.execute(select(EMERGENCIES_SEEN).where(EMERGENCIES_SEEN.c.subject.in_(subjects)))
    seen = {row.subject: Acknowledgement(row.by, row.at) for row in rows}
    found = [replace(each, seen=seen.get(each.subject)) for each in (*sessions, *letters)]
    return sorted(found, key=lambda each: (each.seen is not None, -each.received.timestamp(), each.number))
