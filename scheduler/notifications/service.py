"""Use cases of the outbox and of official mailboxes. One method is one transaction."""

from collections.abc import Mapping
from datetime import datetime, tzinfo

from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import writing
from scheduler.core.errors import UnknownUnit
from scheduler.notifications import outbox
from scheduler.notifications.outbox import OutboxItem, State
from scheduler.notifications.wording import NOWHERE, Channels, Notice
from scheduler.units import store as units_store


class Notifications:
    """Adds notices, lists due ones, marks results, sets mailboxes. `zone` is the province's, for times in texts."""

    def __init__(self, engine: AsyncEngine, zone: tzinfo, channels: Channels = NOWHERE) -> None:
        self._engine = engine
        self.zone = zone
        self._channels = channels

    async def tell(self, notice: Notice, now: datetime) -> bool:
        """Add a notice to its recipient, else to the mailbox of its unit. Return False if there is neither."""
        async with writing(self._engine) as db:
            known = bool(notice.recipient) or notice.unit in await outbox.mailboxes(db)
            reached = self._channels.mail and known
            if reached:
                await outbox.tell(db, notice, self._channels, now)
        return reached

    async def due(self, now: datetime, limit: int = 50) -> list[OutboxItem]:
        """Return the notices that are due, longest waiting first."""
        async with self._engine.begin() as db:
            return await outbox.due(db, now, limit)

    async def unsent(self) -> Mapping[State, int]:
        """Return how many notices wait, and how many failed for good."""
        async with self._engine.begin() as db:
            return await outbox.unsent(db)

    async def newest(self, limit: int) -> list[OutboxItem]:
        """Return notices of every state: failed, waiting, sent, newest first in each."""
        async with self._engine.begin() as db:
            return await outbox.newest(db, limit)

    async def address(self, notice: OutboxItem) -> str | None:
        """Return the address a notice goes to now: its own, else the present mailbox of its unit."""
        if notice.recipient or notice.unit is None:
            return notice.recipient or None
        return (await self.mailboxes()).get(notice.unit)

    async def done(self, notice: OutboxItem, now: datetime) -> None:
        """Mark a notice as sent."""
        async with writing(self._engine) as db:
            await outbox.mark_sent(db, notice.id, now)

    async def failed(self, notice: OutboxItem, error: str, now: datetime, final: bool = False) -> None:
        """Record a failed try; a final failure is not tried again until a person asks for it."""
        async with writing(self._engine) as db:
            await outbox.mark_failed(db, notice, error, now, final)

    async def again(self, notice: int, now: datetime) -> bool:
        """Make a notice due now, again if it was sent. Return False if there is no such notice."""
        async with writing(self._engine) as db:
            return await outbox.retry(db, notice, now)

    async def prune(self, now: datetime) -> None:
        """Delete notices that were settled more than a year ago."""
        async with writing(self._engine) as db:
            await outbox.prune(db, now)

    async def mailboxes(self) -> dict[str, str]:
        """Return the official mailbox of each unit that has one."""
        async with self._engine.begin() as db:
            return await outbox.mailboxes(db)

    async def set_mailbox(self, unit: str, address: str) -> None:
        """Register the official mailbox of a unit. Raises UnknownUnit."""
        async with writing(self._engine) as db:
            if unit not in {known.id for known in await units_store.units(db)}:
                raise UnknownUnit(unit)
            await outbox.set_mailbox(db, unit, address)
