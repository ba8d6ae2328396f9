"""The table of units with their first points; a line is an entry of a units file."""

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler import registry, registry_store
from scheduler.directory.errors import LineError
from scheduler.directory.planned import Step, differences
from scheduler.directory.sheets import Row
from scheduler.errors import BadUnits
from scheduler.profiles import Profiles
from scheduler.registry import Registered

COLUMNS = ("id", "name", "level", "parent", "abbr", "point", "valid_from", "valid_to", "successor")


async def rows(db: AsyncConnection) -> list[Row]:
    """Return all units."""
    return [_row(each) for each in (await registry_store.registered(db)).values()]


async def plan(
    db: AsyncConnection,
    rows: Sequence[tuple[int, Row]],
    profiles: Profiles,
    now: datetime,
    faults: list[LineError],
) -> list[Step]:
    """Say which units would be added or changed."""
    known = await registry_store.registered(db)
    entries = [{name: value for name, value in row.items() if value} for _, row in rows]
    try:
        read = registry.parse(json.dumps({"units": entries}), profiles, known.values())
    except BadUnits as bad:
        faults += [LineError(rows[p.entry - 1][0] if p.entry else 1, "", p.word, p.value) for p in bad.problems]
        return []
    return [_step(line, new, known.get(new.unit.id)) for (line, _), new in zip(rows, read, strict=True)]


def _step(line: int, new: Registered, old: Registered | None) -> Step:
    if old is None:
        return Step(line, "add", f"{new.unit.name}: {new.point.name}", lambda db: registry_store.add(db, new))
    told = differences(_row(old), _row(new))
    if not told:
        return Step(line, "same", old.unit.name)
    return Step(line, "change", f"{old.unit.name}: {told}", lambda db: registry_store.change(db, new, old))


def _row(each: Registered) -> Row:
    unit = each.unit
    given = {name: getattr(unit, name, None) for name in COLUMNS} | {"point": each.point.name}
    return {name: "" if value is None else str(value) for name, value in given.items()}
