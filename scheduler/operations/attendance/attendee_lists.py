"""Stores the attendee lists that points give when the host asks for them (R-098). Each method is one transaction."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest, NotAsked
from scheduler.notifications.alerts import Alerts
from scheduler.operations.attendance import attendee_list
from scheduler.operations.attendance.attendee_list import Attendee, PointAttendees
from scheduler.operations.attendance.schema import LISTS, ROLLS


@dataclass(frozen=True, slots=True)
class AttendeeList:
    """All attendee lists of a session, by point; `asked` is when the host asked for them (None: never)."""

    asked: datetime | None
    lists: Mapping[str, PointAttendees]


class AttendeeLists:
    """Stores attendee lists; :mod:`scheduler.compliance.personal_data` erases their names later."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def ask(self, session_id: str, by: str, now: datetime) -> None:
        """Ask every component point for its list; asking again changes nothing. Raises UnknownSession."""
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            if await _asked_at(db, session.id) is None:
                await db.execute(insert(ROLLS).values(session=session.id, asked=now, by=by))
                wanted = dict.fromkeys(session.points, "")
                await self._alerts.tell_units(db, "list-asked", session, session.slots[-1], wanted, now)

    async def give(
        self, session_id: str, point: str, count: int, people: Sequence[Attendee], by: str, now: datetime
    ) -> None:
        """Store the list of a component point, in place of an earlier one.

        Raises UnknownSession, NotAsked, InvalidRequest.
        """
        named = attendee_list.normalised(people)
        faults = attendee_list.faults(count, named)
        if faults:
            raise InvalidRequest(faults)
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            if point not in session.points or await _asked_at(db, session.id) is None:
                raise NotAsked
            await db.execute(delete(LISTS).where(LISTS.c.session == session.id, LISTS.c.point == point))
            words = json.dumps([asdict(each) for each in named], ensure_ascii=False)
            values = {"session": session.id, "point": point, "count": count, "people": words}
            await db.execute(insert(LISTS).values(**values, by=by, at=now))

    async def of_session(self, session_id: str) -> AttendeeList:
        """Return when the host asked for lists, and the lists that points gave. Raises UnknownSession."""
        async with self._alerts.engine.begin() as db:
            session = await sessions_store.known(db, session_id)
            rows = (await db.execute(select(LISTS).where(LISTS.c.session == session.id))).mappings()
            lists = {row["point"]: _present(row) for row in rows}
            return AttendeeList(await _asked_at(db, session.id), lists)


async def _asked_at(db: AsyncConnection, session: str) -> datetime | None:
    at: datetime | None = await db.scalar(select(ROLLS.c.asked).where(ROLLS.c.session == session))
    return at


def _present(row: RowMapping) -> PointAttendees:
    people = tuple(Attendee(**each) for each in json.loads(row["people"]))
    return PointAttendees(row["point"], row["count"], people, row["by"], row["at"])
