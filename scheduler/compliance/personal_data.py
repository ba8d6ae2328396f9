"""Lists and erases the personal data of a unit's people (I-10; Nghị định 13/2023/NĐ-CP, Điều 14 and 16).

Names, telephones and addresses are in few tables: people in charge, contacts of sessions, people on duty, attendees;
what people wrote in the chat of a session is theirs, too, and the questions of votes may name some. Data of a session
is needed until the session is over, data of a person in charge while they are, a draft until it is settled. After that
a unit may have it erased; data of sessions is erased without a request once the months of the profile are over. Rows,
counts and times stay.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Table, false, func, or_, select, true, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration.schema import DRAFTS
from scheduler.core.database import writing
from scheduler.core.errors import UnknownUnit
from scheduler.core.schema import POINTS, SESSIONS, SLOTS
from scheduler.directory.schema import PEOPLE
from scheduler.notifications.alerts import Alerts
from scheduler.operations.attendance.schema import CHAT, LISTS
from scheduler.operations.readiness.schema import DUTIES
from scheduler.operations.votes.schema import VOTES
from scheduler.units import store as units_store

Kind = Literal["in-charge", "contact", "draft", "duty", "attendee", "chat", "vote"]

_CONTACT = {"contact_name": "", "contact_phone": "", "second_name": "", "second_phone": ""}
_ERASED: dict[Table, dict[str, str]] = {
    SESSIONS: _CONTACT,
    DUTIES: {"name": "", "phone": ""},
    LISTS: {"people": "[]"},
    CHAT: {"text": ""},
    VOTES: {"question": "", "choices": "[]"},
    PEOPLE: {"name": "", "phone": "", "email": ""},
}
"""The values that replace personal data, by table."""
_SESSION = {SESSIONS: SESSIONS.c.id, **{table: table.c.session for table in (DUTIES, LISTS, CHAT, VOTES)}}


@dataclass(frozen=True, slots=True)
class PersonalRecord:
    """One person on record. `number` is that of the session or draft; `needed` data cannot be erased yet.

    Of kind `chat` it is a message, of kind `vote` a question (which may name a candidate); its text stands in `name`.
    """

    kind: Kind
    name: str
    phone: str
    email: str
    position: str
    number: str
    needed: bool


class PersonalData:
    """Lists the personal data of a unit's people, and erases it."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts

    async def of(self, unit: str, now: datetime) -> list[PersonalRecord]:
        """Return the personal data of a unit's people. Raises UnknownUnit."""
        async with self._alerts.engine.begin() as db:
            return await self._of(db, unit, now)

    async def erase(self, unit: str, now: datetime) -> int:
        """Erase the data of a unit that is no longer needed; return how many records that were.

        Raises UnknownUnit.
        """
        async with writing(self._alerts.engine) as db:
            going = [each for each in await self._of(db, unit, now) if not each.needed]
            for table in _SESSION:
                await _erase(db, table, _ended(table, now) & self._owned(table, unit, now))
            await _erase(db, PEOPLE, (PEOPLE.c.valid_to < self._alerts.profiles.day(now)) & (PEOPLE.c.unit == unit))
            await _erase_drafts(db, DRAFTS.c.settled.is_not(None) & _sent_by(unit))
            return len(going)

    async def forget(self, now: datetime) -> None:
        """Erase data of sessions that ended, and of drafts settled, before the months that the profile keeps."""
        oldest = self._alerts.profiles.at(now).preparation.oldest_list(now)
        old = {table: _ended(table, oldest) for table in _SESSION}
        settled = DRAFTS.c.settled < oldest
        async with self._alerts.engine.begin() as db:
            due = [await db.scalar(select(true()).where(where, _named(table)).limit(1)) for table, where in old.items()]
            due.append(await db.scalar(select(true()).where(settled, _WITH_CONTACT).limit(1)))
        if any(due):
            async with writing(self._alerts.engine) as db:
                for table, where in old.items():
                    await _erase(db, table, where)
                await _erase_drafts(db, settled)

    async def _of(self, db: AsyncConnection, unit: str, now: datetime) -> list[PersonalRecord]:
        if unit not in {known.id for known in await units_store.units(db)}:
            raise UnknownUnit(unit)
        duties = await self._rows(db, DUTIES, unit, now)
        return [
            *await self._in_charge(db, unit, now),
            *await _of_drafts(db, unit),
            *(entry for row in await self._rows(db, SESSIONS, unit, now) for entry in _contacts("contact", row)),
            *(
                PersonalRecord("duty", row["name"], row["phone"], "", row["role"], row["number"], row["needed"])
                for row in duties
            ),
            *(entry for row in await self._rows(db, LISTS, unit, now) for entry in _attendees(row)),
            *(
                PersonalRecord("chat", row["text"], "", "", "", row["number"], row["needed"])
                for row in await self._rows(db, CHAT, unit, now)
            ),
            *(
                PersonalRecord("vote", row["question"], "", "", "", row["number"], row["needed"])
                for row in await self._rows(db, VOTES, unit, now)
            ),
        ]

    async def _in_charge(self, db: AsyncConnection, unit: str, now: datetime) -> list[PersonalRecord]:
        day = self._alerts.profiles.day(now)
        query = select(PEOPLE).where(PEOPLE.c.unit == unit, _named(PEOPLE)).order_by(PEOPLE.c.valid_from, PEOPLE.c.id)
        return [
            PersonalRecord(
                "in-charge", row.name, row.phone, row.email, row.role, "", row.valid_to is None or row.valid_to >= day
            )
            for row in await db.execute(query)
        ]

    async def _rows(self, db: AsyncConnection, table: Table, unit: str, now: datetime) -> list[dict[str, Any]]:
        """Return the rows of a unit with the session's number and whether they are still needed."""
        columns = [column for column in table.c if column.name != "number"]
        query = select(*columns, SESSIONS.c.number, (~_ended(table, now)).label("needed"))
        if table is not SESSIONS:
            query = query.join(SESSIONS, SESSIONS.c.id == _SESSION[table])
        rows = await db.execute(query.where(self._owned(table, unit, now), _named(table)).order_by(SESSIONS.c.seq))
        return [dict(row) for row in rows.mappings()]

    def _owned(self, table: Table, unit: str, now: datetime) -> ColumnElement[bool]:
        """Return a condition for rows of a unit or its points; central duty belongs to the operating unit."""
        points = select(POINTS.c.id).where(POINTS.c.unit == unit)
        if table is SESSIONS:
            return SESSIONS.c.host_point.in_(points)
        if table is VOTES:
            return VOTES.c.session.in_(select(SESSIONS.c.id).where(SESSIONS.c.host_point.in_(points)))
        if table in (LISTS, CHAT):
            return table.c.point.in_(points)
        operates = self._alerts.profiles.at(now).directory.operator_unit == unit
        central = DUTIES.c.role.in_(["main", "backup"]) if operates else false()
        return or_(DUTIES.c.point.in_(points), DUTIES.c.unit == unit, central)


_WITH_CONTACT = or_(*(DRAFTS.c.content.contains(f'"{name}"') for name in _CONTACT))


async def _of_drafts(db: AsyncConnection, unit: str) -> list[PersonalRecord]:
    query = select(DRAFTS).where(_sent_by(unit), _WITH_CONTACT).order_by(DRAFTS.c.arrived, DRAFTS.c.id)
    return [
        entry
        for row in await db.execute(query)
        for entry in _contacts(
            "draft", {**json.loads(row.content), "number": row.number, "needed": row.settled is None}
        )
    ]


def _contacts(kind: Kind, fields: Mapping[str, Any]) -> list[PersonalRecord]:
    pairs = (("contact_name", "contact_phone"), ("second_name", "second_phone"))
    contacts = [(str(fields.get(name) or ""), str(fields.get(phone) or "")) for name, phone in pairs]
    return [
        PersonalRecord(kind, name, phone, "", "", fields["number"], fields["needed"])
        for name, phone in contacts
        if name or phone
    ]


def _attendees(row: Mapping[str, Any]) -> list[PersonalRecord]:
    return [
        PersonalRecord("attendee", each["name"], "", "", each["position"], row["number"], row["needed"])
        for each in json.loads(row["people"])
    ]


def _sent_by(unit: str) -> ColumnElement[bool]:
    return func.coalesce(DRAFTS.c.origin, DRAFTS.c.unit) == unit


def _ended(table: Table, before: datetime) -> ColumnElement[bool]:
    """Return a condition for rows whose session has no slot that ends later."""
    return _SESSION[table].not_in(select(SLOTS.c.session).where(SLOTS.c.end > before))


def _named(table: Table) -> ColumnElement[bool]:
    return or_(*(table.c[name] != empty for name, empty in _ERASED[table].items()))


async def _erase(db: AsyncConnection, table: Table, where: ColumnElement[bool]) -> None:
    await db.execute(update(table).where(where, _named(table)).values(_ERASED[table]))


async def _erase_drafts(db: AsyncConnection, where: ColumnElement[bool]) -> None:
    """Remove the contacts from the content of drafts."""
    for row in (await db.execute(select(DRAFTS.c.id, DRAFTS.c.content).where(where, _WITH_CONTACT))).all():
        left = {name: value for name, value in json.loads(row.content).items() if name not in _CONTACT}
        await db.execute(update(DRAFTS).where(DRAFTS.c.id == row.id).values(content=json.dumps(left)))
