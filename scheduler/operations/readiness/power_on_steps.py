"""Stores the power-on and power-off steps of points, and tests of the link (R-052, R-104).

Each method is one transaction.
"""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store as sessions_store
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import Session, SlotKind
from scheduler.notifications.alerts import Alerts
from scheduler.operations.readiness.marks import LinkTest
from scheduler.operations.readiness.schema import LINK_TESTS, STEPS
from scheduler.operations.readiness.technical_check import MAX_WORDS


class PowerOnSteps:
    """Stores which steps points have done, and the link tests of sessions."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def done(self, session_id: str, point: str, step: str, done: bool, by: str, now: datetime) -> None:
        """Note that a point has done a power-on or power-off step, or take that back.

        Raises UnknownSession, InvalidRequest.
        """
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            policy = self._alerts.policy(session).preparation
            faults = [] if step in policy.steps else [FieldError("step", "unknown-tick", step[:MAX_WORDS])]
            faults += [] if point in session.everyone else [FieldError("point", "not-in-session", point)]
            if faults:
                raise InvalidRequest(faults)
            same = (STEPS.c.session == session.id) & (STEPS.c.point == point) & (STEPS.c.step == step)
            known = await db.scalar(select(STEPS.c.step).where(same)) is not None
            if done and not known:
                values = {"session": session.id, "point": point, "step": step, "by": by, "at": now}
                await db.execute(insert(STEPS).values(**values))
            elif known and not done:
                await db.execute(delete(STEPS).where(same))

    async def test_link(self, session_id: str, kind: SlotKind, good: bool, words: str, by: str, now: datetime) -> None:
        """Store a test of the link to the Government's system before a slot.

        Raises UnknownSession, InvalidRequest.
        """
        cleaned = text.clean(words)
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            slot = next((slot for slot in session.slots if slot.kind == kind), None)
            faults = [] if slot else [FieldError("kind", "no-slot")]
            faults += [] if good and not cleaned else text.validate("words", cleaned, MAX_WORDS)
            if faults or slot is None:
                raise InvalidRequest(faults)
            same = (LINK_TESTS.c.session == session.id) & (LINK_TESTS.c.kind == kind)
            await db.execute(delete(LINK_TESTS).where(same))
            values = {"session": session.id, "kind": kind, "start": slot.start, "good": good}
            await db.execute(insert(LINK_TESTS).values(**values, words=cleaned, by=by, at=now))


async def steps(db: AsyncConnection, sessions: Collection[str]) -> dict[str, dict[str, dict[str, datetime]]]:
    """Return when each step was done, by session and point."""
    by_session: dict[str, dict[str, dict[str, datetime]]] = {session: {} for session in sessions}
    for row in await db.execute(select(STEPS).where(STEPS.c.session.in_(list(by_session)))):
        by_session[row.session].setdefault(row.point, {})[row.step] = row.at
    return by_session


async def link_tests(db: AsyncConnection, sessions: Iterable[Session]) -> dict[tuple[str, SlotKind], LinkTest]:
    """Return the link tests by session and slot kind.

    A test that was made for a time at which the slot no longer starts is left out.
    """
    starts = {(each.id, slot.kind): slot.start for each in sessions for slot in each.slots}
    rows = await db.execute(select(LINK_TESTS).where(LINK_TESTS.c.session.in_({session for session, _ in starts})))
    return {
        (row.session, row.kind): LinkTest(row.good, row.words)
        for row in rows
        if starts.get((row.session, row.kind)) == row.start
    }
