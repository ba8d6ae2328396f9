"""Stores where registered devices take calls (RFC 3261 §10), within the caller's transaction."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.directory.model import Binding
from scheduler.directory.schema import SIP_BINDINGS


async def bindings(db: AsyncConnection, now: datetime) -> dict[str, Binding]:
    """Return the bindings that hold now, by device."""
    rows = await db.execute(select(SIP_BINDINGS).where(SIP_BINDINGS.c.expires > now))
    return {row["device"]: Binding(**row) for row in rows.mappings()}


async def bind(db: AsyncConnection, binding: Binding) -> None:
    """Replace the binding of a device."""
    await unbind(db, binding.device)
    await db.execute(insert(SIP_BINDINGS).values(asdict(binding)))


async def unbind(db: AsyncConnection, device: str) -> None:
    """Remove the binding of a device."""
    await db.execute(delete(SIP_BINDINGS).where(SIP_BINDINGS.c.device == device))
