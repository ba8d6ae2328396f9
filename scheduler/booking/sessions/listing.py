"""Lists sessions page by page in the order of their official start; the database selects, orders and limits.

A page begins after a given session (keyset pagination). So its cost does not grow with its number, and a session that
is registered between two pages moves none from one page to the next.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, time

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store
from scheduler.core.model import OFFICIAL, REHEARSAL, Phase, Session, State
from scheduler.core.schema import POINTS, SESSIONS, SLOTS
from scheduler.core.sql_types import Timestamp
from scheduler.core.sql_values import rounded_up, seconds
from scheduler.policy.policy import AccessWindowPolicy
from scheduler.policy.profile_files import Profiles
from scheduler.units import naming

_OFFICIAL = SLOTS.alias("official")
_REHEARSAL = SLOTS.alias("rehearsal")
_SLOTS = (
    (_OFFICIAL.c.start, _OFFICIAL.c.end),
    (func.coalesce(_REHEARSAL.c.start, _OFFICIAL.c.start), func.coalesce(_REHEARSAL.c.end, _OFFICIAL.c.end)),
)
"""Start and end of both slots. Without a rehearsal, the official slot stands in for it, so that none is null."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Selects sessions with a slot in [start, end) for which all given conditions are true.

    `units`: a point of one of them takes part or hosts; `unit`: the same for one unit. `phases`: their phase now.
    `text`: found anywhere in number, title or name of the host, with or without diacritics. `newest`: the latest start
    comes first.
    """

    start: datetime
    end: datetime
    units: Collection[str] | None = None
    unit: str | None = None
    phases: frozenset[Phase] | None = None
    text: str = ""
    newest: bool = False


async def page(
    db: AsyncConnection, selection: Selection, after: Session | None, limit: int, profiles: Profiles, now: datetime
) -> list[Session]:
    """Return the first sessions of a selection, or those after a session, `limit` at most."""
    start = _OFFICIAL.c.start
    query = _joined().where(_in_time(selection))
    for units in (selection.units, None if selection.unit is None else [selection.unit]):
        query = query if units is None else query.where(store.concerns(units))
    if selection.phases is not None:
        query = query.where(_phase(profiles, now).in_(selection.phases))
    if selection.text:
        query = query.where(await _tells(db, naming.key(selection.text)))
    if after is not None:
        query = query.where(_behind(after, selection.newest))
    order = (start.desc(), SESSIONS.c.seq.desc()) if selection.newest else (start, SESSIONS.c.seq)
    ids = [row.id for row in await db.execute(query.order_by(*order).limit(limit))]
    sessions = {session.id: session for session in await store.named(db, ids)}
    return [sessions[each] for each in ids]


def _joined() -> Select[tuple[str]]:
    official = (_OFFICIAL.c.session == SESSIONS.c.id) & (_OFFICIAL.c.kind == OFFICIAL)
    rehearsal = (_REHEARSAL.c.session == SESSIONS.c.id) & (_REHEARSAL.c.kind == REHEARSAL)
    return select(SESSIONS.c.id).join(_OFFICIAL, official).outerjoin(_REHEARSAL, rehearsal)


def _in_time(selection: Selection) -> ColumnElement[bool]:
    """Return the condition that a slot is in the time. No rehearsal ends after the official start; this limits rows."""
    start, end = seconds(selection.start), rounded_up(selection.end)
    meets = or_(*((begin < end) & (finish > start) for begin, finish in _SLOTS))
    return (_OFFICIAL.c.start > start - store.LONGEST) & meets


def _behind(session: Session, newest: bool) -> ColumnElement[bool]:
    """Return the condition that a row comes after a session; the first comparison lets the index begin there."""
    start, at = _OFFICIAL.c.start, session.official.start
    if newest:
        return (start <= at) & or_(start < at, SESSIONS.c.seq < session.seq)
    return (start >= at) & or_(start > at, SESSIONS.c.seq > session.seq)


async def _tells(db: AsyncConnection, text: str) -> ColumnElement[bool]:
    """Return the condition that number, title or name of the host contains a folded text."""
    points = (await db.execute(select(POINTS.c.id, POINTS.c.name, POINTS.c.label))).all()
    hosts = [point.id for point in points if text in naming.key(f"{point.name} {point.label}")]
    return or_(SESSIONS.c.folded.contains(text, autoescape=True), SESSIONS.c.host_point.in_(hosts))


def _phase(profiles: Profiles, now: datetime) -> ColumnElement[str]:
    """Return the phase as :func:`scheduler.booking.sessions.access_window.phase` does, as an SQL expression."""
    over = _by_profile(profiles, lambda window: now - window.grace)
    lobby = _by_profile(profiles, lambda window: now + window.lobby)
    return case(
        (SESSIONS.c.state == State.CANCELLED, "cancelled"),
        (and_(*(end <= over for _, end in _SLOTS)), "ended"),
        (SESSIONS.c.state == State.REVOKED, "revoked"),
        (SESSIONS.c.state == State.WAITING, "waiting"),
        (or_(*((start <= now) & (end > over) for start, end in _SLOTS)), "open"),
        (or_(*((start > now) & (start <= lobby) for start, _ in _SLOTS)), "lobby"),
        else_="upcoming",
    )


def _by_profile(profiles: Profiles, of: Callable[[AccessWindowPolicy], datetime]) -> ColumnElement[datetime]:
    """Return a time of the access rules by the profile in force at the official start; before all, by the first."""
    usual = literal(of(profiles.policies[0].door), Timestamp)
    begins = [
        (
            _OFFICIAL.c.start >= datetime.combine(policy.effective_from, time(), policy.zone),
            literal(of(policy.door), Timestamp),
        )
        for policy in reversed(profiles.policies)
        if policy.effective_from is not None
    ]
    return case(*begins, else_=usual) if begins else usual
