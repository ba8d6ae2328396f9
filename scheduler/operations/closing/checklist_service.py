"""Stores the closing checklists of sessions and reminds units of them (Điều 15.1, 11.3).

Each method is one transaction.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.model import Session, State
from scheduler.notifications import outbox, wording
from scheduler.operations.closing.checklist import CENTRE, ClosingChecklist, Tick, check, closing_checklist
from scheduler.operations.closing.errors import NotOver, UnknownItem
from scheduler.operations.closing.schema import CLOSINGS, TICKS
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

LOOK_BACK = timedelta(days=3)
"""No reminders are sent for older sessions."""


class ClosingService:
    """Stores the closing checklists of sessions."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: wording.Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._channels = channels

    async def checklist(self, session_id: str) -> ClosingChecklist:
        """Return the closing checklist of a session. Raises UnknownSession."""
        async with self._engine.begin() as db:
            return await self._checklist(db, await sessions_store.known(db, session_id))

    async def missing(self, sessions: Sequence[Session]) -> dict[str, tuple[str, ...]]:
        """Return the places that are not done, by session, by one statement however many there are."""
        ticks: dict[str, list[Tick]] = {session.id: [] for session in sessions}
        async with self._engine.begin() as db:
            for row in await db.execute(select(TICKS).where(TICKS.c.session.in_(list(ticks)))):
                ticks[row.session].append(_tick(row))
        return {session.id: self._checklist_of(session, ticks[session.id], None).missing for session in sessions}

    async def tick(
        self, session_id: str, place: str, item: str, done: bool, by: str, now: datetime
    ) -> ClosingChecklist:
        """Tick an item of a place, or untick the last one.

        Raises UnknownSession, NotOver, UnknownItem, ClosingOrder; then nothing changed.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            if now < session.official.start or session.state != State.ISSUED:
                raise NotOver
            ticked = (await self._checklist(db, session)).of(place)
            if ticked is None:
                raise UnknownItem(place)
            check(ticked, item, done)
            if done:
                row = {"session": session_id, "place": place, "item": item, "by": by, "at": now}
                await db.execute(insert(TICKS).values(row))
            else:
                here = (TICKS.c.session == session_id) & (TICKS.c.place == place) & (TICKS.c.item == item)
                await db.execute(delete(TICKS).where(here))
            return await self._checklist(db, session)

    async def set_kind(self, session_id: str, kind: str) -> ClosingChecklist:
        """Set what kind of meeting it was (Điều 4.2). Raises UnknownSession, UnknownItem."""
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            if kind not in self._policy(session).registration.kinds:
                raise UnknownItem(kind)
            await self._set(db, session_id, kind=kind)
            return await self._checklist(db, session)

    async def remind(self, now: datetime) -> None:
        """Remind units whose points are not done two hours after the end (R-100); once for each session."""
        async with writing(self._engine) as db:
            for session in await sessions_store.between(db, now - LOOK_BACK, now):
                if (
                    session.state == State.ISSUED
                    and now >= session.official.end + self._policy(session).conduct.closing.remind
                ):
                    await self._remind(db, session, now)

    async def _remind(self, db: AsyncConnection, session: Session, now: datetime) -> None:
        row = (await db.execute(select(CLOSINGS.c.reminded).where(CLOSINGS.c.session == session.id))).first()
        if row is not None and row.reminded is not None:
            return
        missing = (await self._checklist(db, session)).missing
        points = await units_store.points_named(db, session.everyone)
        for unit in {points[place].unit for place in missing if place != CENTRE}:
            names = [points[place].name for place in missing if place != CENTRE and points[place].unit == unit]
            reason = f"Chưa xong: {', '.join(names)}"
            notice = wording.of_unit("closing", session, points[session.host_point], unit, reason)
            await outbox.tell(db, notice, self._channels, now)
        await self._set(db, session.id, reminded=now)

    async def _checklist(self, db: AsyncConnection, session: Session) -> ClosingChecklist:
        rows = await db.execute(select(TICKS).where(TICKS.c.session == session.id))
        kind = await db.scalar(select(CLOSINGS.c.kind).where(CLOSINGS.c.session == session.id))
        return self._checklist_of(session, [_tick(row) for row in rows], kind)

    def _checklist_of(self, session: Session, ticks: Collection[Tick], kind: str | None) -> ClosingChecklist:
        return closing_checklist(
            self._policy(session).conduct.closing, session.everyone, ticks, kind or session.kind or None
        )

    async def _set(self, db: AsyncConnection, session: str, **values: object) -> None:
        own = CLOSINGS.c.session == session
        if not (await db.execute(update(CLOSINGS).where(own).values(values))).rowcount:
            await db.execute(insert(CLOSINGS).values(session=session, **values))

    def _policy(self, session: Session) -> Policy:
        return self._profiles.at(session.official.start)


def _tick(row: Row[Any]) -> Tick:
    return Tick(row.place, row.item, row.by, row.at)
