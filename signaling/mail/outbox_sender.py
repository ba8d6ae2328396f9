"""Sends notices from the outbox, each channel at its own pace."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Literal

from scheduler.notifications import wording
from scheduler.notifications.outbox import MAIL, OutboxItem
from scheduler.notifications.service import Notifications
from signaling.accounts.password_links import PasswordLinks
from signaling.core.background_queue import BackgroundQueue
from signaling.mail import chat_groups, smtp
from signaling.mail.chat_groups import Telegram, Webhook
from signaling.mail.errors import NotSent
from signaling.mail.smtp import SmtpSender

log = logging.getLogger(__name__)

Outcome = Literal["sent", "failed"]
Try = tuple[str, Outcome]
"""The channel of a try, and what came of it."""
POLL_SECONDS = 10.0
"""A due notice is noticed this late at most."""


class OutboxSender(BackgroundQueue):
    """Sends due notices; one that was being sent when it stopped is sent again by the next server."""

    def __init__(
        self,
        notifications: Notifications,
        live_code: Callable[[str], Awaitable[str | None]],
        smtp: SmtpSender | None,
        groups: Mapping[str, Telegram | Webhook],
        clock: Callable[[], datetime],
        password_links: PasswordLinks,
    ) -> None:
        super().__init__(POLL_SECONDS)
        self._notifications = notifications
        self._live_code = live_code
        """Returns the live code of a session."""
        self._password_links = password_links
        self._smtp = smtp
        self._groups = groups
        self._clock = clock
        self.channels = ((MAIL,) if smtp else ()) + tuple(groups)
        # counters
        self.tries: Counter[Try] = Counter()
        self.last: dict[Try, datetime] = {}
        """When the last try of each kind ended."""

    def start(self) -> None:
        """Begin with the notices that an earlier server left; without channels do nothing."""
        if self._smtp or self._groups:
            super().start()

    async def _work_through(self) -> None:
        await self.deliver()
        await self._notifications.prune(self._clock())

    async def deliver(self) -> int:
        """Try every due notice once; return their number. A slow channel does not delay the others."""
        due = sorted(await self._notifications.due(self._clock()), key=lambda notice: notice.channel)
        by_channel = [list(notices) for _, notices in groupby(due, lambda notice: notice.channel)]
        await asyncio.gather(*map(self._in_turn, by_channel))
        return len(due)

    async def _in_turn(self, notices: Sequence[OutboxItem]) -> None:
        for notice in notices:
            try:
                await (self._write(notice) if notice.channel == MAIL else self._tell_group(notice))
            except NotSent as fault:
                log.warning("x notice %d over %s was not sent: %s", notice.id, notice.channel, fault)
                self._count(notice.channel, "failed")
                await self._notifications.failed(notice, str(fault), self._clock(), fault.final)
            else:
                self._count(notice.channel, "sent")
                await self._notifications.done(notice, self._clock())
                log.info("> notice %d over %s", notice.id, notice.channel)

    def _count(self, channel: str, outcome: Outcome) -> None:
        self.tries[channel, outcome] += 1
        self.last[channel, outcome] = self._clock()

    async def _write(self, notice: OutboxItem) -> None:
        if self._smtp is None:
            raise NotSent("no-mail-server")
        recipient = await self._notifications.address(notice)
        if recipient is None:
            raise NotSent("no-mailbox", final=True)
        live_code = await self._secret(notice)
        await self._smtp.send(smtp.compose(notice, self._smtp.sender, recipient, live_code, self._notifications.zone))

    async def _secret(self, notice: OutboxItem) -> str | None:
        """Return the secret that only a letter tells: a live code, or a whole one-time link."""
        if notice.facts.link:
            return self._password_links.url(notice.facts.link)
        return None if notice.session is None else await self._live_code(notice.session)

    async def _tell_group(self, notice: OutboxItem) -> None:
        group = self._groups.get(notice.channel)
        if group is None:
            raise NotSent("no-such-group", final=True)
        await chat_groups.send(
            group, wording.group_text(notice.kind, notice.facts, self._notifications.zone, group.template)
        )
