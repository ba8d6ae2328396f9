"""Recordings: listed, linked to, and fetched, every fetch on the record."""

import asyncio
from pathlib import Path
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from signaling import rights, store
from signaling.errors import Forbidden, NotFound
from signaling.rest.route import ID, Call, Model, Moment, Route
from signaling.store import AuditEntry, RecordingPhase


class Recording(Model):
    """One part of a session's recording."""

    id: str
    session: str
    title: str
    host: str
    started: Moment
    seconds: int | None
    bytes: int | None
    part: int
    state: RecordingPhase


class Link(Model):
    """Where to fetch a recording, until when; for this account only."""

    url: str
    expires: Moment


class Ticket(Model):
    """The ticket of a link."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=200)]


async def recordings(call: Call) -> list[Recording]:
    """List recordings, newest first."""
    account = call.account
    unit = None if account.central else account.unit or ""
    return [_wire(found) for found in await call.roof.store.recordings(unit)]


async def link(call: Call) -> Link:
    """Make a link to a recording."""
    found = await _find(call)
    ticket, expires = call.roof.recordings.ticket(found.id, call.account.account, call.now)
    return Link(url=f"/api/v1/recordings/{found.id}/file?ticket={ticket}", expires=expires)


async def file(call: Call) -> web.FileResponse:
    """Send a recording, or a range of it."""
    found = await _find(call)
    call.roof.recordings.check(call.query.ticket, found.id, call.account.account, call.now)
    if not await asyncio.to_thread(Path(found.path).is_file):
        raise NotFound
    await _audit(call, found)
    name = f"{found.session}-{found.part}.mp4"
    headers = {"Content-Type": "video/mp4", "Content-Disposition": f'attachment; filename="{name}"'}
    return web.FileResponse(found.path, headers=headers)


async def _find(call: Call) -> store.Recording:
    found = await call.roof.store.recording(call.id)
    if found is None:
        raise NotFound
    if not rights.may_download(call.account, found):
        raise Forbidden
    return found


async def _audit(call: Call, found: store.Recording) -> None:
    wanted = call.request.headers.get("Range", "whole")
    entry = AuditEntry(
        call.now, call.account.account, "download", found.id, wanted, call.source.address, call.source.port
    )
    await call.roof.store.audit(entry)


def _wire(found: store.Recording) -> Recording:
    return Recording(
        id=found.id,
        session=found.session,
        title=found.title,
        host=found.host,
        started=found.started,
        seconds=found.seconds,
        bytes=found.bytes,
        part=found.part,
        state=found.state,
    )


ROUTES = [
    Route("GET", "/recordings", recordings, "List recordings", list[Recording]),
    Route("POST", f"/recordings/{ID}/link", link, "Make a link to a recording", Link, problems=(403, 404)),
    Route(
        "GET",
        f"/recordings/{ID}/file",
        file,
        "Fetch a recording, with HTTP Range",
        None,
        query=Ticket,
        problems=(403, 404, 410),
        media_type="video/mp4",
    ),
]
