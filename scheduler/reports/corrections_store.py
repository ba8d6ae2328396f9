"""Stores correction requests and the replies of units, within the caller's transaction."""

import json
from datetime import datetime

from sqlalchemy import ColumnElement, insert, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.model import Interval
from scheduler.core.sql_values import storable
from scheduler.directory.errors import Unknown
from scheduler.reports.corrections import CorrectionRequest, UnitReply
from scheduler.reports.schema import FIGURE_ANSWERS, FIGURE_REQUESTS


async def add(db: AsyncConnection, request: CorrectionRequest) -> None:
    """Store a request without replies."""
    times = {"start": request.period.start, "end": request.period.end, "due": request.due, "at": request.at}
    await db.execute(insert(FIGURE_REQUESTS).values(id=request.id, title=request.title, by=request.by, **times))
    rows = [{"request": request.id, "unit": each.unit, "counted": json.dumps(each.counted)} for each in request.replies]
    await db.execute(insert(FIGURE_ANSWERS), [{**each, "remark": "", "by": ""} for each in rows])


async def requests(db: AsyncConnection, where: ColumnElement[bool] | None = None) -> list[CorrectionRequest]:
    """Return requests with their replies, the newest first."""
    wanted = true() if where is None else where
    replies: dict[str, list[UnitReply]] = {}
    of_these = FIGURE_ANSWERS.c.request.in_(select(FIGURE_REQUESTS.c.id).where(wanted))
    for row in await db.execute(select(FIGURE_ANSWERS).where(of_these).order_by(FIGURE_ANSWERS.c.unit)):
        stated = None if row.said is None else json.loads(row.said)
        reply = UnitReply(row.unit, json.loads(row.counted), stated, row.remark, row.by, row.at)
        replies.setdefault(row.request, []).append(reply)
    order = FIGURE_REQUESTS.c.at.desc(), FIGURE_REQUESTS.c.id
    return [
        CorrectionRequest(
            id=row.id,
            title=row.title,
            period=Interval(row.start, row.end),
            due=row.due,
            by=row.by,
            at=row.at,
            reminded=row.reminded,
            replies=tuple(replies[row.id]),
        )
        for row in await db.execute(select(FIGURE_REQUESTS).where(wanted).order_by(*order))
    ]


async def known(db: AsyncConnection, request: str) -> CorrectionRequest:
    """Return a request. Raises Unknown."""
    matching = await requests(db, FIGURE_REQUESTS.c.id.in_(storable([request])))
    if not matching:
        raise Unknown("figure-request", request)
    return matching[0]


async def of_period(db: AsyncConnection, period: Interval) -> list[CorrectionRequest]:
    """Return the requests for exactly this period."""
    same = (FIGURE_REQUESTS.c.start == period.start) & (FIGURE_REQUESTS.c.end == period.end)
    return await requests(db, same)


async def set_reply(db: AsyncConnection, request: str, reply: UnitReply, now: datetime) -> None:
    """Store the reply of a unit."""
    own = (FIGURE_ANSWERS.c.request == request) & (FIGURE_ANSWERS.c.unit == reply.unit)
    values = {"said": json.dumps(reply.stated), "remark": reply.remark, "by": reply.by, "at": now}
    await db.execute(update(FIGURE_ANSWERS).where(own).values(values))


async def reminded(db: AsyncConnection, request: str, now: datetime) -> None:
    """Note that the units that have not replied were reminded."""
    own = FIGURE_REQUESTS.c.id == request
    await db.execute(update(FIGURE_REQUESTS).where(own).values(reminded=now))
