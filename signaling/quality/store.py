"""Stores the series of seats' connections."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.engine import RowMapping

from signaling.core.sql_rows import SqlRows
from signaling.quality.model import Identity, Series, unpacked
from signaling.quality.schema import SEAT_QUALITY

log = logging.getLogger(__name__)

KEPT = timedelta(days=90)
"""As long as recordings are."""


class QualityStore(SqlRows):
    """The series of seats' connections, kept for :data:`KEPT`."""

    async def save(self, parts: Sequence[tuple[str, Series]]) -> None:
        """Store series of sessions in one transaction, each in place of its shorter state."""
        if not parts:
            return
        rows = await asyncio.to_thread(lambda: [_row(session, series) for session, series in parts])
        table = SEAT_QUALITY.c
        same = (
            (table.session == bindparam("of_session"))
            & (table.seat == bindparam("of_seat"))
            & (table.begin == bindparam("of_begin"))
        )
        keys = [{f"of_{name}": row[name] for name in ("session", "seat", "begin")} for row in rows]
        async with self._writer.begin() as connection:
            await connection.execute(delete(SEAT_QUALITY).where(same), keys)
            await connection.execute(insert(SEAT_QUALITY), rows)

    async def of_session(self, session: str, seat: str | None = None) -> list[Series]:
        """Return the stored series of a session, or of one seat in it; one that cannot be read is left out."""
        query = select(SEAT_QUALITY).where(SEAT_QUALITY.c.session == session).order_by(SEAT_QUALITY.c.begin)
        rows = await self._all(query if seat is None else query.where(SEAT_QUALITY.c.seat == seat))
        return await asyncio.to_thread(lambda: [each for row in rows if (each := _series(row)) is not None])

    async def prune(self, now: datetime) -> None:
        """Delete what is older than it is kept."""
        await self._write(delete(SEAT_QUALITY).where(SEAT_QUALITY.c.begin < now - KEPT))


def _row(session: str, series: Series) -> dict[str, object]:
    of = series.of
    return {
        "session": session,
        "seat": of.seat,
        "begin": series.begin,
        "point": of.point,
        "name": of.name[:200],
        "kind": of.kind,
        "product": of.product[:200],
        "series": series.packed(),
    }


def _series(row: RowMapping) -> Series | None:
    of = Identity(row["seat"], row["point"], row["name"], row["kind"], row["product"])
    try:
        return unpacked(of, row["begin"], row["series"])
    except ValueError as error:
        log.warning("x quality of seat %s in session %s cannot be read: %s", of.seat, row["session"], error)
        return None
