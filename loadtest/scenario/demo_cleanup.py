"""Removes what demonstrations created in the database of a server, while that server does not run."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, flock
from typing import IO

from sqlalchemy import or_, select

from loadtest.progress import PrintLine
from scheduler.core.errors import Ended
from scheduler.core.schema import SESSIONS
from signaling.app.serve import LOCK
from signaling.app.services import Services, open_services, utc_now
from signaling.app.settings import read
from signaling.core.audit_entry import SERVER, AuditEntry

VISITOR = "demo"
"""The account of a visitor; those of the simulated points and of the centre begin with it and a hyphen."""
ENDING_S = 15
"""Longest time in which the server of a demonstration that was killed ends."""


async def remove_former(environ: Mapping[str, str], print_line: PrintLine) -> None:
    """Remove what a demonstration left that was killed, unless another server works on the data directory."""
    run = read(environ).run
    run.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (run / LOCK).open("a") as lock:
        for second in range(ENDING_S):
            if _locked(lock):
                await remove(environ)
                return
            if second == 0:
                print_line("Another server works on the data directory. Is it ending? …")
            await asyncio.sleep(1)


def _locked(lock: IO[str]) -> bool:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except OSError:
        return False
    return True


async def remove(environ: Mapping[str, str]) -> None:
    """Cancel the sessions that accounts of demonstrations registered, delete their recordings, disable the accounts.

    The rows stay.
    """
    async with open_services(read(environ)) as services:
        for each in await services.accounts.accounts():
            if not each.disabled and (each.account == VISITOR or each.account.startswith(f"{VISITOR}-")):
                await services.accounts.disable(each.account)
        for session in await _sessions(services):
            with suppress(Ended):
                await services.scheduler.cancel(session, utc_now())
            await _delete_recording(services, session)


async def _sessions(services: Services) -> list[str]:
    by = SESSIONS.c.submitted_by
    query = select(SESSIONS.c.id).where(or_(by == VISITOR, by.startswith(f"{VISITOR}-")))
    async with services.database.connect() as connection:
        return list(await connection.scalars(query))


async def _delete_recording(services: Services, session: str) -> None:
    parts = [part for part in await services.recording_store.parts(session) if part.state != "deleted"]
    if not parts:
        return
    await services.recording_store.delete_recordings(session)
    for part in parts:
        await asyncio.to_thread(part.remove)
        await services.audit.append(AuditEntry(utc_now(), SERVER, "recording-deleted", part.id, part.sha256 or ""))
    await services.handovers.mark_deleted(session, utc_now())
