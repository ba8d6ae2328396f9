"""Stores reviews of emergencies, which are exempt from deadlines and reviewed afterwards (Điều 13.2.a)."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import EMERGENCY
from scheduler.core.sql_values import whole_second
from scheduler.operations.closing.errors import NotOver
from scheduler.reports.figures import Review
from scheduler.reports.schema import REVIEWS

MAX_REMARK = 1000


class EmergencyReviews:
    """Stores the latest review of each emergency."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def review(self, session_id: str, remark: str, by: str, now: datetime) -> Review:
        """Store a review, in place of an earlier one. Raises UnknownSession, NotOver, InvalidRequest."""
        review = Review(whole_second(now), by, text.clean(remark))
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            if now < session.official.end:
                raise NotOver
            ordinary = [] if session.klass == EMERGENCY else [FieldError("session", "not-for-class")]
            errors = ordinary + text.validate("remark", review.remark, MAX_REMARK)
            if errors:
                raise InvalidRequest(errors)
            await db.execute(delete(REVIEWS).where(REVIEWS.c.session == session.id))
            values = {"session": session.id, "at": now, "by": by, "remark": review.remark}
            await db.execute(insert(REVIEWS).values(values))
        return review


async def reviews(db: AsyncConnection, sessions: Select[tuple[str]]) -> Mapping[str, Review]:
    """Return the reviews of sessions, by session."""
    rows = await db.execute(select(REVIEWS).where(REVIEWS.c.session.in_(sessions)))
    return {row.session: Review(row.at, row.by, row.remark) for row in rows}
