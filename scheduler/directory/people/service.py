"""Stores who runs which room from which day on (Điều 19.3). Each method is one transaction."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.registration import request_validation
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest, UnknownUnit
from scheduler.directory.errors import Unknown
from scheduler.directory.model import Person, PersonRole
from scheduler.directory.people import list_status, store
from scheduler.directory.people.list_status import ListStatus
from scheduler.directory.points import store as points_store
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """The input for a person on the list of a unit; with `point` None the person serves the whole unit."""

    unit: str
    point: str | None
    role: PersonRole
    name: str
    phone: str
    email: str
    trained: date | None
    valid_from: date
    source: str


class People:
    """Stores the lists of people. A person whose days are over stays on record (Điều 19.3)."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    async def of(self, unit: str | None = None) -> list[Person]:
        """Return the people of a unit, or all, including those whose days are over. Raises UnknownUnit."""
        async with self._engine.begin() as db:
            if unit is not None:
                await _check_unit(db, unit)
            return await store.people(db, unit)

    async def person(self, id_: str) -> Person:
        """Return a person. Raises Unknown."""
        async with self._engine.begin() as db:
            return await _person(db, id_)

    async def lists(self, now: datetime) -> list[ListStatus]:
        """Return the list of each unit with its state, those without people first."""
        async with self._engine.begin() as db:
            units, people = await units_store.units(db), await store.people(db)
        stale = self._profiles.at(now).directory.people_stale_days
        return list_status.consolidated(units, people, self._profiles.day(now), now, stale)

    async def add(self, entry: PersonEntry, now: datetime, replaces: str | None = None) -> Person:
        """Add a person; a replaced predecessor is in charge through the day before.

        Raises UnknownUnit, Unknown, InvalidRequest.
        """
        async with writing(self._engine) as db:
            person = await self._checked(db, entry, replaces, now)
            await store.add(db, person)
            if replaces is not None:
                last = entry.valid_from - timedelta(days=1)
                await store.change(db, replaces, now, valid_to=last)
            return person

    async def _checked(self, db: AsyncConnection, entry: PersonEntry, replaces: str | None, now: datetime) -> Person:
        points = {point.id: point.unit for point in await units_store.all_points(db)}
        await _check_unit(db, entry.unit)
        if replaces is not None and (await _person(db, replaces)).unit != entry.unit:
            raise Unknown("person", replaces)
        name, phone = text.clean(entry.name), request_validation.phone(entry.phone)
        faults = text.validate("name", name, MAX_NAME)
        faults += [] if phone else [FieldError("phone", "phone-format", entry.phone[:64])]
        if entry.point is not None and points.get(entry.point) != entry.unit:
            faults.append(FieldError("point", "unknown-point", entry.point))
        if faults:
            raise InvalidRequest(faults)
        return Person(
            id=points_store.new_id(),
            unit=entry.unit,
            point=entry.point,
            role=entry.role,
            name=name,
            phone=phone or "",
            email=entry.email,
            trained=entry.trained,
            valid_from=entry.valid_from,
            valid_to=None,
            source=text.clean(entry.source)[:200],
            replaces=replaces,
            account=None,
            updated=now,
        )

    async def end(self, id_: str, last: date, now: datetime) -> Person:
        """Set the last day of a person. Raises Unknown, InvalidRequest."""
        return await self._change(id_, now, valid_to=last)

    async def train(self, id_: str, day: date, now: datetime) -> Person:
        """Store the day on which a person was trained. Raises Unknown."""
        return await self._change(id_, now, trained=day)

    async def confirm(self, unit: str, now: datetime) -> None:
        """Note that the list of a unit is still correct. Raises UnknownUnit."""
        async with writing(self._engine) as db:
            await _check_unit(db, unit)
            for person in await store.people(db, unit):
                if person.serves(self._profiles.day(now)):
                    await store.change(db, person.id, now)

    async def give_account(self, id_: str, account: str, now: datetime) -> Person:
        """Store the account of a person. Raises Unknown."""
        return await self._change(id_, now, account=account)

    async def _change(self, id_: str, now: datetime, **values: date | str) -> Person:
        async with writing(self._engine) as db:
            known = await _person(db, id_)
            last = values.get("valid_to")
            if isinstance(last, date) and last < known.valid_from - timedelta(days=1):
                raise InvalidRequest([FieldError("valid_to", "end-before-start")])
            await store.change(db, id_, now, **values)
            return await _person(db, id_)

    async def email_of(self, account: str, now: datetime) -> str:
        """Return the mail address of the person in charge who has an account, '' if none is known."""
        day = self._profiles.day(now)
        emails = [each.email for each in await self.of() if each.account == account and each.serves(day)]
        return next(filter(None, emails), "")

    async def ended_accounts(self, now: datetime) -> list[str]:
        """Return the accounts of former people in charge, except those that a present one has (R-120)."""
        day = self._profiles.day(now)
        people = await self.of()
        serving = {person.account for person in people if person.serves(day)}
        over = {person.account for person in people if person.valid_to is not None and person.valid_to < day}
        return sorted(account for account in over - serving if account)


async def _check_unit(db: AsyncConnection, unit: str) -> None:
    if unit not in {known.id for known in await units_store.units(db)}:
        raise UnknownUnit(unit)


async def _person(db: AsyncConnection, id_: str) -> Person:
    found = await store.person(db, id_)
    if found is None:
        raise Unknown("person", id_)
    return found
