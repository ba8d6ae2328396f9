"""Recordings: listed, described, linked to, and fetched, every fetch on the record."""

import asyncio
import re
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

from aiohttp import web
from pydantic import StringConstraints

from mediaserver.files import thumbnail_of
from signaling import manifest, rights, store
from signaling.accounts import Account
from signaling.errors import Forbidden, NotFound, NotReady
from signaling.rest.route import ID, Call, Model, Moment, Route
from signaling.store import JOINED, RecordingPhase


class Chapter(Model):
    """A title from a time on."""

    seconds: float
    title: str


class Solo(Model):
    """The sound of one point in a file of its own, by the name of the point."""

    id: str
    name: str
    seconds: float
    bytes: int
    sha256: str


class Part(Model):
    """One file. `thumbnail` is where its picture is, for those who may fetch it; chapters are none or several."""

    id: str
    part: int
    started: Moment
    seconds: float | None
    bytes: int | None
    state: RecordingPhase
    reason: str | None
    sha256: str | None
    thumbnail: str | None
    chapters: list[Chapter]
    solos: list[Solo]


class Recording(Part):
    """A session's recording: its only part, or what joins all its parts (part 0)."""

    session: str
    title: str
    host: str
    parts: list[Part]


class Link(Model):
    """Where to fetch a recording, until when; for this account only."""

    url: str
    expires: Moment


class Ticket(Model):
    """The ticket of a link."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=200)]


async def recordings(call: Call) -> list[Recording]:
    """List recordings by session, newest first."""
    account = call.account
    unit = None if account.central else account.unit or ""
    found = sorted(await call.roof.store.recordings(unit), key=lambda each: (each.session, each.part))
    listed = [_wire(list(files), account) for _, files in groupby(found, lambda each: each.session)]
    return sorted(listed, key=lambda each: each.parts[-1].started, reverse=True)


async def link(call: Call) -> Link:
    """Make a link to a recording, or to the sound of one of its points."""
    await _ready(call)
    ticket, expires = call.roof.recordings.ticket(call.id, call.account.account, call.now)
    return Link(url=f"/api/v1/recordings/{call.id}/file?ticket={ticket}", expires=expires)


async def file(call: Call) -> web.FileResponse:
    """Send a recording or the sound of one of its points, or a range of it."""
    found = await _ready(call)
    call.roof.recordings.check(call.query.ticket, call.id, call.account.account, call.now)
    solo = next((solo for solo in found.solos if solo.id == call.id), None)
    path = found.path if solo is None else solo.path
    if not await asyncio.to_thread(Path(path).is_file):
        raise NotFound
    await call.note("download", call.id, call.request.headers.get("Range", "whole"))
    name = f"{found.session}-{found.part or 'joined'}"
    name += ".mp4" if solo is None else f"-{_plain(solo.name)}.m4a"
    kind = "video/mp4" if solo is None else "audio/mp4"
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.FileResponse(path, headers=headers)


def _plain(label: str) -> str:
    """The registered name of a point (Điều 6.4) out of its label, as any file system takes it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", label.split(" · ", maxsplit=1)[0])[:64]


async def thumbnail(call: Call) -> web.FileResponse:
    """Send a picture from the middle of a recording."""
    picture = thumbnail_of(Path((await _find(call)).path))
    if not await asyncio.to_thread(picture.is_file):
        raise NotFound
    await call.saw("see-picture", call.id)
    return web.FileResponse(picture, headers={"Content-Type": "image/jpeg"})


async def describe(call: Call) -> manifest.Manifest:
    """Return the manifest of a session's recording."""
    found = await call.roof.store.parts(call.id)
    if not found:
        raise NotFound
    if not rights.may_list_recording(call.account, found[0]):
        raise Forbidden
    return manifest.manifest(found)


async def _find(call: Call) -> store.Recording:
    """Find a recording by its id or by that of one of its solos."""
    found = await call.roof.store.recording(call.id) or await call.roof.store.of_solo(call.id)
    if found is None:
        raise NotFound
    if not rights.may_download(call.account, found):
        raise Forbidden
    return found


async def _ready(call: Call) -> store.Recording:
    """Find a file that does not change any more; one that is broken may still be of use to somebody."""
    found = await _find(call)
    if found.state not in {"ready", "broken"}:
        raise NotReady
    return found


def _wire(files: Sequence[store.Recording], account: Account) -> Recording:
    """One session's files in order: what joins them comes first, if there is such a file."""
    parts = [_part(each, account) for each in files if each.part != JOINED]
    whole = files[0]
    shown = _part(whole, account).model_dump()
    return Recording(**shown, session=whole.session, title=whole.title, host=whole.host, parts=parts)


def _part(found: store.Recording, account: Account) -> Part:
    seen = found.state == "ready" and rights.may_download(account, found)
    several = found.state == "ready" and len(found.chapters) > 1
    return Part(
        id=found.id,
        part=found.part,
        started=found.started,
        seconds=found.seconds,
        bytes=found.bytes,
        state=found.state,
        reason=found.reason,
        sha256=found.sha256,
        thumbnail=f"/api/v1/recordings/{found.id}/thumbnail" if seen else None,
        chapters=[Chapter(seconds=each.seconds, title=each.title) for each in found.chapters] if several else [],
        solos=[
            Solo(id=each.id, name=each.name, seconds=each.seconds, bytes=each.bytes, sha256=each.sha256)
            for each in found.solos
        ],
    )


ROUTES = [
    Route("GET", "/recordings", recordings, "List recordings by session", list[Recording]),
    Route("POST", f"/recordings/{ID}/link", link, "Make a link to a recording", Link, problems=(403, 404, 409)),
    Route(
        "GET",
        f"/recordings/{ID}/file",
        file,
        "Fetch a recording, with HTTP Range",
        None,
        query=Ticket,
        problems=(403, 404, 409, 410),
        media_type="video/mp4",
    ),
    Route(
        "GET",
        f"/recordings/{ID}/thumbnail",
        thumbnail,
        "Fetch a picture from the middle of a recording",
        None,
        problems=(403, 404),
        media_type="image/jpeg",
    ),
    Route(
        "GET",
        f"/recordings/{ID}/manifest",
        describe,
        "The files of a session's recording with their SHA-256, by the id of the session",
        manifest.Manifest,
        problems=(403, 404),
    ),
]
