"""Use cases of webhooks and their deliveries. One method is one transaction."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.core.sql_values import seconds
from scheduler.notifications import outbox as notices
from scheduler.notifications.wording import Channels, Notice, NoticeFacts
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store
from scheduler.webhooks import outbox
from scheduler.webhooks.events import EventType
from scheduler.webhooks.outbox import Delivery, Undelivered, Webhook

MOST = 20
"""Number of webhooks that there may be."""


class Webhooks:
    """Registers webhooks, lists due deliveries and marks results; tells the operating unit of a pause."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._channels = channels

    async def add(self, webhook: Webhook, secret: str) -> bool:
        """Store a webhook with its secret. Return False if one has its name, or there are as many as there may be."""
        async with writing(self._engine) as db:
            known = {each.name for each in await outbox.webhooks(db)}
            if webhook.name in known or len(known) >= MOST:
                return False
            await outbox.add_webhook(db, webhook, secret)
        return True

    async def all(self) -> list[Webhook]:
        """Return all webhooks by name."""
        async with self._engine.begin() as db:
            return await outbox.webhooks(db)

    async def secrets(self, webhook: str, now: datetime) -> list[str]:
        """Return the secrets that sign for a webhook: the present one, then the one before. Raises LostKey."""
        async with self._engine.begin() as db:
            return await outbox.secrets_of(db, webhook, now)

    async def rotate(self, webhook: str, secret: str, now: datetime) -> datetime | None:
        """Give a webhook another secret; return until when the one before signs too, None if there is no webhook."""
        async with writing(self._engine) as db:
            return await outbox.rotate(db, webhook, secret, now)

    async def change(self, webhook: str, url: str, events: Sequence[EventType]) -> bool:
        """Change the address and the events of a webhook; return False if there is none."""
        async with writing(self._engine) as db:
            return await outbox.change(db, webhook, url, events)

    async def pause(self, webhook: str, now: datetime) -> bool:
        """Pause a webhook: what happens meanwhile waits. Return False if it is paused already."""
        async with writing(self._engine) as db:
            return await outbox.pause(db, webhook, now)

    async def remove(self, webhook: str) -> bool:
        """Delete a webhook and its deliveries; return False if there is none."""
        async with writing(self._engine) as db:
            return await outbox.remove(db, webhook)

    async def resume(self, webhook: str, now: datetime) -> bool:
        """End the pause of a webhook: what it missed is due now. Return False if it is not paused."""
        async with writing(self._engine) as db:
            return await outbox.resume(db, webhook, now)

    async def test(self, webhook: str, now: datetime) -> None:
        """Add an event that only shows whether a webhook works."""
        async with writing(self._engine) as db:
            await outbox.tell_test(db, webhook, now)

    async def due(self, now: datetime, limit: int) -> dict[str, list[Delivery]]:
        """Return the deliveries that are due, at most `limit` of each webhook that is not paused, oldest first."""
        async with self._engine.begin() as db:
            return await outbox.due(db, now, limit)

    async def done(self, delivery: Delivery, now: datetime) -> None:
        """Mark a delivery as sent."""
        async with writing(self._engine) as db:
            await outbox.mark_sent(db, delivery.id, now)

    async def failed(self, delivery: Delivery, error: str, now: datetime, final: bool = False) -> bool:
        """Record a failed try; return whether its webhook was paused by it, which the operating unit is told."""
        async with writing(self._engine) as db:
            paused = await outbox.mark_failed(db, delivery, error, now, final)
            if paused:
                await self._tell(db, delivery, error, now)
        return paused

    async def _tell(self, db: AsyncConnection, delivery: Delivery, error: str, now: datetime) -> None:
        operator = self._profiles.at(now).directory.operator_unit
        known = {unit.id for unit in await units_store.units(db)}
        facts = NoticeFacts(reason=f"{delivery.webhook}: {error}")
        key = f"webhook-paused:{delivery.webhook}:{seconds(now)}"
        notice = Notice("webhook-paused", key, facts, operator if operator in known else None)
        await notices.tell(db, notice, self._channels, now)

    async def newest(self, limit: int) -> list[Delivery]:
        """Return deliveries of every state: failed, waiting, then sent ones, newest first in each."""
        async with self._engine.begin() as db:
            return await outbox.newest(db, limit)

    async def undelivered(self) -> Undelivered:
        """Return what no other system has taken."""
        async with self._engine.begin() as db:
            return await outbox.undelivered(db)

    async def again(self, delivery: int, now: datetime) -> str | None:
        """Make a delivery due now, again if it was sent; return its webhook, None if there is no such delivery."""
        async with writing(self._engine) as db:
            return await outbox.retry(db, delivery, now)

    async def prune(self, now: datetime) -> None:
        """Delete deliveries that are older than a month, and secrets that sign no more."""
        async with writing(self._engine) as db:
            await outbox.prune(db, now)
