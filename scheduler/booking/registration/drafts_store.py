"""SQL of drafts. Every function runs in the caller's transaction."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Select, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration.schema import DRAFTS
from scheduler.core.errors import UnknownDraft
from scheduler.core.model import Draft, DraftState
from scheduler.core.sql_values import storable


async def add(db: AsyncConnection, draft: Draft) -> None:
    """Save a new draft."""
    values = {column.name: getattr(draft, column.name) for column in DRAFTS.c}
    await db.execute(insert(DRAFTS).values({**values, "settled": None, "content": json.dumps(draft.content)}))


async def known(db: AsyncConnection, draft_id: str) -> Draft:
    """Return a draft. Raises UnknownDraft."""
    row = (await db.execute(select(DRAFTS).where(DRAFTS.c.id.in_(storable([draft_id]))))).mappings().one_or_none()
    if row is None:
        raise UnknownDraft(draft_id)
    return _draft(row)


async def listed(db: AsyncConnection, units: Collection[str] | None, limit: int) -> list[Draft]:
    """Return the drafts in the inboxes of units or written by them (None: all), open ones first, then the newest."""
    query = (
        select(DRAFTS).order_by(DRAFTS.c.state != DraftState.OPEN, DRAFTS.c.arrived.desc(), DRAFTS.c.id).limit(limit)
    )
    if units is not None:
        query = query.where(or_(DRAFTS.c.unit.in_(storable(units)), DRAFTS.c.origin.in_(storable(units))))
    return await select_drafts(db, query)


async def select_drafts(db: AsyncConnection, query: Select[Any]) -> list[Draft]:
    """Return the drafts that a query finds."""
    return [_draft(row) for row in (await db.execute(query)).mappings()]


async def settle(
    db: AsyncConnection,
    draft_id: str,
    state: DraftState,
    by: str,
    now: datetime,
    reason: str = "",
    session: str | None = None,
) -> None:
    """Close a draft as `state`, with the account, and the reason (discarded) or the session (confirmed)."""
    values = {"state": state, "by": by, "settled": now, "reason": reason, "session": session}
    await db.execute(update(DRAFTS).where(DRAFTS.c.id == draft_id).values(values))


def _draft(row: RowMapping) -> Draft:
    return Draft(**{**row, "content": json.loads(row["content"])})
