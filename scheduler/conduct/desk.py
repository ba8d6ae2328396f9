"""The desk of the operating unit, where faults arrive and are dealt with: one method, one transaction."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler import store
from scheduler.conduct import incidents, incidents_store
from scheduler.conduct.model import Incident, Report, Step, StepKind
from scheduler.database import writing


class Desk:
    """Keeps incidents and how lines were."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def report(self, report: Report, now: datetime) -> Incident:
        """Open an incident; a fault that is still being dealt with gets an entry instead. Raises UnknownSession."""
        async with writing(self._engine) as db:
            await store.known(db, report.session)
            found = await incidents_store.same(db, report)
            if found is None:
                incident = incidents.opened(uuid.uuid4().hex, report, _second(now))
                await incidents_store.add(db, incident)
                return incident
            again = incidents.after(found, Step(_second(now), "again", report.by, report.text))
            await incidents_store.save(db, again)
            return again

    async def act(self, incident: str, step: StepKind, by: str, text: str, now: datetime) -> Incident:
        """Do something about an incident. Raises UnknownIncident, IllegalStep."""
        async with writing(self._engine) as db:
            changed = incidents.after(await incidents_store.known(db, incident), Step(_second(now), step, by, text))
            await incidents_store.save(db, changed)
            return changed

    async def note(self, session: str, step: StepKind, by: str, now: datetime) -> None:
        """Enter a step into every unsettled incident of a session that is the centre's matter."""
        async with writing(self._engine) as db:
            found = await incidents_store.listed(db, settled=False, session=session, unit=None, limit=100)
            for one in found:
                if one.level == 2:
                    await incidents_store.save(db, incidents.after(one, Step(_second(now), step, by, "")))

    async def incident(self, incident: str) -> Incident:
        """Return an incident. Raises UnknownIncident."""
        async with self._engine.begin() as db:
            return await incidents_store.known(db, incident)

    async def incidents(
        self, *, settled: bool | None = None, session: str | None = None, unit: str | None = None, limit: int = 500
    ) -> list[Incident]:
        """Return incidents, the newest first: settled ones or others, of a session, that concern a unit."""
        async with self._engine.begin() as db:
            return await incidents_store.listed(db, settled, session, unit, limit)

    async def count(self, session: str, lossy: Mapping[str, bool]) -> None:
        """Count a minute of the lines of these points, and whether each lost more than is counted (R-116)."""
        async with writing(self._engine) as db:
            await incidents_store.count(db, session, lossy)


def _second(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(microsecond=0)
