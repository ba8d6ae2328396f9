"""The spreadsheet of units with their first points; a row is an entry of a units file."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.errors import BadUnits, UnitProblem
from scheduler.directory.import_export.preview import ImportStep, differences
from scheduler.files.errors import RowError
from scheduler.files.spreadsheet import Row
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store
from scheduler.units import units_file
from scheduler.units.units_file import RegistryEntry

COLUMNS = ("id", "name", "level", "parent", "abbr", "point", "valid_from", "valid_to", "successor")
_COLUMN_OF = {
    **dict.fromkeys(("unknown-parent", "parent-not-higher"), "parent"),
    **dict.fromkeys(("duplicate-name", "bad-name", "no-name"), "point"),
    "duplicate-id": "id",
    "unknown-level": "level",
    "ends-before-it-begins": "valid_to",
    "unknown-successor": "successor",
}
"""The column that a problem of an entry is about."""


async def rows(db: AsyncConnection) -> list[Row]:
    """Return all units as rows."""
    return [_row(each) for each in (await units_store.registry_entries(db)).values()]


async def plan(
    db: AsyncConnection,
    rows: Sequence[tuple[int, Row]],
    profiles: Profiles,
    now: datetime,
    faults: list[RowError],
) -> list[ImportStep]:
    """Return which units would be added or changed."""
    known = await units_store.registry_entries(db)
    entries = [{name: value for name, value in row.items() if value} for _, row in rows]
    try:
        read = units_file.parse(json.dumps({"units": entries}), profiles, known.values())
    except BadUnits as bad:
        faults += [_fault(rows[p.entry - 1][0] if p.entry else 1, p) for p in bad.problems]
        return []
    return [_step(row_number, new, known.get(new.unit.id)) for (row_number, _), new in zip(rows, read, strict=True)]


def _fault(row_number: int, problem: UnitProblem) -> RowError:
    """Return a fault of an entry as one of the cell that it is about."""
    if problem.word != "bad-field":
        return RowError(row_number, _COLUMN_OF.get(problem.word, ""), problem.word, problem.value)
    column, _, message = problem.value.partition(": ")
    return RowError(row_number, column, problem.word, message)


def _step(row_number: int, new: RegistryEntry, old: RegistryEntry | None) -> ImportStep:
    if old is None:
        return ImportStep(
            row_number, "add", f"{new.unit.name}: {new.point.name}", lambda db: units_store.add(db, [new])
        )
    changes = differences(_row(old), _row(new))
    if not changes:
        return ImportStep(row_number, "same", old.unit.name)
    return ImportStep(row_number, "change", f"{old.unit.name}: {changes}", lambda db: units_store.change(db, new, old))


def _row(each: RegistryEntry) -> Row:
    unit = each.unit
    values = {name: getattr(unit, name, None) for name in COLUMNS} | {"point": each.point.name}
    return {name: "" if value is None else str(value) for name, value in values.items()}
