"""Endpoints of sessions: list, details, cancellation, script."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from scheduler.booking.sessions.listing import Selection
from scheduler.core import model
from scheduler.core.model import Act, ClassId, Phase, State
from scheduler.core.note import Note
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import find, units_and_points
from signaling.booking import scripts
from signaling.booking.context import BOOKING
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Moment, Named, NamedPoint, Route, Window

BACK = timedelta(days=30)
AHEAD = timedelta(days=400)


class Host(Model):
    """The host point."""

    point: str
    name: str
    label: str


class Session(Model):
    """A session as the account may see it.

    Its code and telephone numbers are `withheld` while the audit log, which has to say who saw them, cannot be written.
    """

    id: str
    number: str
    title: str
    host: Host
    points: list[NamedPoint]
    rehearsal: Interval | None
    official: Interval
    class_: Annotated[ClassId, Field(alias="class")]
    ground: str
    reason: str | None
    purpose: str
    kind: str
    form: str
    people: int | None
    people_at: dict[str, int]
    support: list[str]
    support_note: str
    contact_name: str | None
    contact_phone: str | None
    second_name: str | None
    second_phone: str | None
    received: Moment
    effective: Moment
    reply_due: Moment
    check_due: Moment
    provisional: bool
    recording: bool
    voices: bool
    legs: int
    state: State
    phase: Phase
    code: str | None
    withheld: bool
    may_control: bool
    controllers: list[Named]
    unable: list[Named]
    may_cancel: bool
    may_draft_minutes: bool


def _listed(value: object) -> object:
    return frozenset(value.split(",")) if isinstance(value, str) else value


class Listing(Window):
    """Sessions with a slot in this time (from 30 days ago, for 430 days, unless said otherwise), page by page.

    `unit` takes part or hosts; `phase` names where they stand, with commas between; `q` is searched for in number,
    title and host, with or without diacritics; `after`, the id of the last session of a page, begins the next.
    """

    unit: Id | None = None
    phase: Annotated[frozenset[Phase] | None, BeforeValidator(_listed)] = None
    q: Annotated[str, StringConstraints(max_length=200)] = ""
    order: Literal["start", "-start"] = "start"
    limit: Annotated[int, Field(ge=1, le=200)] = 100
    after: Id | None = None


class Cancellation(Model):
    """The reason of a cancellation, if it is to be stored."""

    reason: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


async def sessions(request: ApiRequest) -> list[Session]:
    """List sessions by their official start, a page at a time."""
    unit_directory = await units_and_points(request)
    page = await _page(request, unit_directory)
    return await _saw(request, [wire(request, each, unit_directory) for each in page])


async def _page(request: ApiRequest, unit_directory: UnitDirectory) -> list[model.Session]:
    """Return the sessions of a page; it is short only when there are no more."""
    query: Listing = request.query
    selection = _selection(request, unit_directory)
    last = None if query.after is None else await _last(request, unit_directory, query.after)
    page: list[model.Session] = []
    while len(page) < query.limit:
        wanted = query.limit - len(page)
        rows = await request.context(BOOKING).scheduler.page(selection, request.now, wanted, last)
        page += [each for each in rows if permissions.may_see(request.account, each, unit_directory)]
        if len(rows) < wanted:
            break
        last = rows[-1]
    return page


def _selection(request: ApiRequest, unit_directory: UnitDirectory) -> Selection:
    query: Listing = request.query
    start, end = query.bounds(request.now - BACK, BACK + AHEAD)
    units = permissions.seen_units(request.account, unit_directory)
    return Selection(start, end, units, query.unit, query.phase, query.q, newest=query.order == "-start")


async def _last(request: ApiRequest, unit_directory: UnitDirectory, session_id: str) -> model.Session:
    """Return the session after which a page begins. Raises BadInput, also for one that the account may not see."""
    named = await request.context(BOOKING).scheduler.named([session_id])
    if not named or not permissions.may_see(request.account, named[0], unit_directory):
        raise BadInput([Fault("after", "unknown-session")])
    return named[0]


async def session(request: ApiRequest) -> Session:
    """Return one session."""
    visible, unit_directory = await find(request)
    (shown,) = await _saw(request, [wire(request, visible, unit_directory)])
    return shown


async def _saw(request: ApiRequest, shown: list[Session]) -> list[Session]:
    """Audit which account saw the codes and telephone numbers of which sessions (I-08); return what it may see."""
    for action, fields in (("see-codes", ("code",)), ("see-phones", ("contact_phone", "second_phone"))):
        seen = [session.number for session in shown if getattr(session, fields[0])]
        if seen and not await request.saw_if_stored(action, request.account.unit or "", " ".join(seen)):
            left_out = dict.fromkeys(fields) | {"withheld": True}
            shown = [each.model_copy(update=left_out) if getattr(each, fields[0]) else each for each in shown]
    return shown


async def cancel(request: ApiRequest) -> Session:
    """Cancel a session; its meeting ends at once."""
    context = request.context(BOOKING)
    session, unit_directory = await find(request)
    request.only(permissions.may_cancel(request.account, session, unit_directory))
    act = Act(request.account.account, request.body.reason)
    note: Note[model.Session] = request.noting(
        "cancel", lambda cancelled: (cancelled.id, f"{cancelled.number} {act.reason}".strip())
    )
    cancelled = await context.scheduler.cancel(session.id, request.now, act, note)
    context.outbox.wake()
    await context.meetings.cancelled(session.id)
    return wire(request, cancelled, unit_directory)


async def script(request: ApiRequest) -> scripts.Script:
    """Return the script of a session."""
    session, _ = await find(request)
    return scripts.wire(await request.context(BOOKING).scheduler.script(session.id))


async def set_script(request: ApiRequest) -> scripts.Script:
    """Replace the script of a session; a running meeting continues with it."""
    context = request.context(BOOKING)
    session, unit_directory = await find(request)
    request.only(permissions.is_host(request.account, session, unit_directory))
    items = scripts.scheduler_items(request.body.items)
    note: Note[model.Session] = request.noting("script", lambda changed: (changed.id, f"{changed.number} {len(items)}"))
    items = await context.scheduler.set_script(session.id, items, request.now, note)
    await context.meetings.scripted(session.id, items, request.now)
    return scripts.wire(items)


def span(interval: model.Interval) -> Interval:
    """Convert an interval to its wire form."""
    return Interval(start=interval.start, end=interval.end)


def wire(request: ApiRequest, session: model.Session, unit_directory: UnitDirectory) -> Session:
    """Convert a session to its wire form, as the account may see it."""
    host = permissions.is_host(request.account, session, unit_directory)
    control = unit_directory.control(session)
    contact = permissions.may_see_contact(request.account, session, unit_directory)
    phase = request.context(BOOKING).scheduler.phase(session, request.now)
    open_ = phase not in {"ended", "cancelled"}
    chair = unit_directory.points[session.host_point]
    return Session(
        id=session.id,
        number=session.number,
        title=session.title,
        host=Host(point=session.host_point, name=chair.name, label=chair.label),
        points=[
            NamedPoint(id=point, name=unit_directory.points[point].name, label=unit_directory.points[point].label)
            for point in session.points
        ],
        rehearsal=None if session.rehearsal is None else span(session.rehearsal),
        official=span(session.official),
        class_=session.klass,
        ground=session.ground,
        reason=session.reason if host else None,
        purpose=session.purpose,
        kind=session.kind,
        form=session.form,
        people=session.people,
        people_at=dict(session.people_at),
        support=list(session.support),
        support_note=session.support_note,
        contact_name=session.contact_name if contact else None,
        contact_phone=session.contact_phone if contact else None,
        second_name=session.second_name if contact else None,
        second_phone=session.second_phone if contact else None,
        received=session.received,
        effective=session.effective,
        reply_due=session.reply_due,
        check_due=session.check_due,
        provisional=session.provisional,
        recording=session.recording,
        voices=session.voices,
        legs=session.legs,
        state=session.state,
        phase=phase,
        code=session.code if permissions.may_know_code(request.account, session, unit_directory) else None,
        withheld=False,
        may_control=open_ and permissions.may_control(request.account, control),
        controllers=[Named(id=unit, name=unit_directory.named([unit])) for unit in control.units],
        unable=[Named(id=unit, name=unit_directory.named([unit])) for unit in control.unable],
        may_cancel=open_ and permissions.may_cancel(request.account, session, unit_directory),
        may_draft_minutes=host and session.state is State.ISSUED and request.now >= session.official.start,
    )


ROUTES = [
    Route("GET", "/sessions", sessions, "List sessions", list[Session], query=Listing),
    Route("GET", f"/sessions/{ID}", session, "One session", Session, problems=(404,)),
    Route("GET", f"/sessions/{ID}/script", script, "The script of a session", scripts.Script, problems=(404,)),
    Route(
        "POST",
        f"/sessions/{ID}/script",
        set_script,
        "Replace the script of a session",
        scripts.Script,
        body=scripts.Script,
        problems=(403, 404, 409),
    ),
    Route(
        "POST",
        f"/sessions/{ID}/cancel",
        cancel,
        "Cancel a session",
        Session,
        body=Cancellation,
        problems=(403, 404, 409),
    ),
]
