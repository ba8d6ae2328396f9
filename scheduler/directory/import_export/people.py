"""The spreadsheet of people who run rooms (Điều 17.2.c). A person is identified by unit, name and role."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.registration import request_validation
from scheduler.core import text
from scheduler.directory.import_export.point_lookup import PointFinder, point_finder
from scheduler.directory.import_export.preview import ImportStep, day, differences
from scheduler.directory.model import Person
from scheduler.directory.people import store as people_store
from scheduler.directory.points import store as points_store
from scheduler.files.errors import RowError
from scheduler.files.spreadsheet import Row
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store
from scheduler.units.naming import key

COLUMNS = ("unit", "point", "role", "name", "phone", "email", "trained", "valid_from", "source")
ROLES = ("manager", "technician", "head")


async def rows(db: AsyncConnection) -> list[Row]:
    """Return everybody without a last day as rows; units without people come first with a row of their own (R-111)."""
    people = [person for person in await people_store.people(db) if person.valid_to is None]
    names = {point.id: point.name for point in await units_store.all_points(db)}
    named_ = {person.unit for person in people}
    empty = [unit for unit in await units_store.units(db) if unit.id not in named_ and unit.valid_to is None]
    found = [{**dict.fromkeys(COLUMNS, ""), "unit": unit.id} for unit in empty]
    return found + [_row(person, names) for person in people]


async def plan(
    db: AsyncConnection,
    rows: Sequence[tuple[int, Row]],
    profiles: Profiles,
    now: datetime,
    faults: list[RowError],
) -> list[ImportStep]:
    """Return which people would be added or changed; rows without a name are ignored."""
    points, units = await point_finder(db), {unit.id for unit in await units_store.units(db)}
    people = [person for person in await people_store.people(db) if person.valid_to is None]
    known = {(person.unit, key(person.name), person.role): person for person in people}
    today = now.astimezone(profiles.at(now).zone).date()
    steps = []
    for row_number, row in rows:
        if not row["name"]:
            continue
        if row["unit"] not in units:
            faults.append(RowError(row_number, "unit", "unknown-unit", row["unit"][:64]))
        values = _values(row_number, row, points, faults)
        values["valid_from"] = values["valid_from"] or today
        old = known.get((row["unit"], key(row["name"]), values["role"]))
        steps.append(_step(row_number, row["unit"], old, values, now))
    return steps


def _values(row_number: int, row: Row, points: PointFinder, faults: list[RowError]) -> dict[str, Any]:
    role, phone = row["role"].lower() or "technician", request_validation.phone(row["phone"])
    if role not in ROLES:
        faults.append(RowError(row_number, "role", "one-of", ", ".join(ROLES)))
    if phone is None:
        faults.append(RowError(row_number, "phone", "phone-format", row["phone"][:64]))
    point = points(row_number, row["point"], faults) if row["point"] else None
    if point is not None and point.unit != row["unit"]:
        faults.append(RowError(row_number, "point", "unknown-point", row["point"][:64]))
    return {
        "point": point.id if point else None,
        "role": role,
        "name": text.clean(row["name"])[:200],
        "phone": phone or "",
        "email": row["email"][:254],
        "trained": day(row["trained"], row_number, "trained", faults),
        "valid_from": day(row["valid_from"], row_number, "valid_from", faults),
        "source": row["source"][:200],
    }


def _step(row_number: int, unit: str, old: Person | None, values: dict[str, Any], now: datetime) -> ImportStep:
    if old is None:
        fixed: dict[str, Any] = {"valid_to": None, "replaces": None, "account": None}
        new = Person(points_store.new_id(), unit, **values, **fixed, updated=now)
        return ImportStep(row_number, "add", f"{new.name} ({unit})", partial(people_store.add, person=new))
    changes = differences({name: getattr(old, name) for name in values}, values)
    if not changes:
        return ImportStep(row_number, "same", old.name)
    return ImportStep(
        row_number, "change", f"{old.name}: {changes}", partial(people_store.change, id_=old.id, now=now, **values)
    )


def _row(person: Person, names: dict[str, str]) -> Row:
    values = {name: getattr(person, name) for name in COLUMNS} | {"point": names.get(person.point or "", "")}
    return {name: "" if value is None else str(value) for name, value in values.items()}
