"""Endpoints of sessions: list, details, cancellation, script."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from scheduler.booking.sessions.listing import Selection
from scheduler.core import model
from scheduler.core.model import Act, ClassId, Phase, State
from signaling.accounts import permissions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.accounts.visible_sessions import bodies, find
from signaling.booking import scripts
from signaling.booking.context import BOOKING
from signaling.core.errors import BadInput, Fault
from signaling.http.route import ID, ApiRequest, Id, Interval, Model, Moment, Named, Route, Window

BACK = timedelta(days=30)
AHEAD = timedelta(days=400)


class Host(Model):
    """The host point."""

    point: str
    name: str


class Session(Model):
    """A session as the account may see it."""

    id: str
    number: str
    title: str
    host: Host
    points: list[Named]
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
    may_control: bool
    controllers: list[Named]
    unable: list[Named]
    may_cancel: bool


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


async def sessions(call: ApiRequest) -> list[Session]:
    """List sessions by their official start, a page at a time."""
    known = await bodies(call)
    found = await _page(call, known)
    shown = [wire(call, each, known) for each in found]
    await _saw(call, shown)
    return shown


async def _page(call: ApiRequest, known: UnitDirectory) -> list[model.Session]:
    """Return the sessions of a page; it is short only when there are no more."""
    query: Listing = call.query
    selection = _selection(call, known)
    last = None if query.after is None else await _last(call, known, query.after)
    found: list[model.Session] = []
    while len(found) < query.limit:
        wanted = query.limit - len(found)
        rows = await call.context(BOOKING).scheduler.page(selection, call.now, wanted, last)
        found += [each for each in rows if permissions.may_see(call.account, each, known)]
        if len(rows) < wanted:
            break
        last = rows[-1]
    return found


def _selection(call: ApiRequest, known: UnitDirectory) -> Selection:
    query: Listing = call.query
    start, end = query.bounds(call.now - BACK, BACK + AHEAD)
    unit = call.account.unit
    units = None if call.account.sees_all else [] if unit is None else [unit, *known.all_wards(unit)]
    return Selection(start, end, units, query.unit, query.phase, query.q, newest=query.order == "-start")


async def _last(call: ApiRequest, known: UnitDirectory, session_id: str) -> model.Session:
    """Return the session after which a page begins. Raises BadInput, also for one that the account may not see."""
    found = await call.context(BOOKING).scheduler.named([session_id])
    if not found or not permissions.may_see(call.account, found[0], known):
        raise BadInput([Fault("after", "unknown-session")])
    return found[0]


async def session(call: ApiRequest) -> Session:
    """Return one session."""
    found, known = await find(call)
    shown = wire(call, found, known)
    await _saw(call, [shown])
    return shown


async def _saw(call: ApiRequest, shown: Sequence[Session]) -> None:
    """Audit which account saw the codes and telephone numbers of which sessions (I-08)."""
    for action, seen in (
        ("see-codes", [session.number for session in shown if session.code]),
        ("see-phones", [session.number for session in shown if session.contact_phone]),
    ):
        if seen:
            await call.saw(action, call.account.unit or "", " ".join(seen))


async def cancel(call: ApiRequest) -> Session:
    """Cancel a session; its meeting ends at once."""
    context = call.context(BOOKING)
    found, known = await find(call)
    call.only(permissions.may_cancel(call.account, found, known))
    cancelled = await context.scheduler.cancel(found.id, call.now, Act(call.account.account, call.body.reason))
    context.outbox.wake()
    await call.note("cancel", cancelled.id, f"{cancelled.number} {call.body.reason}".strip())
    await context.meetings.cancelled(found.id)
    return wire(call, cancelled, known)


async def script(call: ApiRequest) -> scripts.Script:
    """Return the script of a session."""
    found, _ = await find(call)
    return scripts.wire(await call.context(BOOKING).scheduler.script(found.id))


async def set_script(call: ApiRequest) -> scripts.Script:
    """Replace the script of a session; a running meeting continues with it."""
    context = call.context(BOOKING)
    found, known = await find(call)
    call.only(permissions.is_host(call.account, found, known))
    items = await context.scheduler.set_script(found.id, scripts.taken(call.body.items), call.now)
    await call.note("script", found.id, f"{found.number} {len(items)}")
    await context.meetings.scripted(found.id, items, call.now)
    return scripts.wire(items)


def span(interval: model.Interval) -> Interval:
    """Convert an interval to its wire form."""
    return Interval(start=interval.start, end=interval.end)


def wire(call: ApiRequest, found: model.Session, known: UnitDirectory) -> Session:
    """Convert a session to its wire form, as the account may see it."""
    host = permissions.is_host(call.account, found, known)
    control = known.control(found)
    contact = permissions.may_see_contact(call.account, found, known)
    phase = call.context(BOOKING).scheduler.phase(found, call.now)
    open_ = phase not in {"ended", "cancelled"}
    return Session(
        id=found.id,
        number=found.number,
        title=found.title,
        host=Host(point=found.host_point, name=known.points[found.host_point].name),
        points=[Named(id=point, name=known.points[point].name) for point in found.points],
        rehearsal=None if found.rehearsal is None else span(found.rehearsal),
        official=span(found.official),
        class_=found.klass,
        ground=found.ground,
        reason=found.reason if host else None,
        purpose=found.purpose,
        kind=found.kind,
        form=found.form,
        people=found.people,
        people_at=dict(found.people_at),
        support=list(found.support),
        support_note=found.support_note,
        contact_name=found.contact_name if contact else None,
        contact_phone=found.contact_phone if contact else None,
        second_name=found.second_name if contact else None,
        second_phone=found.second_phone if contact else None,
        received=found.received,
        effective=found.effective,
        reply_due=found.reply_due,
        check_due=found.check_due,
        provisional=found.provisional,
        recording=found.recording,
        voices=found.voices,
        legs=found.legs,
        state=found.state,
        phase=phase,
        code=found.code if permissions.may_know_code(call.account, found, known) else None,
        may_control=open_ and permissions.may_control(call.account, control),
        controllers=[Named(id=unit, name=known.named([unit])) for unit in control.units],
        unable=[Named(id=unit, name=known.named([unit])) for unit in control.unable],
        may_cancel=open_ and permissions.may_cancel(call.account, found, known),
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
