"""Lets points of other agencies into the sessions granted to them (Điều 3.2.đ, 6.5; R-006, R-035).

The host's invitation is not enough: the operating unit grants access once the point's devices were assessed.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import NotInvited, UnknownPoint
from scheduler.core.model import Session
from scheduler.core.note import Note, no_note
from scheduler.core.schema import POINTS, UNITS
from scheduler.core.sql_values import storable
from scheduler.directory.schema import GRANTS
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


@dataclass(frozen=True, slots=True)
class Invitation:
    """A session that a point is part of, and the account that granted access (None: not granted yet)."""

    session: Session
    by: str | None


class GuestAccess:
    """Stores which sessions points of other agencies may enter."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    async def needed(self, point: str, now: datetime) -> bool:
        """Return whether a point may enter granted sessions only. Raises UnknownPoint."""
        async with self._engine.begin() as db:
            return await self._needed(db, point, now)

    async def _needed(self, db: AsyncConnection, point: str, now: datetime) -> bool:
        found = (await units_store.points_named(db, [point])).get(point)
        if found is None:
            raise UnknownPoint(point)
        return found.level in self._profiles.at(now).directory.per_session

    async def lacking(self, point: str, session: str, now: datetime) -> bool:
        """Return whether a point needs a grant for a session and has none. Raises UnknownPoint."""
        granted = (GRANTS.c.point == POINTS.c.id) & GRANTS.c.session.in_(storable([session]))
        levels = select(UNITS.c.level, GRANTS.c.session).select_from(POINTS.join(UNITS).outerjoin(GRANTS, granted))
        async with self._engine.begin() as db:  # one statement, for everybody who joins waits for it
            found = (await db.execute(levels.where(POINTS.c.id.in_(storable([point]))))).first()
        if found is None:
            raise UnknownPoint(point)
        return found.level in self._profiles.at(now).directory.per_session and found.session is None

    async def invitations(self, point: str, start: datetime, end: datetime) -> list[Invitation]:
        """Return the sessions of a period that a point is part of."""
        async with self._engine.begin() as db:
            granted = await _granted(db, point)
            found = await sessions_store.between(db, start, end, points=storable([point]))
            return [Invitation(session, granted.get(session.id)) for session in found]

    async def grant(self, point: str, session_id: str, by: str, now: datetime, note: Note[str] = no_note) -> None:
        """Let a point into a session, within its times. Raises UnknownPoint, UnknownSession, NotInvited."""
        async with writing(self._engine) as db:
            await self._needed(db, point, now)
            session = await sessions_store.known(db, session_id)
            if point not in session.everyone:
                raise NotInvited
            await _forget(db, point, session_id)
            await db.execute(insert(GRANTS).values(point=point, session=session_id, by=by, at=now))
            await note(db, point)

    async def take_back(self, point: str, session_id: str, note: Note[str] = no_note) -> None:
        """Withdraw the grant of a session from a point."""
        async with writing(self._engine) as db:
            await _forget(db, point, session_id)
            await note(db, point)


async def _granted(db: AsyncConnection, point: str) -> dict[str, str]:
    rows = await db.execute(select(GRANTS.c.session, GRANTS.c.by).where(GRANTS.c.point.in_(storable([point]))))
    return {row.session: row.by for row in rows}


async def _forget(db: AsyncConnection, point: str, session: str) -> None:
    wanted = GRANTS.c.point.in_(storable([point])) & GRANTS.c.session.in_(storable([session]))
    await db.execute(delete(GRANTS).where(wanted))
