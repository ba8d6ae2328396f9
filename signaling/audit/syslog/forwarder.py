"""Sends every entry of the audit log to a syslog server, in order, once at least."""

import asyncio
import hmac
import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import writing
from signaling.audit.hash_chain import ChainedEntry
from signaling.audit.log import AuditLog
from signaling.audit.schema import AUDIT, SYSLOG_POSITION
from signaling.audit.syslog.message import entry_message, head_message
from signaling.audit.syslog.target import SyslogSettings, Target, connect

log = logging.getLogger(__name__)

POLL_S = 2.0
RETRY_S = 15.0
BATCH = 200
HEAD_INTERVAL = timedelta(hours=1)
"""Interval of signed heads."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The entries of the audit log that are still to be sent: how many, and the time of the oldest."""

    entries: int
    oldest: datetime | None


def signing_key(master: bytes) -> Ed25519PrivateKey:
    """Derive the key that signs heads from the key of files."""
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(master, b"diemcau audit head", "sha256"))


class SyslogForwarder:
    """Sends what the audit log got since the position that the database holds; the first time, from then on.

    The position moves once a batch was sent: when a server or the connection ends in between, the batch comes twice,
    with the same numbers. While the syslog server is away the log itself is what waits.
    """

    def __init__(
        self,
        settings: SyslogSettings,
        engine: AsyncEngine,
        audit: AuditLog,
        key: Ed25519PrivateKey,
        clock: Callable[[], datetime],
        host: str,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._audit = audit
        self._key = key
        self._clock = clock
        self._host = host
        self._target: Target | None = None
        self._head_sent: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self.away = False
        """True from a failure to send until the next success."""

    def start(self) -> None:
        """Start to send."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop; what was not sent is sent by the next server."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._close()

    async def _run(self) -> None:
        while True:
            waiting = POLL_S
            try:
                while await self.forward():
                    pass
                if self.away:
                    log.warning("= the audit log goes to %s again", self._settings.host)
                self.away = False
            except (OSError, TimeoutError) as error:
                await self._close()
                if not self.away:
                    log.warning(
                        "x the audit log cannot be sent to %s, which is tried again: %s", self._settings.host, error
                    )
                self.away, waiting = True, RETRY_S
            except Exception:
                log.exception("x the audit log is not sent on for now")
                waiting = RETRY_S
            await asyncio.sleep(waiting)

    async def waiting(self) -> Waiting:
        """Return what is still to be sent. Raises SQLAlchemyError."""
        async with self._engine.connect() as db:
            position = await db.scalar(select(SYSLOG_POSITION.c.entry))
            if position is None:  # it begins with what is written once it has started
                return Waiting(0, None)
            newest = await db.scalar(select(func.max(AUDIT.c.id))) or position
            oldest = select(AUDIT.c.at).where(AUDIT.c.id > position).order_by(AUDIT.c.id).limit(1)
            return Waiting(max(0, newest - position), await db.scalar(oldest))

    async def forward(self) -> bool:
        """Send the next batch, and a signed head when it is due; return whether more is waiting.

        Raises OSError, TimeoutError.
        """
        position = await self._position()
        entries = await self._audit.after(position, BATCH)
        now = self._clock()
        messages = [entry_message(entry, self._host) for entry in entries]
        due = self._head_sent is None or now - self._head_sent >= HEAD_INTERVAL
        if due and len(entries) < BATCH and (last := await self._last(entries, position)) is not None:
            messages.append(head_message(last.id, last.seal, self._key, now, self._host))
        if messages:
            if self._target is None:
                self._target = await connect(self._settings)
            await self._target.send(messages)
        if len(messages) > len(entries):
            self._head_sent = now
        if entries:
            async with writing(self._engine) as db:
                await db.execute(update(SYSLOG_POSITION).values(entry=entries[-1].id))
        return len(entries) == BATCH

    async def _last(self, entries: list[ChainedEntry], position: int) -> ChainedEntry | None:
        """Return the newest entry: the last of those being sent, else the one sent last."""
        if entries:
            return entries[-1]
        return next(iter(await self._audit.after(position - 1, 1)), None)

    async def _position(self) -> int:
        async with self._engine.connect() as db:
            position: int | None = await db.scalar(select(SYSLOG_POSITION.c.entry))
        if position is not None:
            return position
        async with writing(self._engine) as db:
            newest = await db.scalar(select(func.max(AUDIT.c.id))) or 0
            await db.execute(insert(SYSLOG_POSITION).values(id=1, entry=newest))
        return newest

    async def _close(self) -> None:
        if self._target is not None:
            await self._target.close()
            self._target = None
