"""Reports as the roof sees them: made anew from the record whenever they are asked for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler import calendar_store
from scheduler.deadlines import Clock
from scheduler.directory import lines_store
from scheduler.model import Interval, Usage
from scheduler.profiles import Profiles
from scheduler.reports import facts_store
from scheduler.reports.carriers import CarrierRow, monthly
from scheduler.reports.figures import Fact, Figures, Grouping, Row, counted, grouped, total
from scheduler.service import Scheduler

GROUPINGS: tuple[Grouping, ...] = ("unit", "level", "class", "purpose", "kind", "month")


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period: in all, and by each grouping; the rows of a grouping add up to what is in all.

    `carriers` are those of telecom enterprises, month by month (R-116).
    """

    period: Interval
    total: Figures
    rows: dict[Grouping, tuple[Row, ...]]
    usage: Usage
    carriers: tuple[CarrierRow, ...]


class Reports:
    """Counts what the record holds."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, scheduler: Scheduler) -> None:
        self._engine = engine
        self._profiles = profiles
        self._scheduler = scheduler

    async def report(self, period: Interval, earlier: Interval | None, now: datetime) -> Report:
        """Count a period; units are compared with an earlier one."""
        facts = await self.facts(period, now)
        async with self._engine.begin() as db:
            before = {} if earlier is None else await facts_store.sessions_of_units(db, earlier)
            carriers = await self._carriers(db, period, now)
        names, given = self._names(facts, now), counted(facts)
        rows = {
            by: tuple(
                Row(key, names[by].get(key, key), row, before.get(key, 0) if by == "unit" and earlier else None)
                for key, row in grouped(given, by).items()
            )
            for by in GROUPINGS
        }
        usage = await self._scheduler.usage(period.start, period.end)
        return Report(period, total(given), rows, usage, carriers)

    async def _carriers(self, db: AsyncConnection, period: Interval, now: datetime) -> tuple[CarrierRow, ...]:
        zone = self._profiles.at(now).zone
        names = {each.id: each.name for each in await lines_store.providers(db)}
        counted = await facts_store.minutes(db, period, zone)
        return monthly(counted, await facts_store.troubles(db, period, zone), names)

    def _names(self, facts: list[Fact], now: datetime) -> dict[Grouping, dict[str, str]]:
        policy = self._profiles.at(now)
        return {
            "unit": {fact.unit: fact.unit_name for fact in facts},
            "level": {level.id: level.name for level in policy.levels},
            "class": {klass: rules.name for klass, rules in policy.classes.items()},
            "purpose": dict(policy.registration.purposes),
            "kind": dict(policy.registration.kinds),
            "month": {fact.month: f"{fact.month[5:]}/{fact.month[:4]}" for fact in facts},
        }

    async def facts(self, period: Interval, now: datetime) -> list[Fact]:
        """Return what a period's report is counted from."""
        async with self._engine.begin() as db:
            calendar = (await calendar_store.notes(db)).calendar
            clocks = {policy.stamp: Clock(policy, calendar) for policy in self._profiles.shelf}
            zone = self._profiles.at(now).zone
            return await facts_store.facts(db, period, lambda at: clocks[self._profiles.at(at).stamp], zone)
