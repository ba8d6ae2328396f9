"""SQL of the profiles that were ever in use. Every function runs in the caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import PolicyError
from scheduler.policy import profile_files
from scheduler.policy.policy import Policy
from scheduler.policy.schema import PROFILES, PROFILES_FILED


@dataclass(frozen=True, slots=True)
class StoredPolicy:
    """A profile as it was when it was first used here; `content` is JSON."""

    id: str
    version: int
    digest: str
    content: str
    recorded: datetime


async def known(db: AsyncConnection, policy: Policy) -> bool:
    """Return whether a profile was in use here. Raises PolicyError if its version is stored with other contents."""
    same = (PROFILES.c.id == policy.id) & (PROFILES.c.version == policy.version)
    digest = await db.scalar(select(PROFILES.c.digest).where(same))
    if digest not in (None, profile_files.digest(policy)):
        raise PolicyError(f"{policy.stamp} was in use with other contents: raise its version")
    return digest is not None


async def keep(db: AsyncConnection, policy: Policy, now: datetime) -> None:
    """Save a profile that is not stored yet. Raises PolicyError as :func:`known` does."""
    if not await known(db, policy):
        digest = profile_files.digest(policy)
        values = {"id": policy.id, "version": policy.version, "digest": digest, "recorded": now}
        await db.execute(insert(PROFILES).values(**values, content=profile_files.canonical(policy)))


async def history(db: AsyncConnection) -> list[StoredPolicy]:
    """Return every profile ever used here, oldest first."""
    return await _profiles(db, select(PROFILES).order_by(PROFILES.c.recorded, PROFILES.c.id, PROFILES.c.version))


async def filed(db: AsyncConnection) -> list[StoredPolicy]:
    """Return the profiles that were uploaded here and not withdrawn, each in its latest version."""
    here = (PROFILES.c.id == PROFILES_FILED.c.id) & (PROFILES.c.version == PROFILES_FILED.c.version)
    return await _profiles(db, select(PROFILES).join(PROFILES_FILED, here).order_by(PROFILES.c.id))


async def file(db: AsyncConnection, policy: Policy, by: str, now: datetime) -> None:
    """Save an uploaded profile in place of the one with its id. Raises PolicyError as :func:`keep` does."""
    await unfile(db, policy.id)
    await keep(db, policy, now)
    values = {"id": policy.id, "version": policy.version, "by": by, "at": now}
    await db.execute(insert(PROFILES_FILED).values(**values))


async def unfile(db: AsyncConnection, profile: str) -> None:
    """Delete an uploaded profile before its first day; no decision was taken under it."""
    filed = (await db.execute(select(PROFILES_FILED).where(PROFILES_FILED.c.id == profile))).one_or_none()
    if filed is not None:
        same = (PROFILES.c.id == filed.id) & (PROFILES.c.version == filed.version) & (PROFILES.c.recorded == filed.at)
        await db.execute(delete(PROFILES).where(same))
        await db.execute(delete(PROFILES_FILED).where(PROFILES_FILED.c.id == profile))


async def _profiles(db: AsyncConnection, query: Select[Any]) -> list[StoredPolicy]:
    return [StoredPolicy(row.id, row.version, row.digest, row.content, row.recorded) for row in await db.execute(query)]
