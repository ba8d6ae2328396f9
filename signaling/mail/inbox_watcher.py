"""Watches the official mailbox and processes each letter in the order of arrival (R-071).

A letter is marked as read only after what was decided on it is committed. The mailbox may be opened by people too:
what they read before us is found by its UID.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TypeVar

from sqlalchemy.exc import SQLAlchemyError

from scheduler.inbound_mail.service import MAX_BYTES, InboundMail
from scheduler.inbound_mail.store import MailboxPosition
from signaling.mail import imap
from signaling.mail.config import Server
from signaling.mail.imap import Client, NotRead

log = logging.getLogger(__name__)

POLL_SECONDS = 20.0
"""A new letter is noticed this late at most."""
LETTERS_A_ROUND = 50

T = TypeVar("T")


class InboxWatcher:
    """Reads new letters until it is stopped. `received` is called after each stored letter."""

    def __init__(
        self,
        inbound_mail: InboundMail,
        server: Server,
        context: ssl.SSLContext,
        clock: Callable[[], datetime],
        received: Callable[[], None],
    ) -> None:
        self._inbound_mail = inbound_mail
        self._server = server
        self._context = context
        self._clock = clock
        self._received = received
        self._thread = ThreadPoolExecutor(1, "imap")
        self._client: Client | None = None
        self._task: asyncio.Task[None] | None = None
        self._failed: set[MailboxPosition] = set()
        # the last fault, for whoever watches
        self.fault = ""

    def start(self) -> None:
        """Begin with the letters that came while no server watched."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; a letter that was being read is read again by the next server."""
        if self._task is not None:
            self._task.cancel()
            if self._client is not None:
                imap.abort(self._client)  # wakes the thread, if it waits for the server
            await asyncio.gather(self._task, return_exceptions=True)
        await asyncio.to_thread(self._thread.shutdown, cancel_futures=True)
        self._hang_up()

    async def _run(self) -> None:
        while True:
            more = False
            try:
                more = await self.look() == LETTERS_A_ROUND
                await self._inbound_mail.prune(self._clock())
                self.fault = ""
            except (NotRead, SQLAlchemyError, OSError) as fault:
                self.fault = str(fault) if isinstance(fault, NotRead) else type(fault).__name__
                log.warning("x the mailbox cannot be read: %s", self.fault)
            if not more:
                await asyncio.sleep(POLL_SECONDS)

    async def look(self) -> int:
        """Process new letters; return how many were tried. Raises NotRead, SQLAlchemyError."""
        client = await self._do(self._dial)
        try:
            validity = await self._do(imap.open_mailbox, client, self._server)
            last = await self._inbound_mail.last_uid(validity)
            places = [MailboxPosition(validity, uid) for uid in await self._do(imap.new, client, last)]
            readable = [place for place in places if place not in self._failed][:LETTERS_A_ROUND]
            for place in readable:
                await self._try(client, place)
            return len(readable)
        finally:
            await self._do(self._hang_up)

    def _dial(self) -> Client:
        """Connect; `stop` can abort the connection meanwhile."""
        self._client = imap.connect(self._server, self._context)
        return self._client

    def _hang_up(self) -> None:
        if self._client is not None:
            imap.close(self._client)
            self._client = None

    async def _try(self, client: Client, place: MailboxPosition) -> None:
        """Process one letter; one that raises an unexpected error waits for the next start and blocks no other."""
        try:
            await self._take(client, place)
        except (NotRead, SQLAlchemyError, OSError):
            raise
        except Exception:
            self._failed.add(place)
            log.exception("x the letter with UID %d could not be processed and stays unread", place.uid)

    async def _take(self, client: Client, place: MailboxPosition) -> None:
        """Process one letter, then mark it as read."""
        fetched = await self._do(imap.fetch, client, place.uid, MAX_BYTES)
        if fetched is None:
            return
        now = self._clock()
        arrived = now if fetched.arrived is None else min(fetched.arrived, now)
        letter = await self._inbound_mail.receive(fetched.raw, fetched.size, place, arrived, now)
        log.info("< letter %d: %s %s", letter.id, letter.outcome, letter.reason)
        await self._do(imap.mark_seen, client, place.uid)
        self._received()

    async def _do(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)
