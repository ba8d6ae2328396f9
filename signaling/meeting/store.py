"""SQL rows of running meetings: one row each, with the epoch of the process that runs it.

A process that takes over raises the epoch of all rows; the process before it can write nothing any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.webhooks import outbox as webhook_outbox
from signaling.core.errors import NewerMeetings
from signaling.core.sql_rows import SqlRows
from signaling.meeting.schema import MEETINGS
from signaling.meeting.state.snapshot import VERSION, version_of


@dataclass(frozen=True, slots=True)
class StoredMeeting:
    """A meeting as it was stored: JSON of a :class:`signaling.meeting.state.snapshot.MeetingSnapshot`."""

    session: str
    epoch: int
    record: str


class MeetingStore(SqlRows):
    """Reads and writes the rows of running meetings."""

    async def check(self) -> None:
        """Check that this release knows the versions of all meetings. Raises NewerMeetings."""
        async with self._engine.connect() as connection:
            _check(list((await connection.execute(select(MEETINGS.c.record))).scalars()))

    async def take_over(self) -> list[StoredMeeting]:
        """Raise the epoch of all meetings, so that this process alone may write them; return them.

        Changes nothing and raises NewerMeetings if one is of a later version than this release knows.
        """
        async with self._writer.begin() as connection:
            await connection.execute(update(MEETINGS).values(epoch=MEETINGS.c.epoch + 1))
            rows = (await connection.execute(select(MEETINGS).order_by(MEETINGS.c.session))).mappings().all()
            _check([row["record"] for row in rows])
            return [StoredMeeting(row["session"], row["epoch"], row["record"]) for row in rows]

    async def forget_newer(self) -> int:
        """Delete the meetings of later versions than this release knows; return how many there were."""
        async with self._writer.begin() as connection:
            rows = (await connection.execute(select(MEETINGS.c.session, MEETINGS.c.record))).all()
            newer = [row.session for row in rows if version_of(row.record) > VERSION]
            await connection.execute(delete(MEETINGS).where(MEETINGS.c.session.in_(newer)))
            return len(newer)

    async def write(self, changed: Iterable[StoredMeeting], ended: Mapping[str, int], now: datetime) -> set[str]:
        """Write changed meetings, delete ended ones (epoch by session); return sessions that another process runs."""
        lost = set()
        async with self._writer.begin() as connection:
            for session, epoch in ended.items():
                ours = MEETINGS.c.session == session, MEETINGS.c.epoch == epoch
                if (await connection.execute(delete(MEETINGS).where(*ours))).rowcount:
                    await webhook_outbox.tell(connection, "session.ended", session, now)
            for row in changed:  # after what ended: a meeting may begin anew at once
                if not await _put(connection, row, now):
                    lost.add(row.session)
        return lost


def _check(records: Iterable[str]) -> None:
    newest = max(map(version_of, records), default=VERSION)
    if newest > VERSION:
        raise NewerMeetings(newest, VERSION)


async def _put(connection: AsyncConnection, row: StoredMeeting, now: datetime) -> bool:
    values = {"record": row.record, "changed": now}
    same = MEETINGS.c.session == row.session
    ours = update(MEETINGS).where(same, MEETINGS.c.epoch == row.epoch).values(values)
    if (await connection.execute(ours)).rowcount:
        return True
    if (await connection.execute(select(MEETINGS.c.epoch).where(same))).first() is not None:
        return False
    await connection.execute(insert(MEETINGS).values(session=row.session, epoch=row.epoch, **values))
    return True
