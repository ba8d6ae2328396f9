"""Stores security incidents and the yearly reports on them; none is ever deleted. One method, one transaction."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select, update

from scheduler.operations.closing.errors import IllegalStep, UnknownIncident
from signaling.compliance.schema import SECURITY_INCIDENTS, SECURITY_REPORTS
from signaling.compliance.security_incident import SecurityIncident, Severity, YearlyReport
from signaling.core.sql_rows import SqlRows

MAX_LISTED = 1000


class SecurityIncidentStore(SqlRows):
    """Reads and writes security incidents."""

    async def add(self, incident: SecurityIncident) -> None:
        """Store an incident."""
        await self._write(insert(SECURITY_INCIDENTS).values(asdict(incident)))

    async def listed(self) -> list[SecurityIncident]:
        """Return the newest incidents, by when they were found."""
        found, id_ = SECURITY_INCIDENTS.c.found, SECURITY_INCIDENTS.c.id
        rows = await self._all(select(SECURITY_INCIDENTS).order_by(found.desc(), id_).limit(MAX_LISTED))
        return [SecurityIncident(**row) for row in rows]

    async def open(self) -> list[SecurityIncident]:
        """Return the incidents that are neither reported nor closed."""
        unreported = SECURITY_INCIDENTS.c.reported.is_(None) & SECURITY_INCIDENTS.c.closed.is_(None)
        rows = await self._all(select(SECURITY_INCIDENTS).where(unreported).order_by(SECURITY_INCIDENTS.c.found))
        return [SecurityIncident(**row) for row in rows]

    async def change(self, id_: str, found: datetime, severity: Severity, text: str) -> SecurityIncident:
        """Change what is known of an incident. Raises UnknownIncident, IllegalStep."""
        return await self._set(id_, "change", found=found, severity=severity, text=text)

    async def report(self, id_: str, at: datetime, to: str, by: str) -> SecurityIncident:
        """Note when and to whom an incident was reported. Raises UnknownIncident, IllegalStep."""
        return await self._set(id_, "report", reported=at, reported_to=to, reported_by=by)

    async def close(self, id_: str, at: datetime, outcome: str, by: str) -> SecurityIncident:
        """Close an incident with what came of it. Raises UnknownIncident, IllegalStep."""
        return await self._set(id_, "close", closed=at, outcome=outcome, closed_by=by)

    async def _set(self, id_: str, step: str, **values: object) -> SecurityIncident:
        """Set values of an incident that is not closed. Raises UnknownIncident, IllegalStep."""
        own = SECURITY_INCIDENTS.c.id == id_
        async with self._writer.begin() as connection:
            open_ = own & SECURITY_INCIDENTS.c.closed.is_(None)
            changed = (await connection.execute(update(SECURITY_INCIDENTS).where(open_).values(values))).rowcount
            row = (await connection.execute(select(SECURITY_INCIDENTS).where(own))).mappings().first()
            if row is None:
                raise UnknownIncident
            if not changed:
                raise IllegalStep("closed", step)
            return SecurityIncident(**row)

    async def yearly(self, year: int) -> YearlyReport | None:
        """Return the report of a year; None if none was sent."""
        row = await self._one(select(SECURITY_REPORTS).where(SECURITY_REPORTS.c.year == year))
        return None if row is None else YearlyReport(**row)

    async def reported_years(self) -> set[int]:
        """Return the years whose report was sent."""
        return {row["year"] for row in await self._all(select(SECURITY_REPORTS.c.year))}

    async def set_yearly(self, report: YearlyReport) -> None:
        """Note that the report of a year was sent, in place of an earlier note."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(SECURITY_REPORTS).where(SECURITY_REPORTS.c.year == report.year))
            await connection.execute(insert(SECURITY_REPORTS).values(asdict(report)))
