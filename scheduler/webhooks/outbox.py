"""SQL of webhooks and their deliveries. It runs in the caller's transaction.

A delivery is committed or rolled back with the fact that it tells. The sender marks a row after the other system took
it; after a crash between the two it comes twice, under the same id, rather than never.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import Select, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.code_encryption import cipher_of
from scheduler.core.key_rotation import EncryptedColumn
from scheduler.core.model import OFFICIAL
from scheduler.core.schema import POINTS, SESSIONS, SLOTS
from scheduler.webhooks.events import RETRIES, TEST, EventType, SessionFacts, body_of, session_data
from scheduler.webhooks.schema import WEBHOOK_DELIVERIES, WEBHOOKS

MAX_WAITING = 10_000
"""An event of a webhook beyond this number is stored as failed: it is listed and can be sent again."""
RETENTION = timedelta(days=30)
SECRET_BEFORE = timedelta(days=1)
"""A secret signs beside the one after it for so long."""
MAX_ERROR = 200

DeliveryState = Literal["waiting", "sent", "failed"]


@dataclass(frozen=True, slots=True)
class Webhook:
    """An address that is told of events, since `paused` not any more; until `before_until` two secrets sign."""

    name: str
    url: str
    events: tuple[EventType, ...]
    created: datetime
    made_by: str
    paused: datetime | None = None
    before_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event for one webhook. `message` is its id for the other system, `error` why the last try failed."""

    id: int
    message: str
    webhook: str
    event: str
    body: str
    created: datetime
    due: datetime
    tries: int
    state: DeliveryState
    error: str
    sent: datetime | None


@dataclass(frozen=True, slots=True)
class Undelivered:
    """Deliveries that wait, the time at which the oldest was told, those that failed for good, and paused webhooks."""

    waiting: int
    oldest: datetime | None
    failed: int
    paused: int


async def tell(
    db: AsyncConnection, event: EventType, session: str, now: datetime, details: Mapping[str, object] | None = None
) -> None:
    """Add an event of a session for each webhook that wants it; what is no session, as a test room, has none."""
    rows = await db.execute(select(WEBHOOKS.c.name, WEBHOOKS.c.events))
    wanted = [row.name for row in rows if event in row.events.split(",")]
    facts = await _facts(db, session) if wanted else None
    if facts is None:
        return
    body = body_of(event, now, {"session": session_data(facts), **(details or {})})
    for webhook in wanted:
        await _add(db, webhook, event, body, now)


async def tell_test(db: AsyncConnection, webhook: str, now: datetime) -> None:
    """Add an event that only shows whether a webhook works."""
    await _add(db, webhook, TEST, body_of(TEST, now, {"webhook": webhook}), now)


async def _facts(db: AsyncConnection, session: str) -> SessionFacts | None:
    query = (
        select(SESSIONS.c.id, SESSIONS.c.number, SESSIONS.c.state, SESSIONS.c.host_point)
        .add_columns(POINTS.c.unit, SLOTS.c.start, SLOTS.c.end)
        .select_from(SLOTS.join(SESSIONS).join(POINTS, SESSIONS.c.host_point == POINTS.c.id))
        .where(SESSIONS.c.id == session, SLOTS.c.kind == OFFICIAL)
    )
    row = (await db.execute(query)).first()
    if row is None:
        return None
    return SessionFacts(row.id, row.number, row.state.value, row.unit, row.host_point, row.start, row.end)


async def _add(db: AsyncConnection, webhook: str, event: str, body: str, now: datetime) -> None:
    of_webhook = WEBHOOK_DELIVERIES.c.webhook == webhook, WEBHOOK_DELIVERIES.c.state == "waiting"
    waiting = await db.scalar(select(func.count()).select_from(WEBHOOK_DELIVERIES).where(*of_webhook))
    full = (waiting or 0) >= MAX_WAITING
    row = {
        "message": f"msg_{uuid.uuid4().hex}",
        "webhook": webhook,
        "event": event,
        "body": body,
        "created": now,
        "due": now,
        "tries": 0,
        "state": "failed" if full else "waiting",
        "error": "outbox-full" if full else "",
    }
    await db.execute(insert(WEBHOOK_DELIVERIES).values(row))


# Webhooks.


async def webhooks(db: AsyncConnection) -> list[Webhook]:
    """Return all webhooks by name."""
    rows = await db.execute(select(WEBHOOKS).order_by(WEBHOOKS.c.name))
    return [_webhook(row) for row in rows.mappings()]


async def add_webhook(db: AsyncConnection, webhook: Webhook, secret: str) -> None:
    """Store a webhook with the secret that signs its deliveries."""
    values = {
        "name": webhook.name,
        "url": webhook.url,
        "events": ",".join(webhook.events),
        "sealed": cipher_of(db).encrypt(secret, _bound(webhook.name)),
        "created": webhook.created,
        "made_by": webhook.made_by,
    }
    await db.execute(insert(WEBHOOKS).values(values))


async def secrets_of(db: AsyncConnection, webhook: str, now: datetime) -> list[str]:
    """Return the secrets that sign for a webhook that exists: the present one, then the one before. Raises LostKey."""
    columns = WEBHOOKS.c.sealed, WEBHOOKS.c.sealed_before, WEBHOOKS.c.before_until
    row = (await db.execute(select(*columns).where(WEBHOOKS.c.name == webhook))).one()
    valid = [row.sealed_before] if row.before_until is not None and now < row.before_until else []
    return [cipher_of(db).decrypt(sealed, _bound(webhook)) for sealed in (row.sealed, *valid)]


async def rotate(db: AsyncConnection, webhook: str, secret: str, now: datetime) -> datetime | None:
    """Give a webhook another secret; return until when the present one signs too, None if there is no such webhook."""
    until = now + SECRET_BEFORE
    values = {"sealed": cipher_of(db).encrypt(secret, _bound(webhook)), "sealed_before": WEBHOOKS.c.sealed}
    changed = update(WEBHOOKS).where(WEBHOOKS.c.name == webhook).values(**values, before_until=until)
    return until if (await db.execute(changed)).rowcount else None


async def change(db: AsyncConnection, webhook: str, url: str, events: Sequence[EventType]) -> bool:
    """Change address and events; what waits goes to the new address. Return False if there is no such webhook."""
    values = {"url": url, "events": ",".join(events)}
    return bool((await db.execute(update(WEBHOOKS).where(WEBHOOKS.c.name == webhook).values(values))).rowcount)


async def pause(db: AsyncConnection, webhook: str, now: datetime) -> bool:
    """Pause a webhook: what happens meanwhile waits. Return False if it is paused, or there is none."""
    active = WEBHOOKS.c.name == webhook, WEBHOOKS.c.paused.is_(None)
    return bool((await db.execute(update(WEBHOOKS).where(*active).values(paused=now))).rowcount)


async def remove(db: AsyncConnection, webhook: str) -> bool:
    """Delete a webhook and its deliveries; return False if there is none."""
    await db.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.webhook == webhook))
    return (await db.execute(delete(WEBHOOKS).where(WEBHOOKS.c.name == webhook))).rowcount == 1


async def resume(db: AsyncConnection, webhook: str, now: datetime) -> bool:
    """End the pause of a webhook: what it missed is due now. Return False if it is not paused."""
    paused = WEBHOOKS.c.name == webhook, WEBHOOKS.c.paused.is_not(None)
    if not (await db.execute(update(WEBHOOKS).where(*paused).values(paused=None))).rowcount:
        return False
    missed = WEBHOOK_DELIVERIES.c.webhook == webhook, WEBHOOK_DELIVERIES.c.state != "sent"
    await db.execute(update(WEBHOOK_DELIVERIES).where(*missed).values(state="waiting", due=now, tries=0))
    return True


# Deliveries.


async def due(db: AsyncConnection, now: datetime, limit: int) -> dict[str, list[Delivery]]:
    """Return the deliveries that are due, at most `limit` of each webhook that is not paused, oldest first."""
    ready = (WEBHOOK_DELIVERIES.c.state == "waiting") & (WEBHOOK_DELIVERIES.c.due <= now)
    names = select(WEBHOOKS.c.name).where(WEBHOOKS.c.paused.is_(None), _has(ready)).order_by(WEBHOOKS.c.name)
    oldest = select(WEBHOOK_DELIVERIES).where(ready).order_by(WEBHOOK_DELIVERIES.c.id).limit(limit)
    found = (await db.execute(names)).scalars().all()
    return {name: await _read(db, oldest.where(WEBHOOK_DELIVERIES.c.webhook == name)) for name in found}


def _has(condition: Any) -> Any:
    return select(WEBHOOK_DELIVERIES.c.id).where(WEBHOOK_DELIVERIES.c.webhook == WEBHOOKS.c.name, condition).exists()


async def mark_sent(db: AsyncConnection, delivery: int, now: datetime) -> None:
    """Mark a delivery as sent: the other system took it."""
    values = {"state": "sent", "sent": now, "error": "", "tries": WEBHOOK_DELIVERIES.c.tries + 1}
    await db.execute(update(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.id == delivery).values(values))


async def mark_failed(db: AsyncConnection, delivery: Delivery, error: str, now: datetime, final: bool) -> bool:
    """Record a failed try. After the last one, or a `final` one, its webhook is paused; return whether it was now."""
    over = final or delivery.tries >= len(RETRIES)
    pause = timedelta() if over else RETRIES[delivery.tries]
    values = {"tries": delivery.tries + 1, "due": now + pause, "state": "failed" if over else "waiting"}
    own = WEBHOOK_DELIVERIES.c.id == delivery.id
    await db.execute(update(WEBHOOK_DELIVERIES).where(own).values(**values, error=error[:MAX_ERROR]))
    if not over:
        return False
    active = WEBHOOKS.c.name == delivery.webhook, WEBHOOKS.c.paused.is_(None)
    return (await db.execute(update(WEBHOOKS).where(*active).values(paused=now))).rowcount == 1


async def retry(db: AsyncConnection, delivery: int, now: datetime) -> str | None:
    """Make a delivery of any state due now; return its webhook, None if there is no such delivery."""
    values = {"state": "waiting", "due": now, "tries": 0}
    own = WEBHOOK_DELIVERIES.c.id == delivery
    changed = update(WEBHOOK_DELIVERIES).where(own).values(values).returning(WEBHOOK_DELIVERIES.c.webhook)
    webhook: str | None = (await db.execute(changed)).scalar()
    return webhook


async def newest(db: AsyncConnection, limit: int) -> list[Delivery]:
    """Return deliveries of every state: failed, waiting, then sent ones, newest first in each."""
    state = WEBHOOK_DELIVERIES.c.state
    order = (state != "failed", state != "waiting", WEBHOOK_DELIVERIES.c.id.desc())
    return await _read(db, select(WEBHOOK_DELIVERIES).order_by(*order).limit(limit))


async def undelivered(db: AsyncConnection) -> Undelivered:
    """Return what no other system has taken."""
    state, created = WEBHOOK_DELIVERIES.c.state, WEBHOOK_DELIVERIES.c.created
    of_state = select(state, func.count().label("number"), func.min(created).label("oldest")).group_by(state)
    rows = {row.state: row for row in await db.execute(of_state.where(state.in_(("waiting", "failed"))))}
    waiting, failed = rows.get("waiting"), rows.get("failed")
    paused = await db.scalar(select(func.count()).select_from(WEBHOOKS).where(WEBHOOKS.c.paused.is_not(None)))
    return Undelivered(
        waiting.number if waiting else 0,
        waiting.oldest if waiting else None,
        failed.number if failed else 0,
        paused or 0,
    )


async def prune(db: AsyncConnection, now: datetime) -> None:
    """Delete deliveries that are older than a month, whatever became of them, and secrets that sign no more."""
    await db.execute(delete(WEBHOOK_DELIVERIES).where(WEBHOOK_DELIVERIES.c.created < now - RETENTION))
    over = WEBHOOKS.c.before_until <= now
    await db.execute(update(WEBHOOKS).where(over).values(sealed_before=None, before_until=None))


async def _read(db: AsyncConnection, query: Select[Any]) -> list[Delivery]:
    return [Delivery(**row) for row in (await db.execute(query)).mappings()]


def _webhook(row: RowMapping) -> Webhook:
    events = cast("tuple[EventType, ...]", tuple(row["events"].split(",")))
    return Webhook(row["name"], row["url"], events, row["created"], row["made_by"], row["paused"], row["before_until"])


def _bound(webhook: str) -> str:
    return f"webhook {webhook}"


ENCRYPTED = tuple(
    EncryptedColumn(column, lambda row: _bound(row["name"])) for column in (WEBHOOKS.c.sealed, WEBHOOKS.c.sealed_before)
)
