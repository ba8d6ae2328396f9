"""SQL rows of running meetings: one row each, with the epoch of the process that runs it.

A process that takes over raises the epoch of all rows; the process before it can write nothing any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from signaling.core.sql_rows import SqlRows
from signaling.meeting.schema import MEETINGS


@dataclass(frozen=True, slots=True)
class StoredMeeting:
    """A meeting as it was stored: JSON of a :class:`signaling.meeting.state.snapshot.MeetingSnapshot`."""

    session: str
    epoch: int
    record: str


class MeetingStore(SqlRows):
    """Reads and writes the rows of running meetings."""

    async def take_over(self) -> list[StoredMeeting]:
        """Raise the epoch of all meetings, so that this process alone may write them; return them."""
        async with self._writer.begin() as connection:
            await connection.execute(update(MEETINGS).values(epoch=MEETINGS.c.epoch + 1))
            rows = (await connection.execute(select(MEETINGS).order_by(MEETINGS.c.session))).mappings()
            return [StoredMeeting(row["session"], row["epoch"], row["record"]) for row in rows]

    async def write(self, changed: Iterable[StoredMeeting], ended: Mapping[str, int], now: datetime) -> set[str]:
        """Write changed meetings, delete ended ones (epoch by session); return sessions that another process runs."""
        lost = set()
        async with self._writer.begin() as connection:
            for session, epoch in ended.items():
                ours = MEETINGS.c.session == session, MEETINGS.c.epoch == epoch
                await connection.execute(delete(MEETINGS).where(*ours))
            for row in changed:  # after what ended: a meeting may begin anew at once
                if not await _put(connection, row, now):
                    lost.add(row.session)
        return lost


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
