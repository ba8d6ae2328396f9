"""Opens incidents and moves them on. Each method is one transaction."""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.note import Note, no_note
from scheduler.core.sql_values import whole_second
from scheduler.directory.model import Provider
from scheduler.notifications import outbox, wording
from scheduler.operations.closing.errors import ReportedJustNow
from scheduler.operations.incidents import rules
from scheduler.operations.incidents import store as incidents_store
from scheduler.operations.incidents.model import FaultReport, Incident, IncidentStep, StepKind
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.duty import Duty
from scheduler.units import store as units_store
from scheduler.webhooks import outbox as webhook_outbox
from scheduler.webhooks.events import EventType


class IncidentService:
    """Stores incidents and line minutes; notifies the provider of a line by mail."""

    def __init__(self, engine: AsyncEngine, channels: wording.Channels = wording.NOWHERE) -> None:
        self._engine = engine
        self._channels = channels

    async def report(self, report: FaultReport, now: datetime, note: Note[Incident] = no_note) -> Incident:
        """Open an incident for a report, or add a step to the unsettled one of the same fault.

        Raises UnknownSession, ReportedJustNow.
        """
        async with writing(self._engine) as db:
            await sessions_store.known(db, report.session)
            found = await incidents_store.unsettled_like(db, report)
            if found is None:
                provider = await incidents_store.provider(db, report.point)
                provider_id = None if provider is None else provider.id
                incident = rules.opened(
                    uuid.uuid4().hex, report, provider_id, whole_second(now), await _assignee(db, report.session)
                )
                await incidents_store.add(db, incident)
                await _tell_webhooks(db, "incident.opened", incident, now)
                if incident.provider is not None:
                    await self._tell(db, incident, provider, now)
                await note(db, incident)
                return incident
            if rules.just_reported(found, report, now):
                raise ReportedJustNow
            again = rules.after(found, IncidentStep(whole_second(now), "again", report.by, report.text))
            await incidents_store.save(db, again)
            await note(db, again)
            return again

    async def act(
        self, incident: str, step: StepKind, by: str, text: str, now: datetime, note: Note[Incident] = no_note
    ) -> Incident:
        """Move an incident on by one step. Raises UnknownIncident, IllegalStep."""
        async with writing(self._engine) as db:
            known = await incidents_store.known(db, incident)
            provider = await incidents_store.provider(db, known.point)
            provider_id = None if provider is None else provider.id
            changed = rules.after(
                known, IncidentStep(whole_second(now), step, by, text), provider_id, await _assignee(db, known.session)
            )
            await incidents_store.save(db, changed)
            if changed.state == "resolved" != known.state:
                await _tell_webhooks(db, "incident.closed", changed, now)
            elif step == "reopened":
                await _tell_webhooks(db, "incident.opened", changed, now)
            if step == "provider":
                await self._tell(db, changed, provider, now)
            await note(db, changed)
            return changed

    async def _tell(self, db: AsyncConnection, of: Incident, provider: Provider | None, now: datetime) -> None:
        """Notify the provider of a line of its measured quality (R-096), once for each time it is handed over."""
        if provider is None or of.point is None or not provider.email:
            return
        session = await sessions_store.known(db, of.session)
        point = (await units_store.points_named(db, [of.point]))[of.point]
        reason = f"{point.label}: {rules.measured(of.measured) or of.text}"
        notice = wording.of_line(session, point, provider.email, reason, f"{of.id}:{len(of.steps)}")
        await outbox.tell(db, notice, self._channels, now)

    async def note(self, session: str, step: StepKind, by: str, now: datetime, text: str = "") -> None:
        """Add a step to every unsettled incident of level 2 of a session."""
        async with writing(self._engine) as db:
            found = await incidents_store.listed(db, settled=False, session=session, unit=None, limit=100)
            for one in found:
                if one.level == 2:
                    await incidents_store.save(db, rules.after(one, IncidentStep(whole_second(now), step, by, text)))

    async def incident(self, incident: str) -> Incident:
        """Return an incident. Raises UnknownIncident."""
        async with self._engine.begin() as db:
            return await incidents_store.known(db, incident)

    async def unsettled_like(self, report: FaultReport) -> Incident | None:
        """Return the unsettled incident of the same fault as a report."""
        async with self._engine.begin() as db:
            return await incidents_store.unsettled_like(db, report)

    async def incidents(
        self, *, settled: bool | None = None, session: str | None = None, unit: str | None = None, limit: int = 500
    ) -> list[Incident]:
        """Return incidents, the newest first; filtered by settled or not, by session, by unit concerned."""
        async with self._engine.begin() as db:
            return await incidents_store.listed(db, settled, session, unit, limit)

    async def on_duty(self, session: str) -> Duty | None:
        """Return who is on central duty for a session, if anybody is."""
        async with self._engine.begin() as db:
            return await _on_duty(db, session)

    async def count(self, session: str, lossy: Mapping[str, bool]) -> None:
        """Count one minute for the lines of these points, and whether each was lossy in it (R-116)."""
        async with writing(self._engine) as db:
            await incidents_store.count(db, session, lossy)


async def _on_duty(db: AsyncConnection, session: str) -> Duty | None:
    return rules.on_duty((await readiness_store.duties(db, [session]))[session])


async def _tell_webhooks(db: AsyncConnection, event: EventType, of: Incident, now: datetime) -> None:
    facts = {"id": of.id, "point": of.point, "kind": of.kind, "level": of.level, "state": of.state}
    times = {"opened": of.opened, "resolved": of.resolved}
    await webhook_outbox.tell(db, event, of.session, now, {"incident": {**facts, **times}})


async def _assignee(db: AsyncConnection, session: str) -> str:
    return rules.assignee(await _on_duty(db, session))
