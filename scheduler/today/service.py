"""Counts what is owed, for the page on which each account begins. Each method is one transaction."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.policy.profile_files import Profiles
from scheduler.today.counts import COUNTERS, Scope
from scheduler.today.model import Owed, OwedKind


class OwedWork:
    """Counts what is owed by units and by the centre."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    async def counted(self, units: Mapping[OwedKind, str | None], now: datetime) -> list[Owed]:
        """Return what is owed of these kinds, each by a unit or (None) by all; the most urgent kind first."""
        policy, day = self._profiles.at(now), self._profiles.day(now)
        hours, stale = policy.deadlines.check_hours, policy.directory.people_stale_days
        owed = []
        async with self._engine.begin() as db:
            for kind, count in COUNTERS.items():
                if kind in units:
                    owed.append(Owed(kind, *await count(db, Scope(units[kind], now, day, hours, stale))))
        return [each for each in owed if each.count]
