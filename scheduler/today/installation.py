"""Counts what an installation has on record already, for the administrator's list. Each method is one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.calendar import store as calendar_store
from scheduler.directory.people import store as people_store
from scheduler.notifications import outbox
from scheduler.operations.attendance.schema import STAYS
from scheduler.policy.profile_files import Profiles
from scheduler.units import seed
from scheduler.units import store as units_store


@dataclass(frozen=True, slots=True)
class InstallationCounts:
    """Numbers of units: valid today, no longer existing, with people on their list, with an official mailbox."""

    units: int
    outdated: int
    with_people: int
    with_mailbox: int
    year_confirmed: bool
    """Whether the calendar of this year is confirmed, so that deadlines are no longer provisional."""
    met: bool
    """Whether two points were ever in a session together."""


class Installation:
    """Counts what units, calendar and attendance have on record."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    async def counted(self, now: datetime) -> InstallationCounts:
        """Return what is on record today."""
        day = self._profiles.day(now)
        met = select(STAYS.c.session).group_by(STAYS.c.session).having(func.count(STAYS.c.point.distinct()) > 1)
        async with self._engine.begin() as db:
            units = [unit for unit in await units_store.units(db) if unit.valid(day)]
            ids = {unit.id for unit in units}
            people = {each.unit for each in await people_store.people(db) if each.serves(day)}
            mailboxes = await outbox.mailboxes(db)
            confirmed = (await calendar_store.corrections(db)).confirmed
            together = await db.scalar(met.limit(1)) is not None
        return InstallationCounts(
            units=len(units),
            outdated=len(seed.outdated(units, day)),
            with_people=len(ids & people),
            with_mailbox=len(ids & mailboxes.keys()),
            year_confirmed=day.year in confirmed,
            met=together,
        )
