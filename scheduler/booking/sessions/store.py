"""SQL of sessions, slots, codes and scripts. Every function runs in the caller's transaction."""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, exists, func, insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions.access_window import phase_of_slots
from scheduler.booking.sessions.schema import CODES, REGISTRATION_COUNTER, SCRIPT_ITEMS
from scheduler.booking.sessions.states import QUEUED
from scheduler.core import code_encryption
from scheduler.core.errors import UnknownSession
from scheduler.core.key_rotation import Rotation
from scheduler.core.model import EMERGENCY, AgendaEntry, Interval, ScriptItem, Session, Slot, State
from scheduler.core.schema import POINTS, SESSION_POINTS, SESSIONS, SLOTS, UNITS
from scheduler.core.sql_types import in_seconds
from scheduler.core.sql_values import rounded_up, seconds, storable
from scheduler.policy.policy import AccessWindowPolicy, Policy
from scheduler.units import naming

_ENTRIES = (
    select(SESSIONS.c.id, SESSIONS.c.number, SESSIONS.c.title, SESSIONS.c.state, SESSIONS.c.check_due)
    .add_columns(POINTS.c.label, UNITS.c.level)
    .add_columns(SLOTS.c.kind, SLOTS.c.start, SLOTS.c.end, SLOTS.c.legs)
    .select_from(SLOTS.join(SESSIONS).join(POINTS, SESSIONS.c.host_point == POINTS.c.id).join(UNITS))
    .order_by(SLOTS.c.start, SESSIONS.c.seq)
)


_SESSION_COLUMNS = [column for column in SESSIONS.c if column.name not in {"mark", "folded"}]
_SLOT_COLUMNS = (SLOTS.c.kind, SLOTS.c.start, SLOTS.c.end, SLOTS.c.legs)


_EVERY = SLOTS.alias()
LONGEST = select(func.max(in_seconds(_EVERY.c.end) - in_seconds(_EVERY.c.start))).scalar_subquery()
"""The length of the longest slot in seconds."""


def meets(start: datetime, end: datetime) -> ColumnElement[bool]:
    """Return the condition that a slot overlaps [start, end)."""
    return overlap(seconds(start), rounded_up(end))


def overlap(start: int | ColumnElement[int], end: int | ColumnElement[int]) -> ColumnElement[bool]:
    """Return the condition that a slot overlaps a time in seconds since 1970.

    A slot that begins earlier by more than the longest slot takes cannot overlap. Without this part of the condition,
    half a year of slots would be read.
    """
    return (SLOTS.c.start < end) & (SLOTS.c.end > start) & (SLOTS.c.start > start - LONGEST)


def issued() -> ColumnElement[bool]:
    """Return the condition that a session holds capacity: it has a live code (I10).

    With a condition on the code and not on the state, SQLite reads the few slots of the time and not every issued
    session.
    """
    return SESSIONS.c.mark.is_not(None)


async def one(db: AsyncConnection, session_id: str) -> Session | None:
    """Return a session by id; None if there is none."""
    sessions = await _sessions(db, SESSIONS.c.id.in_(storable([session_id])))
    return sessions[0] if sessions else None


async def named(db: AsyncConnection, ids: Iterable[str]) -> list[Session]:
    """Return the sessions with these ids, without those that do not exist, in the order of registration."""
    return await _sessions(db, SESSIONS.c.id.in_(storable(ids)))


async def known(db: AsyncConnection, session_id: str) -> Session:
    """Return a session by id. Raises UnknownSession."""
    session = await one(db, session_id)
    if session is None:
        raise UnknownSession(session_id)
    return session


async def by_code(db: AsyncConnection, code: str) -> Session | None:
    """Return the session a code was issued for, live or dead; None if there is none."""
    owner = select(CODES.c.session).where(CODES.c.mark == code_encryption.cipher_of(db).mark(code))
    found = await _sessions(db, SESSIONS.c.id.in_(owner))
    return found[0] if found else None


async def submitted(db: AsyncConnection, by: str) -> Session | None:
    """Return the latest session that an account submitted; None if there is none."""
    found = await _sessions(db, SESSIONS.c.submitted_by == by)
    return found[-1] if found else None


async def between(
    db: AsyncConnection,
    start: datetime,
    end: datetime,
    units: Collection[str] | None = None,
    points: Collection[str] | None = None,
) -> list[Session]:
    """Return the sessions with a slot in [start, end); with units or points, only those with one of them."""
    where: ColumnElement[bool] = SESSIONS.c.id.in_(select(SLOTS.c.session).where(meets(start, end)))
    if units is not None or points is not None:
        where &= concerns(units or (), points or ())
    found = await _sessions(db, where)
    return sorted(found, key=lambda session: (session.slots[0].start, session.seq))


def attended(unit: str, start: datetime, end: datetime) -> Select[tuple[str]]:
    """Return the query for ids of sessions with a slot in [start, end) and a point of a unit."""
    met = SESSIONS.c.id.in_(select(SLOTS.c.session).where(meets(start, end)))
    return select(SESSIONS.c.id).where(met, concerns([unit]))


async def agenda(
    db: AsyncConnection,
    start: datetime,
    end: datetime,
    units: Collection[str] | None,
    window_at: Callable[[datetime], AccessWindowPolicy],
    now: datetime,
) -> list[AgendaEntry]:
    """Return the slots in [start, end) of sessions that are not cancelled, by start; with `units` only theirs.

    `window_at` returns the access rules in force at a slot's start.
    """
    where = meets(start, end) & (SESSIONS.c.state != State.CANCELLED)
    rows = await db.execute(_ENTRIES.where(where if units is None else where & concerns(units)))
    entries = []
    for row in rows:
        slot = Slot(row.kind, row.start, row.end, row.legs)
        phase = phase_of_slots(row.state, (slot,), window_at(slot.start), now)
        entries.append(AgendaEntry(row.id, row.number, row.title, row.label, row.level, slot, phase, row.check_due))
    return entries


async def urgent(db: AsyncConnection, now: datetime) -> list[Session]:
    """Return the emergencies that are neither over nor cancelled (Điều 12.3)."""
    ahead = SESSIONS.c.id.in_(select(SLOTS.c.session).where(SLOTS.c.end > now))
    return await _sessions(db, (SESSIONS.c.klass == EMERGENCY) & (SESSIONS.c.state != State.CANCELLED) & ahead)


def concerns(units: Collection[str], points: Collection[str] = ()) -> ColumnElement[bool]:
    """Return the condition that a session has one of the points, or a point of the units, as host or component."""
    of_units = select(POINTS.c.id).where(POINTS.c.unit.in_(storable(units)))
    wanted = select(POINTS.c.id).where(POINTS.c.id.in_(storable(points))).union(of_units)
    invited = (SESSION_POINTS.c.session == SESSIONS.c.id) & SESSION_POINTS.c.point.in_(wanted)
    return or_(SESSIONS.c.host_point.in_(wanted), exists().where(invited))


async def _sessions(db: AsyncConnection, where: ColumnElement[bool]) -> list[Session]:
    """Return whole sessions in registration order, by three statements whatever their number."""
    ids = select(SESSIONS.c.id).where(where)
    slots: dict[str, list[Slot]] = {}
    for row in await db.execute(select(SLOTS).where(SLOTS.c.session.in_(ids)).order_by(SLOTS.c.start)):
        slots.setdefault(row.session, []).append(Slot(row.kind, row.start, row.end, row.legs))
    points: dict[str, list[str]] = {}
    invited = select(SESSION_POINTS).where(SESSION_POINTS.c.session.in_(ids)).order_by(SESSION_POINTS.c.position)
    for row in await db.execute(invited):
        points.setdefault(row.session, []).append(row.point)
    query = select(*_SESSION_COLUMNS, CODES.c.sealed).outerjoin(CODES, CODES.c.mark == SESSIONS.c.mark)
    rows = (await db.execute(query.where(where).order_by(SESSIONS.c.seq))).mappings()
    cipher = code_encryption.cipher_of(db)
    return [
        Session(
            **_columns(row),
            code=None if row["sealed"] is None else cipher.decrypt(row["sealed"], row["id"]),
            points=tuple(points.get(row["id"], ())),
            slots=tuple(slots[row["id"]]),
        )
        for row in rows
    ]


def _columns(row: RowMapping) -> dict[str, Any]:
    values = {name: row[name] for name in row if name != "sealed"}
    return {**values, "support": tuple(row["support"].split()), "people_at": json.loads(row["people_at"])}


async def check_code_key(db: AsyncConnection) -> None:
    """Decrypt one code, so that a lost key is noticed when the server starts. Raises LostKey."""
    live = select(CODES.c.sealed, CODES.c.session).where(CODES.c.sealed.is_not(None)).limit(1)
    row = (await db.execute(live)).first()
    if row is not None:
        code_encryption.cipher_of(db).decrypt(row.sealed, row.session)


async def add(db: AsyncConnection, session: Session) -> None:
    """Save a new session, which has no code yet, with its points and slots."""
    await db.execute(insert(SESSIONS).values(_values(session)))
    await _add_slots(db, session)


def _values(session: Session) -> dict[str, object]:
    values = {column.name: getattr(session, column.name) for column in _SESSION_COLUMNS}
    support, counted = " ".join(session.support), json.dumps(dict(session.people_at))
    folded = naming.key(f"{session.number} {session.title}")
    return {**values, "support": support, "people_at": counted, "folded": folded}


async def _add_slots(db: AsyncConnection, session: Session) -> None:
    invited = [{"session": session.id, "point": p, "position": i} for i, p in enumerate(session.points)]
    if invited:
        await db.execute(insert(SESSION_POINTS), invited)
    await db.execute(insert(SLOTS), [{"session": session.id, **asdict(slot)} for slot in session.slots])


async def amend(db: AsyncConnection, session: Session) -> None:
    """Replace what a session was asked for; its state and code stay."""
    values = _values(session)
    await db.execute(update(SESSIONS).where(SESSIONS.c.id == session.id).values(values))
    for table in (SESSION_POINTS, SLOTS):
        await db.execute(delete(table).where(table.c.session == session.id))
    await _add_slots(db, session)


async def move(db: AsyncConnection, session_id: str, state: State, code: str | None, now: datetime) -> None:
    """Set the state of a session. Its old code dies and its mark stays for ever; `code` is recorded as the new one."""
    owned = (CODES.c.session == session_id) & CODES.c.died.is_(None)
    await db.execute(update(CODES).where(owned).values(died=now, sealed=None))
    cipher = code_encryption.cipher_of(db)
    mark = None if code is None else cipher.mark(code)
    if code is not None:
        sealed = cipher.encrypt(code, session_id)
        await db.execute(insert(CODES).values(mark=mark, session=session_id, issued=now, sealed=sealed))
    await db.execute(update(SESSIONS).where(SESSIONS.c.id == session_id).values(state=state, mark=mark))


async def rotate_codes(db: AsyncConnection, rotation: Rotation) -> None:
    """Encrypt the live codes with another key, and mark them by it; marks of dead ones stay. Raises LostKey."""
    live = select(CODES.c.mark, CODES.c.session, CODES.c.sealed).where(CODES.c.sealed.is_not(None))
    for row in (await db.execute(live)).all():
        code = rotation.opened(row.sealed, row.session)
        if code is not None:
            mark, sealed = rotation.new.mark(code), rotation.new.encrypt(code, row.session)
            await db.execute(update(CODES).where(CODES.c.mark == row.mark).values(mark=mark, sealed=sealed))
            await db.execute(update(SESSIONS).where(SESSIONS.c.mark == row.mark).values(mark=mark))


async def script(db: AsyncConnection, session_id: str) -> tuple[ScriptItem, ...]:
    """Return the script of a session in order."""
    columns = [column for column in SCRIPT_ITEMS.c if column.name not in {"session", "position"}]
    of_session = SCRIPT_ITEMS.c.session.in_(storable([session_id]))
    rows = await db.execute(select(*columns).where(of_session).order_by(SCRIPT_ITEMS.c.position))
    return tuple(ScriptItem(**row) for row in rows.mappings())


async def set_script(db: AsyncConnection, session_id: str, items: Sequence[ScriptItem]) -> None:
    """Replace the script of a session."""
    await db.execute(delete(SCRIPT_ITEMS).where(SCRIPT_ITEMS.c.session == session_id))
    rows = [{"session": session_id, "position": place, **asdict(item)} for place, item in enumerate(items)]
    if rows:
        await db.execute(insert(SCRIPT_ITEMS), rows)


async def code_used(db: AsyncConnection, code: str) -> bool:
    """Return whether a code was ever issued."""
    mark = code_encryption.cipher_of(db).mark(code)
    return await db.scalar(select(CODES.c.mark).where(CODES.c.mark == mark)) is not None


async def next_seq(db: AsyncConnection) -> int:
    """Return the next place in the registration order; needs the write lock."""
    return (await db.scalar(select(func.max(SESSIONS.c.seq))) or 0) + 1


async def number(db: AsyncConnection, policy: Policy, now: datetime) -> str:
    """Give a registration or a draft its number, counted within the year; needs the write lock."""
    year = now.astimezone(policy.zone).year
    return f"{policy.session.number_prefix}-{year}-{await _next_number(db, year):04}"


async def _next_number(db: AsyncConnection, year: int) -> int:
    counter = REGISTRATION_COUNTER
    last: int | None = await db.scalar(select(counter.c.last).where(counter.c.year == year))
    number = (last or 0) + 1
    if last is None:
        await db.execute(insert(counter).values(year=year, last=number))
    else:
        await db.execute(update(counter).where(counter.c.year == year).values(last=number))
    return number


# Capacity.


async def queued(db: AsyncConnection, window: Interval) -> list[Slot]:
    """Return the slots of sessions that wait for a code and overlap a window."""
    query = select(*_SLOT_COLUMNS).join(SESSIONS).where(SESSIONS.c.state.in_(QUEUED) & meets(window.start, window.end))
    return [Slot(*row) for row in (await db.execute(query)).all()]


async def held(db: AsyncConnection, window: Interval) -> list[Slot]:
    """Return the slots of issued sessions that overlap a window."""
    query = select(*_SLOT_COLUMNS).join(SESSIONS).where(issued() & meets(window.start, window.end))
    return [Slot(*row) for row in (await db.execute(query)).all()]
