"""Removes what a demonstration created in the database of a server, once that server has ended."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from scheduler.core.errors import Ended
from signaling.app.services import Services, open_services, utc_now
from signaling.app.settings import read
from signaling.core.audit_entry import SERVER, AuditEntry

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Traces:
    """Ids of sessions and names of accounts that a demonstration created."""

    sessions: list[str] = field(default_factory=list)
    accounts: Sequence[str] = ()


async def remove(environ: Mapping[str, str], traces: Traces) -> None:
    """Cancel the sessions, delete their recordings, and disable the accounts; the rows stay."""
    async with open_services(read(environ)) as services:
        for account in traces.accounts:
            await services.accounts.disable(account, disabled=True)
        for session in traces.sessions:
            with suppress(Ended):
                await services.scheduler.cancel(session, utc_now())
            await _delete_recording(services, session)


async def _delete_recording(services: Services, session: str) -> None:
    parts = await services.recording_store.parts(session)
    await services.recording_store.delete_recordings(session)
    for part in parts:
        await asyncio.to_thread(part.remove)
        await services.audit.append(AuditEntry(utc_now(), SERVER, "recording-deleted", part.id, part.sha256 or ""))
    await services.handovers.mark_deleted(session, utc_now())
