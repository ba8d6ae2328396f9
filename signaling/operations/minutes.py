"""Endpoint of minutes: their draft as DOCX, from what the meeting recorded (Điều 15.1)."""

import asyncio
import logging
from collections.abc import Sequence

from aiohttp import web

from mediaserver.recording.encrypted_file import Damaged
from scheduler.core.model import Interval, Session
from scheduler.files import docx
from scheduler.operations.closing.errors import NotOver
from scheduler.operations.minutes.minutes import MinutesFacts, RecordingMark, SpokenTurn, minutes
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.http.route import ID, ApiRequest, Route
from signaling.http.signed_files import signed
from signaling.http.uploads import attached
from signaling.operations.attendance import find
from signaling.operations.context import MINUTES
from signaling.recording import access as recording_access
from signaling.recording.model import JOINED, Recording
from signaling.transcript.export import turns
from signaling.transcript.service import TranscriptService

log = logging.getLogger(__name__)


async def draft(request: ApiRequest) -> web.Response:
    """Return the draft of a session's minutes, for the people of its host once it has begun."""
    session, points = await find(request)
    request.only(permissions.is_host(request.account, session, points))
    if request.now < session.official.start:
        raise NotOver
    facts = await _facts(request, session, points)
    await request.note("minutes", session.id, session.number)
    body = await asyncio.to_thread(lambda: docx.write(minutes(facts)))
    return attached(body, docx.MEDIA_TYPE, f"{session.number}-bien-ban.docx")


async def _facts(request: ApiRequest, session: Session, points: UnitDirectory) -> MinutesFacts:
    """Return all that is recorded of a session."""
    context = request.context(MINUTES)
    host = points.unit(session.host_point)
    slots = await context.attendance.slots(session.id, request.now)
    incidents = await context.incidents.incidents(session=session.id)
    files = await context.recordings.parts(session.id)
    parts = [each for each in files if each.part != JOINED]
    heard = [each for each in files if recording_access.may_download(request.account, each)]
    return MinutesFacts(
        session=session,
        labels={point: points[point].label for point in (*session.everyone, *points)},
        unit=host.name,
        superior=next((unit.name for unit in points.units if unit.id == host.parent), None),
        slot=next(each for each in slots if Interval(each.slot.start, each.slot.end) == session.official),
        attendees=(await context.attendee_lists.of_session(session.id)).lists,
        script=await context.scheduler.script(session.id),
        items=await context.attendance.item_times(session.id),
        floor=await context.attendance.floor_times(session.id),
        speaking=await context.attendance.speaking_seconds(session.id),
        votes=await context.votes.of_session(session.id),
        chat=await context.attendance.chat(session.id),
        incidents=incidents,
        marks=[RecordingMark(part.part, mark.seconds, mark.title) for part in parts for mark in part.chapters],
        spoken=await _spoken(context.transcripts, heard),
        zone=context.scheduler.policy(request.now).zone,
    )


async def _spoken(transcripts: TranscriptService, files: Sequence[Recording]) -> list[SpokenTurn] | None:
    """Return what was said in files, None where a transcript cannot be read: the minutes come without it."""
    try:
        return turns(await transcripts.of_files(files))
    except (Damaged, OSError):
        log.exception("x minutes are drafted without a transcript, which cannot be read")
        return None


_DRAFT = Route(
    "GET",
    f"/sessions/{ID}/minutes",
    draft,
    "The draft of the minutes",
    None,
    problems=(403, 404, 409),
    media_type=docx.MEDIA_TYPE,
)

ROUTES = [
    _DRAFT,
    signed(_DRAFT),
]
