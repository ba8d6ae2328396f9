"""Hands recordings over to their hosts: offers complete ones, reminds, deletes them when their time is over."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.closing.handover_service import HandoverService
from signaling.audit.log import AuditLog
from signaling.core.audit_entry import SERVER, AuditEntry
from signaling.recording.model import Recording
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)


class RecordingHandover:
    """Job that runs once a minute."""

    def __init__(
        self, scheduler: Scheduler, handovers: HandoverService, store: RecordingStore, audit: AuditLog
    ) -> None:
        self._scheduler = scheduler
        self._handovers = handovers
        self._store = store
        self._audit = audit

    async def work(self, now: datetime) -> None:
        """Offer complete recordings, send reminders and warnings, delete recordings that were kept long enough."""
        offered = {each.session for each in await self._handovers.all()}
        settled = sorted(await self._store.recordings(), key=lambda each: (each.session, each.part))
        for session, files in groupby(settled, key=lambda each: each.session):
            if session not in offered:
                await self._offer(session, list(files), now)
        await self._handovers.remind(now)
        for each in await self._handovers.to_delete(now):
            await self._delete(each.session, now)

    async def _offer(self, session_id: str, files: Sequence[Recording], now: datetime) -> None:
        """Offer a complete recording to its host; the first file is the only part, or the joined one."""
        session = await self._scheduler.session(session_id)
        over = self._scheduler.phase(session, now) in {"ended", "cancelled"}
        digest = files[0].sha256
        if over and digest is not None and all(each.state in {"ready", "broken"} for each in files):
            await self._handovers.open(session_id, digest, now)

    async def _delete(self, session: str, now: datetime) -> None:
        """Delete the files; the database keeps their fingerprints, and the audit log an entry of each.

        A server that dies meanwhile leaves that to the next one: only then the session is marked, with the entries.
        """
        parts = await self._store.parts(session)
        await self._store.delete_recordings(session)  # first, so that the remux queue does not encrypt them again
        for recording in parts:
            await asyncio.to_thread(recording.remove)

        async def note(db: AsyncConnection, _session: str) -> None:
            for each in parts:
                entry = AuditEntry(now, SERVER, "recording-deleted", each.id, each.sha256 or "")
                await self._audit.append_with(db, entry)

        await self._handovers.mark_deleted(session, now, note)
        log.warning("- the retention period of the recording of %s is over: its files are deleted", session)
