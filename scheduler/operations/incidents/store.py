"""Stores incidents and line minutes, within the caller's transaction."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict

from sqlalchemy import ColumnElement, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.schema import POINTS, SESSIONS
from scheduler.core.sql_values import storable
from scheduler.directory.model import Provider
from scheduler.directory.schema import LINES, PROVIDERS
from scheduler.operations.closing.errors import UnknownIncident
from scheduler.operations.incidents.model import FaultReport, Incident, IncidentStep, LineMeasurement, LineMinutes
from scheduler.operations.incidents.rules import UNSETTLED
from scheduler.operations.incidents.schema import INCIDENT_STEPS, INCIDENTS, LINE_MINUTES


async def known(db: AsyncConnection, incident: str) -> Incident:
    """Return an incident. Raises UnknownIncident."""
    found = await _incidents(db, INCIDENTS.c.id.in_(storable([incident])), 1)
    if not found:
        raise UnknownIncident(incident)
    return found[0]


async def unsettled_like(db: AsyncConnection, report: FaultReport) -> Incident | None:
    """Return the unsettled incident of the same session, kind and point as a report, if there is one."""
    here = INCIDENTS.c.session == report.session, INCIDENTS.c.kind == report.kind
    point = INCIDENTS.c.point.is_(None) if report.point is None else INCIDENTS.c.point == report.point
    return next(iter(await _incidents(db, _all(*here, point, INCIDENTS.c.state.in_(UNSETTLED)), 1)), None)


async def listed(
    db: AsyncConnection, settled: bool | None, session: str | None, unit: str | None, limit: int
) -> list[Incident]:
    """Return incidents, the newest first; filtered by settled or not, by session, by unit.

    An incident concerns a unit if it is of one of its points or of a session that it hosts.
    """
    wanted: list[ColumnElement[bool]] = []
    if settled is not None:
        wanted.append(INCIDENTS.c.state == "resolved" if settled else INCIDENTS.c.state.in_(UNSETTLED))
    if session is not None:
        wanted.append(INCIDENTS.c.session.in_(storable([session])))
    if unit is not None:
        own = select(POINTS.c.id).where(POINTS.c.unit.in_(storable([unit])))
        hosted = select(SESSIONS.c.id).where(SESSIONS.c.host_point.in_(own))
        wanted.append(or_(INCIDENTS.c.point.in_(own), INCIDENTS.c.session.in_(hosted)))
    return await _incidents(db, _all(*wanted), limit)


async def of_provider(db: AsyncConnection, provider_id: str) -> list[Incident]:
    """Return the unsettled incidents that were handed to a provider, the newest first."""
    theirs = INCIDENTS.c.provider == provider_id
    return await _incidents(db, theirs & INCIDENTS.c.state.in_(UNSETTLED), None)


async def add(db: AsyncConnection, incident: Incident) -> None:
    """Store a new incident with its first step."""
    await db.execute(insert(INCIDENTS).values(_values(incident)))
    await _add_step(db, incident)


async def save(db: AsyncConnection, incident: Incident) -> None:
    """Store an incident after a step, with that step."""
    await db.execute(update(INCIDENTS).where(INCIDENTS.c.id == incident.id).values(_values(incident)))
    await _add_step(db, incident)


async def _add_step(db: AsyncConnection, incident: Incident) -> None:
    step = incident.steps[-1]
    row = {**asdict(step), "incident": incident.id}
    await db.execute(insert(INCIDENT_STEPS).values(row))


async def _incidents(db: AsyncConnection, where: ColumnElement[bool], limit: int | None) -> list[Incident]:
    """Return incidents with their steps, the newest first, by two statements however many there are."""
    order = INCIDENTS.c.opened.desc(), INCIDENTS.c.id
    rows = list((await db.execute(select(INCIDENTS).where(where).order_by(*order).limit(limit))).mappings())
    steps: dict[str, list[IncidentStep]] = {}
    of_these = INCIDENT_STEPS.c.incident.in_([row["id"] for row in rows])
    for row in await db.execute(select(INCIDENT_STEPS).where(of_these).order_by(INCIDENT_STEPS.c.id)):
        steps.setdefault(row.incident, []).append(IncidentStep(row.at, row.kind, row.by, row.text))
    return [_incident(row, tuple(steps[row["id"]])) for row in rows]


def _all(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    first: ColumnElement[bool] = INCIDENTS.c.id.is_not(None)
    for condition in conditions:
        first &= condition
    return first


def _values(incident: Incident) -> dict[str, object]:
    values = {column.name: getattr(incident, column.name) for column in INCIDENTS.c}
    measured = None if incident.measured is None else json.dumps(asdict(incident.measured))
    return {**values, "measured": measured}


def _incident(row: RowMapping, steps: tuple[IncidentStep, ...]) -> Incident:
    measured = None if row["measured"] is None else LineMeasurement(**json.loads(row["measured"]))
    return Incident(**{**row, "measured": measured, "steps": steps})


# Lines.


async def provider(db: AsyncConnection, point: str | None) -> Provider | None:
    """Return the provider of a point's first line."""
    if point is None:
        return None
    of_point = select(PROVIDERS).join(LINES, LINES.c.provider == PROVIDERS.c.id).where(LINES.c.point == point)
    row = (await db.execute(of_point.order_by(LINES.c.id).limit(1))).mappings().first()
    return None if row is None else Provider(**row)


async def count(db: AsyncConnection, session: str, lossy: Mapping[str, bool]) -> None:
    """Count one more minute for each of these points."""
    for point, bad in lossy.items():
        here = (LINE_MINUTES.c.session == session) & (LINE_MINUTES.c.point == point)
        values = {"minutes": LINE_MINUTES.c.minutes + 1, "lossy": LINE_MINUTES.c.lossy + int(bad)}
        if not (await db.execute(update(LINE_MINUTES).where(here).values(values))).rowcount:
            found = await provider(db, point)
            provider_id = None if found is None else found.id
            first = {"session": session, "point": point, "minutes": 1, "lossy": int(bad), "provider": provider_id}
            await db.execute(insert(LINE_MINUTES).values(first))


async def minutes(db: AsyncConnection, sessions: Collection[str]) -> list[LineMinutes]:
    """Return the line minutes of points in sessions."""
    wanted = LINE_MINUTES.c.session.in_(storable(sessions))
    rows = await db.execute(select(LINE_MINUTES).where(wanted).order_by(LINE_MINUTES.c.session, LINE_MINUTES.c.point))
    return [LineMinutes(**row) for row in rows.mappings()]
