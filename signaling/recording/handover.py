"""Brings recordings and handovers together: offered once complete, reminded of, deleted when their time is over."""

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from scheduler.booking.registration.service import Scheduler
from scheduler.operations.closing.handover_service import HandoverService
from signaling.audit.log import AuditLog
from signaling.core.audit_entry import SERVER, AuditEntry
from signaling.recording.model import Recording
from signaling.recording.store import RecordingStore

log = logging.getLogger(__name__)


class RecordingHandover:
    """Does once a minute what is due."""

    def __init__(
        self, scheduler: Scheduler, handovers: HandoverService, store: RecordingStore, audit: AuditLog
    ) -> None:
        self._scheduler = scheduler
        self._handovers = handovers
        self._store = store
        self._audit = audit

    async def work(self, now: datetime) -> None:
        """Offer what is complete, remind and warn, delete what was kept long enough."""
        known = {each.session for each in await self._handovers.all()}
        settled = sorted(await self._store.recordings(), key=lambda each: (each.session, each.part))
        for session, files in groupby(settled, key=lambda each: each.session):
            if session not in known:
                await self._offer(session, list(files), now)
        await self._handovers.remind(now)
        for each in await self._handovers.to_delete(now):
            await self._delete(each.session, now)

    async def _offer(self, session_id: str, files: Sequence[Recording], now: datetime) -> None:
        """Tell the host of a recording that is complete; its file is the first: the only part, or all joined."""
        session = await self._scheduler.session(session_id)
        over = self._scheduler.phase(session, now) in {"ended", "cancelled"}
        digest = files[0].sha256
        if over and digest is not None and all(each.state in {"ready", "broken"} for each in files):
            await self._handovers.open(session_id, digest, now)

    async def _delete(self, session: str, now: datetime) -> None:
        """Delete the files; the record with its fingerprints stays, and the audit log says so."""
        parts = await self._store.parts(session)
        await self._store.delete_recordings(session)  # first, so that who is sealing them does not bring them back
        for recording in parts:
            await asyncio.to_thread(recording.remove)
            await self._audit.append(AuditEntry(now, SERVER, "recording-deleted", recording.id, recording.sha256 or ""))
        await self._handovers.mark_deleted(session, now)
        log.warning("- recording of %s was kept long enough and is deleted", session)
