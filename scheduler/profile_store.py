"""Rows of the profiles that were ever in use, on a connection whose transaction the service holds."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import profiles
from scheduler.errors import PolicyError
from scheduler.policy import Policy
from scheduler.store import instant, seconds
from scheduler.tables import PROFILES


@dataclass(frozen=True, slots=True)
class Kept:
    """A profile as it was when it was first used here; `content` is JSON."""

    id: str
    version: int
    digest: str
    content: str
    recorded: datetime


async def keep(db: AsyncConnection, policy: Policy, now: datetime) -> None:
    """Keep a profile on first sight. Raises PolicyError when its version is known with other contents."""
    same = (PROFILES.c.id == policy.id) & (PROFILES.c.version == policy.version)
    known = await db.scalar(select(PROFILES.c.digest).where(same))
    digest = profiles.digest(policy)
    if known is not None and known != digest:
        raise PolicyError(f"{policy.stamp} was in use with other contents: raise its version")
    if known is None:
        values = {"id": policy.id, "version": policy.version, "digest": digest, "recorded": seconds(now)}
        await db.execute(insert(PROFILES).values(**values, content=profiles.canonical(policy)))


async def history(db: AsyncConnection) -> list[Kept]:
    """Return every profile ever used here, oldest first."""
    rows = await db.execute(select(PROFILES).order_by(PROFILES.c.recorded, PROFILES.c.id, PROFILES.c.version))
    return [Kept(row.id, row.version, row.digest, row.content, instant(row.recorded)) for row in rows]
