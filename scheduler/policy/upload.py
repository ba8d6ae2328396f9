"""Uploads of profiles by an administrator (R-108): validated, previewed, and in force from a future day.

An uploaded profile is stored resolved, so that it stays the same after an upgrade of the profile it extends. All
services of this server share one :class:`~scheduler.policy.profile_files.Profiles`; a periodic job loads the profiles
that were uploaded to another server, long before their first day.
"""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.errors import PolicyError, ProfileStale, UnknownProfile
from scheduler.policy import profile_files, store
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles


class PolicyUpload:
    """Adds profiles to those that the server was started with, and withdraws them before their first day."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        # The configured profiles stay, whatever is uploaded.
        self._configured = Profiles(profiles.policies)
        self._profiles = profiles

    async def refresh(self, _: datetime) -> None:
        """Load the uploaded profiles. Raises PolicyError if they contradict the configured ones."""
        async with self._engine.begin() as db:
            await self._take_up(db)

    async def preview(self, text: str, now: datetime) -> tuple[Policy, Policy]:
        """Return a profile as it would come into force, and the one before it. Raises PolicyError with every error."""
        async with self._engine.begin() as db:
            await self._take_up(db)
            return self._checked(text, now)

    async def file(self, text: str, digest: str, by: str, now: datetime) -> Policy:
        """Store the profile that was previewed with this digest. Raises PolicyError, ProfileStale."""
        async with writing(self._engine) as db:
            await self._take_up(db)
            policy, _ = self._checked(text, now)
            if profile_files.digest(policy) != digest:
                raise ProfileStale
            await store.file(db, policy, by, now)
            await self._take_up(db)
        return policy

    async def withdraw(self, profile: str, now: datetime) -> Policy:
        """Withdraw an uploaded profile. Raises UnknownProfile if there is none or it is in force already."""
        async with writing(self._engine) as db:
            filed = {policy.id: policy for policy in await self._take_up(db)}
            uploaded = filed.get(profile)
            if uploaded is None or _begun(uploaded, now):
                raise UnknownProfile(profile)
            await store.unfile(db, profile)
            await self._take_up(db)
        return uploaded

    async def filed(self, now: datetime) -> set[str]:
        """Return the ids of uploaded profiles that can still be withdrawn."""
        async with self._engine.begin() as db:
            return {policy.id for policy in await self._take_up(db) if not _begun(policy, now)}

    async def _take_up(self, db: AsyncConnection) -> list[Policy]:
        base = self._configured.policies[-1]
        filed = [profile_files.restored(stored.content, base) for stored in await store.filed(db)]
        self._profiles.policies = Profiles.of([*self._configured.policies, *filed]).policies
        return filed

    def _checked(self, text: str, now: datetime) -> tuple[Policy, Policy]:
        """Return a profile that begins on a future day and fits the others, and the one before it."""
        policy = profile_files.read_over(text, self._profiles)
        if _begun(policy, now):
            raise PolicyError(f"{policy.id}: effective_from must be a day to come")
        others = [each for each in self._profiles.policies if each.id != policy.id]
        if len(others) < len(self._profiles.policies) and not self._replaces(policy, now):
            raise PolicyError(f"{policy.id} is in use: give this one an id of its own")
        ordered = Profiles.of([*others, policy]).policies
        return policy, ordered[max(0, ordered.index(policy) - 1)]

    def _replaces(self, policy: Policy, now: datetime) -> bool:
        """Return whether the profile of the same id was uploaded, too, and has not begun."""
        old = next(each for each in self._profiles.policies if each.id == policy.id)
        return old not in self._configured.policies and not _begun(old, now)


def _begun(policy: Policy, now: datetime) -> bool:
    """Return whether the first day of a profile has come; decisions may have been taken under it."""
    return policy.effective_from is None or policy.effective_from <= now.astimezone(policy.zone).date()
