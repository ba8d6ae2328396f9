"""Delivers what webhooks are to be told: several webhooks at once, and the deliveries of each in turn."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime

from scheduler.webhooks.outbox import Delivery
from scheduler.webhooks.service import Webhooks
from signaling.audit.log import AuditLog
from signaling.core.audit_entry import SERVER, AuditEntry
from signaling.core.background_queue import BackgroundQueue
from signaling.webhooks.client import NotDelivered, WebhookClient
from signaling.webhooks.signature import headers_of

log = logging.getLogger(__name__)

POLL_SECONDS = 5.0
"""A fact is told this late at most, if nothing else waits."""
BATCH = 20
"""Deliveries of a webhook that are sent in one round."""
MOST_AT_ONCE = 4
"""Webhooks that are sent to at the same time."""


class WebhookSender(BackgroundQueue):
    """Sends due deliveries; one that was being sent when it stopped is sent again by the next server."""

    def __init__(
        self, webhooks: Webhooks, client: WebhookClient, audit: AuditLog, clock: Callable[[], datetime]
    ) -> None:
        super().__init__(POLL_SECONDS)
        self._webhooks = webhooks
        self._client = client
        self._audit = audit
        self._clock = clock

    async def _work_through(self) -> None:
        while await self.deliver():
            pass

    async def deliver(self) -> bool:
        """Try due deliveries once; return whether more may be due that were not tried yet."""
        due = await self._webhooks.due(self._clock(), BATCH)
        urls = {each.name: each.url for each in await self._webhooks.all()} if due else {}
        turns = asyncio.Semaphore(MOST_AT_ONCE)

        async def in_turn(webhook: str, deliveries: Sequence[Delivery]) -> bool:
            async with turns:
                return await self._deliver_to(webhook, urls[webhook], deliveries)

        present = [(webhook, deliveries) for webhook, deliveries in due.items() if webhook in urls]
        return any(await asyncio.gather(*(in_turn(*each) for each in present)))

    async def _deliver_to(self, webhook: str, url: str, deliveries: Sequence[Delivery]) -> bool:
        """Send deliveries until one fails, the others wait for the next round; return whether more may be due."""
        keys = await self._webhooks.secrets(webhook, self._clock())
        for delivery in deliveries:
            body = delivery.body.encode()
            try:
                await self._client.post(url, body, headers_of(keys, delivery.message, body, self._clock()))
            except NotDelivered as fault:
                await self._failed(delivery, fault)
                return False
            await self._webhooks.done(delivery, self._clock())
        return len(deliveries) == BATCH

    async def _failed(self, delivery: Delivery, fault: NotDelivered) -> None:
        now = self._clock()
        log.warning("x webhook %s did not take %s: %s", delivery.webhook, delivery.message, fault)
        if await self._webhooks.failed(delivery, str(fault), now, fault.final):
            log.error("x webhook %s is paused: %s was given up", delivery.webhook, delivery.message)
            await self._audit.append(AuditEntry(now, SERVER, "webhook-paused", delivery.webhook, str(fault)))
