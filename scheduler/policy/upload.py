"""Profiles that an administrator files here (R-108): checked whole, shown, and in force from a day to come.

What is filed is kept resolved, so that it says the same after an upgrade of what it extends. Every service of this
server holds one :class:`~scheduler.policy.profile_files.Profiles`; what another server filed is taken up by the clerk's
next round, long before its day.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.errors import PolicyError, ProfileStale, UnknownProfile
from scheduler.policy import profile_files, store
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles


class PolicyUpload:
    """Adds profiles to those that the server was started with, and takes them back while their day has not come."""

    def __init__(self, engine: AsyncEngine, shelf: Profiles) -> None:
        self._engine = engine
        # Those of the configuration stay whatever is filed.
        self._given = Profiles(shelf.shelf)
        self._shelf = shelf

    async def refresh(self, _: datetime) -> None:
        """Take up what is filed. Raises PolicyError: it does not go together with the configured profiles."""
        async with self._engine.begin() as db:
            await self._take_up(db)

    async def preview(self, text: str, now: datetime) -> tuple[Policy, Policy]:
        """Return a profile as it would hold, and the one it follows. Raises PolicyError with every fault."""
        async with self._engine.begin() as db:
            await self._take_up(db)
            return self._checked(text, now)

    async def file(self, text: str, digest: str, by: str, now: datetime) -> Policy:
        """File the profile that was shown under its digest. Raises PolicyError, ProfileStale."""
        async with writing(self._engine) as db:
            await self._take_up(db)
            policy, _ = self._checked(text, now)
            if profile_files.digest(policy) != digest:
                raise ProfileStale
            await store.file(db, policy, by, now)
            await self._take_up(db)
        return policy

    async def withdraw(self, profile: str, now: datetime) -> Policy:
        """Take a filed profile back before its day. Raises UnknownProfile: there is none, or it holds already."""
        async with writing(self._engine) as db:
            filed = {policy.id: policy for policy in await self._take_up(db)}
            found = filed.get(profile)
            if found is None or _begun(found, now):
                raise UnknownProfile(profile)
            await store.unfile(db, profile)
            await self._take_up(db)
        return found

    async def filed(self, now: datetime) -> set[str]:
        """Return the ids of those that can still be taken back."""
        async with self._engine.begin() as db:
            return {policy.id for policy in await self._take_up(db) if not _begun(policy, now)}

    async def _take_up(self, db: AsyncConnection) -> list[Policy]:
        base = self._given.shelf[-1]
        filed = [profile_files.restored(kept.content, base) for kept in await store.filed(db)]
        self._shelf.shelf = Profiles.of([*self._given.shelf, *filed]).shelf
        return filed

    def _checked(self, text: str, now: datetime) -> tuple[Policy, Policy]:
        """Read a profile that begins on a day to come and goes together with the others."""
        policy = profile_files.read_over(text, self._shelf)
        if _begun(policy, now):
            raise PolicyError(f"{policy.id}: effective_from must be a day to come")
        others = [each for each in self._shelf.shelf if each.id != policy.id]
        if len(others) < len(self._shelf.shelf) and not self._replaces(policy, now):
            raise PolicyError(f"{policy.id} is in use: give this one an id of its own")
        shelf = Profiles.of([*others, policy]).shelf
        return policy, shelf[max(0, shelf.index(policy) - 1)]

    def _replaces(self, policy: Policy, now: datetime) -> bool:
        """Whether one of the same id was filed, whose day has not come either."""
        old = next(each for each in self._shelf.shelf if each.id == policy.id)
        return old not in self._given.shelf and not _begun(old, now)


def _begun(policy: Policy, now: datetime) -> bool:
    """Whether the day of a profile has come: what was decided under the rules of a day stays decided."""
    return policy.effective_from is None or policy.effective_from <= now.astimezone(policy.zone).date()
