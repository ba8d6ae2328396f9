"""Endpoints of recordings: list, manifest, links, files; every download enters the audit log."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated, Literal

from aiohttp import web
from pydantic import Field, StringConstraints

from mediaserver.recording import disk_space
from mediaserver.recording.files import thumbnail_of
from scheduler.core.note import Note
from scheduler.operations.closing import recording_handover
from scheduler.operations.closing.documents import RECORDING, AccessRequest, allowed
from scheduler.operations.closing.recording_handover import HandoverStatus
from signaling.accounts.visible_sessions import find
from signaling.core.errors import Forbidden, NotFound, NotReady
from signaling.http import byte_ranges
from signaling.http.route import ID, ApiRequest, Model, Moment, Route
from signaling.http.uploads import attachment
from signaling.recording import access as recording_access
from signaling.recording import composing_progress, manifest, model
from signaling.recording.compose_anew import compose_anew
from signaling.recording.context import RECORDINGS
from signaling.recording.file_names import file_name
from signaling.recording.model import JOINED, RecordingPhase
from signaling.recording.requested import Listing, find_recording, may_see, seen_recordings

Access = Literal["owner", "granted", "asked", "none"]


class Chapter(Model):
    """A chapter: its title, and where it begins."""

    seconds: float
    title: str


class Wait(Model):
    """The reason for which a file is not made now, and since when.

    The disk is full (`free` bytes are left of those that recordings may take), or the machine is busy.
    """

    reason: Literal["disk-full", "busy"]
    since: Moment
    free: int | None


class Composing(Model):
    """A recording that is being composed from its tracks: how much of it is, and when it will be ready, if known."""

    percent: int
    ready: Moment | None


class Solo(Model):
    """The isolated track of one point, by the name of the point."""

    id: str
    name: str
    seconds: float
    bytes: int
    sha256: str


class Part(Model):
    """One file. `thumbnail` is the address of its picture for accounts that may download it; chapters are none or
    several. `composing` is null unless it is still to be composed, or the file that joins parts waits for such; `wait`
    unless something holds that up.
    `failure` says why its file could not be made; if it is `recomposable`, this account may have it composed again."""

    id: str
    part: int
    started: Moment
    seconds: float | None
    bytes: int | None
    state: RecordingPhase
    reason: str | None
    failure: str | None
    recomposable: bool
    sha256: str | None
    thumbnail: str | None
    composing: Composing | None
    wait: Wait | None
    chapters: list[Chapter]
    solos: list[Solo]


class Handover(Model):
    """State of the duty to hand the recording over (Điều 15.3); the centre keeps it until `keep_until`."""

    standing: HandoverStatus
    ended: Moment
    due: Moment
    told: Moment
    digest: str
    received: Moment | None
    received_by: str
    keep_until: Moment | None
    deleted: Moment | None
    may_receive: bool


class EstimateQuery(Model):
    """A planned recording of so many minutes, with isolated tracks if `voices`."""

    minutes: Annotated[int, Field(ge=1, le=7 * 24 * 60)]
    voices: bool = False


class Estimate(Model):
    """Bytes: the most that a recording takes, the free space for recordings, and the reserve kept for the server."""

    bytes: int
    free: int
    reserve: int


class Recording(Part):
    """A session's recording: its only part, or the file that joins all parts (part 0).

    An account whose `access` is `none` or `asked` sees that it exists, and may ask its host for it.
    """

    session: str
    title: str
    host: str
    access: Access
    handover: Handover | None
    parts: list[Part]


class Link(Model):
    """The address of a recording and when it expires; for this account only."""

    url: str
    expires: Moment


class Received(Model):
    """The SHA-256 of the received file."""

    sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]


class Ticket(Model):
    """The ticket of a link."""

    ticket: Annotated[str, StringConstraints(min_length=1, max_length=200)]


async def recordings(request: ApiRequest) -> list[Recording]:
    """List recordings by session, newest first: those the account may fetch, and those of sessions its unit took part
    in."""
    context = request.context(RECORDINGS)
    files = await seen_recordings(request)
    sessions = {each.session for each in files}
    requests = await context.documents.grants(sessions)
    handovers = {each.session: each for each in await context.handovers.of_sessions(sessions)}
    composing = await context.composing_queue.expected(request.now)
    waits = context.composing_queue.waits(request.now)
    by_session = groupby(files, key=lambda each: each.session)
    return [_wire(request, list(of_session), requests, handovers, composing, waits) for _, of_session in by_session]


def _access(request: ApiRequest, recording: model.Recording, requests: Sequence[AccessRequest]) -> Access:
    if recording_access.may_list_recording(request.account, recording):
        return "owner"
    own = [each for each in requests if each.session == recording.session and each.subject == RECORDING]
    if allowed(own, request.account.unit, RECORDING, request.now):
        return "granted"
    return "asked" if any(each.unit == request.account.unit and each.answer == "waiting" for each in own) else "none"


async def receive(request: ApiRequest) -> Handover:
    """Confirm that the host unit has its recording (Điều 15.3)."""
    context = request.context(RECORDINGS)
    session, points = await find(request)
    if request.account.unit is None or request.account.unit != points[session.host_point].unit:
        raise Forbidden
    note: Note[recording_handover.Handover] = request.noting("recording-received", lambda of: (of.session, of.digest))
    received = await context.handovers.receive(
        session.id, request.body.sha256, request.account.account, request.now, note
    )
    return _handover(request, received)


def _handover(request: ApiRequest, of: recording_handover.Handover) -> Handover:
    fields = ("ended", "due", "told", "digest", "received", "received_by", "keep_until", "deleted")
    return Handover(
        **{name: getattr(of, name) for name in fields},
        standing=of.status(request.now),
        may_receive=of.received is None and request.account.unit == of.unit,
    )


async def link(request: ApiRequest) -> Link:
    """Make a link to a recording, or to the sound of one of its points."""
    await _ready(request)
    ticket, expires = request.context(RECORDINGS).catalog.ticket(request.id, request.account.account, request.now)
    return Link(url=f"/api/v1/recordings/{request.id}/file?ticket={ticket}", expires=expires)


async def file(request: ApiRequest) -> web.StreamResponse:
    """Send a recording or an isolated track, or a range of it; damage that is found enters the audit log."""
    recording = await _ready(request)
    request.context(RECORDINGS).catalog.check(request.query.ticket, request.id, request.account.account, request.now)
    solo = next((solo for solo in recording.solos if solo.id == request.id), None)
    path = Path(recording.path if solo is None else solo.path)
    unit = (await request.unit_names()).get(recording.host_unit, recording.host)
    zone = request.context(RECORDINGS).scheduler.policy(request.now).zone
    name = file_name(recording, solo, unit, zone)
    kind = "video/mp4" if solo is None else "audio/mp4"
    headers = {"Content-Type": kind, **attachment(name)}
    await request.note("download", request.id, request.request.headers.get("Range", "whole"))
    return await byte_ranges.send(
        request, path, recording.sealed, (recording if solo is None else solo).sha256 or request.id, headers
    )


async def compose(request: ApiRequest) -> None:
    """Have a recording composed again that could not be."""
    context = request.context(RECORDINGS)
    recording = await find_recording(request)
    request.only(recording_access.may_compose_anew(request.account, recording))
    await compose_anew(recording, context.store, context.handovers)
    await request.note("recording-compose", recording.id, recording.failure or "")
    context.composing_queue.wake()


async def thumbnail(request: ApiRequest) -> web.StreamResponse:
    """Send a picture from the middle of a recording."""
    recording = await find_recording(request)
    await request.saw("see-picture", request.id)
    picture = thumbnail_of(Path(recording.path))
    return await byte_ranges.send(request, picture, recording.sealed, request.id, {"Content-Type": "image/jpeg"})


async def describe(request: ApiRequest) -> manifest.Manifest:
    """Return the manifest of a session's recording."""
    parts = await request.context(RECORDINGS).store.parts(request.id)
    if not parts:
        raise NotFound
    request.seen(await may_see(request, parts[0]))
    request.only(recording_access.may_list_recording(request.account, parts[0]))
    return manifest.manifest(parts)


async def _ready(request: ApiRequest) -> model.Recording:
    """Find a file that does not change any more; a broken one may still be of use."""
    recording = await find_recording(request)
    if recording.state == "deleted":
        raise NotFound
    if recording.state not in {"ready", "broken"}:
        raise NotReady
    return recording


def _wire(
    request: ApiRequest,
    files: Sequence[model.Recording],
    requests: Sequence[AccessRequest],
    handovers: Mapping[str, recording_handover.Handover],
    composing: Mapping[str, composing_progress.Composing],
    waits: Mapping[str, composing_progress.Wait],
) -> Recording:
    """Describe a session's files; the joined file comes first, if there is one."""
    whole = files[0]
    if whole.part == JOINED and (all_parts := composing_progress.expected_whole(files[1:], composing)) is not None:
        composing = {**composing, whole.id: all_parts}
        held_up = next((waits[part.id] for part in files if part.id in waits), None)
        waits = waits if held_up is None else {**waits, whole.id: held_up}
    access = _access(request, whole, requests)
    may = access == "granted" or recording_access.may_download(request.account, whole)
    parts = [_part(each, may, access, composing, waits) for each in files if each.part != JOINED]
    handover = handovers.get(whole.session)
    return Recording(
        **_part(whole, may, access, composing, waits).model_dump(),
        session=whole.session,
        title=whole.title,
        host=whole.host,
        access=access,
        handover=_handover(request, handover) if handover is not None and access == "owner" else None,
        parts=parts,
    )


def _part(
    recording: model.Recording,
    may: bool,
    access: Access,
    composing: Mapping[str, composing_progress.Composing],
    waits: Mapping[str, composing_progress.Wait],
) -> Part:
    """Describe a file; an account without access learns nothing of its contents."""
    seen = recording.state == "ready" and may
    allowed = access in {"owner", "granted"}
    several = allowed and recording.state == "ready" and len(recording.chapters) > 1
    left, wait = (composing.get(recording.id), waits.get(recording.id)) if allowed else (None, None)
    return Part(
        id=recording.id,
        part=recording.part,
        started=recording.started,
        seconds=recording.seconds,
        bytes=recording.bytes,
        state=recording.state,
        reason=recording.reason,
        failure=recording.failure,
        recomposable=access == "owner" and recording.recomposable and may,
        sha256=recording.sha256 if allowed else None,
        thumbnail=f"/api/v1/recordings/{recording.id}/thumbnail" if seen else None,
        composing=None if left is None else Composing(percent=left.percent, ready=left.ready),
        wait=None if wait is None else Wait(reason=wait.reason, since=wait.since, free=wait.free),
        chapters=[Chapter(seconds=each.seconds, title=each.title) for each in recording.chapters] if several else [],
        solos=[
            Solo(id=each.id, name=each.name, seconds=each.seconds, bytes=each.bytes, sha256=each.sha256)
            for each in (recording.solos if allowed else ())
        ],
    )


async def estimate(request: ApiRequest) -> Estimate:
    """Estimate the size of a recording before it is requested (R-082)."""
    context = request.context(RECORDINGS)
    query: EstimateQuery = request.query
    space = await context.catalog.space()
    voices = context.mixed_voices if query.voices else 0
    composed = context.scheduler.policy(request.now).conduct.recordings.composed
    return Estimate(
        bytes=disk_space.size(query.minutes / 60, voices, composed), free=space.usable, reserve=space.reserve
    )


ROUTES = [
    Route("GET", "/recordings/estimate", estimate, "What a recording would take", Estimate, query=EstimateQuery),
    Route("GET", "/recordings", recordings, "List recordings by session", list[Recording], query=Listing),
    Route(
        "POST",
        f"/recordings/{ID}/link",
        link,
        "Make a link to a recording",
        Link,
        problems=(403, 404, 409),
        changes=False,
    ),
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
        "POST",
        f"/recordings/{ID}/compose",
        compose,
        "Compose a recording again that could not be composed",
        None,
        status=204,
        problems=(403, 404, 409),
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
    Route(
        "POST",
        f"/sessions/{ID}/recording-received",
        receive,
        "Confirm that the host has its recording",
        Handover,
        body=Received,
        problems=(403, 404, 409),
    ),
]
