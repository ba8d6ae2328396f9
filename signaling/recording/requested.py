"""Finds the recordings that a request is about, and says whether its account may have them."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field
from sqlalchemy import ColumnElement, true

from scheduler.booking.sessions.store import attended
from scheduler.operations.closing.documents import RECORDING, allowed
from signaling.accounts.visible_sessions import units_and_points
from signaling.core.errors import BadInput, Fault, NotFound
from signaling.http.route import ApiRequest, Id, Model
from signaling.recording import access as recording_access
from signaling.recording import model, schema
from signaling.recording.context import RECORDINGS

SEEN_FOR = timedelta(days=400)
"""How far back units that took part see that there was a recording."""


class Listing(Model):
    """A page of recorded sessions; `after`, the last session of a page, begins the next one."""

    limit: Annotated[int, Field(ge=1, le=200)] = 100
    after: Id | None = None


async def may_fetch(request: ApiRequest, recording: model.Recording) -> bool:
    """Return whether the account may fetch it: host unit, central technicians, units with a grant (Điều 15.4)."""
    if recording_access.may_download(request.account, recording):
        return True
    requests = await request.context(RECORDINGS).documents.grants([recording.session])
    return allowed(requests, request.account.unit, RECORDING, request.now)


async def may_see(request: ApiRequest, recording: model.Recording) -> bool:
    """Return whether the account may list it: it may fetch it, is an administrator's, or its unit took part lately."""
    if recording_access.may_list_recording(request.account, recording) or await may_fetch(request, recording):
        return True
    unit_directory, sessions = (
        await units_and_points(request),
        await request.context(RECORDINGS).scheduler.named([recording.session]),
    )
    since = request.now - SEEN_FOR
    return any(request.account.unit in unit_directory.invited(each) and each.official.end > since for each in sessions)


async def seen_recordings(request: ApiRequest) -> list[model.Recording]:
    """Return the files of a page of sessions. Raises BadInput."""
    account, query = request.account, request.query
    where: ColumnElement[bool] = true()
    if not account.central:
        if account.unit is None:
            return []
        took_part = schema.RECORDINGS.c.session.in_(attended(account.unit, request.now - SEEN_FOR, request.now))
        where = (schema.RECORDINGS.c.host_unit == account.unit) | took_part
    try:
        return await request.context(RECORDINGS).store.page(where, query.limit, query.after)
    except LookupError:
        raise BadInput([Fault("after", "unknown-session")]) from None


async def find_recording(request: ApiRequest) -> model.Recording:
    """Find a recording by its id or by that of one of its isolated tracks."""
    context = request.context(RECORDINGS)
    recording = await context.store.recording(request.id) or await context.store.of_solo(request.id)
    if recording is None:
        raise NotFound
    request.seen(await may_see(request, recording))
    request.only(await may_fetch(request, recording))
    return recording
