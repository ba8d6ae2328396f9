"""Makes reports, anew from the database whenever they are asked for."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration.service import Scheduler
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.model import EMERGENCY, Interval, Usage
from scheduler.directory.equipment import lines_store
from scheduler.policy.profile_files import Profiles
from scheduler.reports import corrections_store, facts_store, turnout_store, uptime_store
from scheduler.reports.corrections import Correction, corrections
from scheduler.reports.figures import FigureRow, Figures, Grouping, RegistrationFact, Turnout, counted, grouped, total
from scheduler.reports.provider_lines import ProviderRow, monthly
from scheduler.reports.uptime import Uptime, uptime
from scheduler.units import store as units_store

GROUPINGS: tuple[Grouping, ...] = ("unit", "level", "class", "purpose", "kind", "month")


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of a period: the total, and rows by each grouping, which add up to the total.

    `providers` are the rows of telecom providers by month (R-116). `emergencies` are the registrations of that class,
    which are reviewed afterwards (R-075); `grounds` are the names of their grounds. `corrections` are the units'
    corrections of their figures (R-122).
    """

    period: Interval
    total: Figures
    rows: dict[Grouping, tuple[FigureRow, ...]]
    usage: Usage
    providers: tuple[ProviderRow, ...]
    uptime: Uptime
    emergencies: tuple[RegistrationFact, ...]
    grounds: dict[str, str]
    corrections: tuple[Correction, ...]


@dataclass(frozen=True, slots=True)
class PointRow:
    """The turnout of a point in the sessions of a period (R-112)."""

    point: str
    name: str
    label: str
    turnout: Turnout


class Reports:
    """Counts the registrations, attendance, incidents and handovers in the database."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, scheduler: Scheduler) -> None:
        self._engine = engine
        self._profiles = profiles
        self._scheduler = scheduler

    async def report(self, period: Interval, earlier: Interval | None, now: datetime) -> Report:
        """Count a period; the number of sessions of each unit is compared with an earlier period."""
        facts = await self.facts(period, now)
        async with self._engine.begin() as db:
            before = {} if earlier is None else await facts_store.sessions_of_units(db, earlier)
            providers = await self._provider_rows(db, period, now)
            corrected = corrections(await corrections_store.of_period(db, period), period)
            ran = uptime(await uptime_store.ran(db), period, now)
        names, cells = self._names(facts, now), counted(facts)
        rows = {
            by: tuple(
                FigureRow(key, names[by].get(key, key), row, before.get(key, 0) if by == "unit" and earlier else None)
                for key, row in grouped(cells, by).items()
            )
            for by in GROUPINGS
        }
        usage = await self._scheduler.usage(period.start, period.end)
        emergencies = tuple(fact for fact in facts if fact.held and fact.klass == EMERGENCY)
        grounds = self._profiles.at(now).classes[EMERGENCY].grounds
        return Report(period, total(cells), rows, usage, providers, ran, emergencies, dict(grounds), corrected)

    async def points(self, period: Interval, now: datetime) -> list[PointRow]:
        """Return how each point took part that was expected in a period, in the order of the directory."""
        async with self._engine.begin() as db:
            turnouts = await turnout_store.of_points(db, period, now)
            points = await units_store.all_points(db)
        return [PointRow(each.id, each.name, each.label, turnouts[each.id]) for each in points if each.id in turnouts]

    async def behind_point(self, period: Interval, point: str, figure: str, now: datetime) -> list[RegistrationFact]:
        """Return the sessions in which a point was expected, present or absent. Raises KeyError."""
        wanted = {"expected": {True, False}, "present": {True}, "absent": {False}}[figure]
        async with self._engine.begin() as db:
            known = await turnout_store.of_point(db, period, point, now)
        return [fact for fact in await self.facts(period, now) if known.get(fact.id) in wanted]

    async def alive(self, now: datetime) -> None:
        """Note that the system runs; the periodic jobs call this once a minute."""
        async with writing(self._engine) as db:
            await uptime_store.alive(db, now)

    async def began(self) -> datetime | None:
        """Return when the system ran first; None before it noted that."""
        async with self._engine.begin() as db:
            return await uptime_store.began(db)

    async def _provider_rows(self, db: AsyncConnection, period: Interval, now: datetime) -> tuple[ProviderRow, ...]:
        zone = self._profiles.at(now).zone
        names = {each.id: each.name for each in await lines_store.providers(db)}
        counted = await facts_store.line_minutes(db, period, zone)
        return monthly(counted, await facts_store.provider_incidents(db, period, zone), names)

    def _names(self, facts: list[RegistrationFact], now: datetime) -> dict[Grouping, dict[str, str]]:
        policy, policies = self._profiles.at(now), self._profiles.policies
        return {
            "unit": {fact.unit: fact.unit_name for fact in facts},
            # ended levels have the name of their last profile
            "level": {level.id: level.name for each in (*policies, policy) for level in each.levels},
            "class": {klass: rules.name for klass, rules in policy.classes.items()},
            "purpose": dict(policy.registration.purposes),
            "kind": dict(policy.registration.kinds),
            "month": {fact.month: f"{fact.month[5:]}/{fact.month[:4]}" for fact in facts},
        }

    async def facts(self, period: Interval, now: datetime) -> list[RegistrationFact]:
        """Return the facts that the report of a period is counted from."""
        async with self._engine.begin() as db:
            calendar = (await calendar_store.corrections(db)).calendar
            clocks = {policy.stamp: Clock(policy, calendar) for policy in self._profiles.policies}
            zone = self._profiles.at(now).zone
            return await facts_store.facts(db, period, lambda at: clocks[self._profiles.at(at).stamp], zone, now)
