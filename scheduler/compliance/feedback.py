"""Stores the difficulties that units report to the operating unit, and lists breaches (Điều 20, 21.2)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration import refusals_store
from scheduler.booking.sessions import store as sessions_store
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.compliance import breaches, breaches_store
from scheduler.compliance.breaches import Breach
from scheduler.compliance.schema import FEEDBACK
from scheduler.core.database import writing
from scheduler.core.model import Session
from scheduler.core.sql_values import storable, whole_second
from scheduler.directory.equipment import devices_store
from scheduler.operations.closing.checklist_service import ClosingService
from scheduler.operations.closing.errors import UnknownFeedback
from scheduler.operations.closing.handover_service import HandoverService
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

MAX_REFUSALS = 10_000
Status = Literal["new", "handled", "forwarded"]
"""New; handled by the operating unit; forwarded to the People's Committee of the province (Điều 21.2)."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """A difficulty that a unit reported, with the reply of the operating unit."""

    id: str
    unit: str
    by: str
    at: datetime
    text: str
    status: Status = "new"
    answer: str = ""
    answered_by: str = ""
    answered: datetime | None = None


class FeedbackService:
    """Stores feedback, and finds breaches in the records of other services."""

    def __init__(
        self, engine: AsyncEngine, profiles: Profiles, closing: ClosingService, handovers: HandoverService
    ) -> None:
        self._engine = engine
        self._profiles = profiles
        self._closing = closing
        self._handovers = handovers

    async def add(self, unit: str, by: str, text: str, now: datetime) -> Feedback:
        """Store the feedback of a unit."""
        feedback = Feedback(uuid.uuid4().hex, unit, by, whole_second(now), text)
        async with writing(self._engine) as db:
            await db.execute(insert(FEEDBACK).values(_values(feedback)))
        return feedback

    async def reply(self, feedback_id: str, status: Status, text: str, by: str, now: datetime) -> Feedback:
        """Store the reply to feedback, with its status. Raises UnknownFeedback."""
        async with writing(self._engine) as db:
            own = FEEDBACK.c.id.in_(storable([feedback_id]))
            values = {"status": status, "answer": text, "answered_by": by, "answered": now}
            if not (await db.execute(update(FEEDBACK).where(own).values(values))).rowcount:
                raise UnknownFeedback
            row = (await db.execute(select(FEEDBACK).where(own))).mappings().one()
        return Feedback(**row)

    async def feedback(self, unit: str | None = None) -> list[Feedback]:
        """Return the feedback of all units, or of one, the newest first."""
        query = select(FEEDBACK).order_by(FEEDBACK.c.at.desc(), FEEDBACK.c.id).limit(500)
        async with self._engine.begin() as db:
            rows = await db.execute(query if unit is None else query.where(FEEDBACK.c.unit.in_(storable([unit]))))
            return [Feedback(**row) for row in rows.mappings()]

    async def breaches(self, start: datetime, end: datetime, now: datetime, unit: str | None = None) -> list[Breach]:
        """Return the breaches in [start, end) of all units, or of one, the newest first."""
        async with self._engine.begin() as db:
            sessions = await sessions_store.between(db, start, end, None if unit is None else [unit])
            points = {point.id: point for point in await units_store.all_points(db)}
            found = [
                *breaches.missed(sessions, await breaches_store.released(db, sessions), points),
                *breaches.late(await refusals_store.between(db, start, end, MAX_REFUSALS)),
                *breaches.moved(await self._late(db, sessions), points),
                *breaches.drifted(await devices_store.drifts(db, start, end), points),
                *await breaches_store.unanswered(db, start, end, now),
            ]
            there, checked = await breaches_store.present(db, sessions), await breaches_store.checked(db, sessions)
        missing = await self._closing.missing(sessions)
        for session in sessions:
            overdue = session.official.end + self._profiles.at(session.official.start).conduct.closing.remind
            found += breaches.absent(session, there[session.id], points, now)
            found += breaches.unchecked(session, checked[session.id], points, now)
            found += breaches.unclosed(session, missing[session.id], points, overdue, now)
        found += breaches.unreceived(await self._handovers.all(), now)
        within = [each for each in found if start <= each.at < end and unit in {None, each.unit}]
        return sorted(within, key=lambda each: (each.at, each.session or "", each.point or ""), reverse=True)

    async def _late(self, db: AsyncConnection, sessions: list[Session]) -> list[Session]:
        """Return the sessions that were registered too late for their present time."""
        calendar = (await calendar_store.corrections(db)).calendar
        clocks = {policy.stamp: Clock(policy, calendar) for policy in self._profiles.policies}
        found = []
        for each in sessions:
            clock = clocks[self._profiles.at(each.created).stamp]
            if clock.owed(each.klass, each.created, each.official.start).late:
                found.append(each)
        return found


def _values(feedback: Feedback) -> dict[str, object]:
    return {column.name: getattr(feedback, column.name) for column in FEEDBACK.c}
