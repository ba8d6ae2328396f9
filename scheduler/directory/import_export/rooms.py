"""The spreadsheet of rooms: the room of each point, with its label and state."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import partial

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.directory.import_export.point_lookup import point_finder
from scheduler.directory.import_export.preview import ImportStep, differences, number
from scheduler.directory.model import Room
from scheduler.directory.points import store as points_store
from scheduler.files.errors import RowError
from scheduler.files.spreadsheet import Row
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

COLUMNS = ("point", "label", "state", "address", "seats", "managing_unit", "security_owner", "note")


async def rows(db: AsyncConnection) -> list[Row]:
    """Return all points with their rooms as rows."""
    found = []
    for point in await units_store.all_points(db):
        room = asdict(await points_store.room(db, point.id))
        values = {"point": point.name, "label": point.label, "state": point.state, **room}
        found.append({name: "" if value is None else str(value) for name, value in values.items()})
    return found


async def plan(
    db: AsyncConnection,
    rows: Sequence[tuple[int, Row]],
    profiles: Profiles,
    now: datetime,
    faults: list[RowError],
) -> list[ImportStep]:
    """Return which rooms would be described anew; labels and states cannot be changed this way."""
    points, units = await point_finder(db), {unit.id for unit in await units_store.units(db)}
    steps = []
    for row_number, row in rows:
        point = points(row_number, row["point"], faults)
        room = Room(
            row["address"][:300],
            number(row["seats"], row_number, "seats", faults),
            row["managing_unit"] or None,
            row["security_owner"][:200],
            row["note"][:1000],
        )
        if room.managing_unit is not None and room.managing_unit not in units:
            faults.append(RowError(row_number, "managing_unit", "unknown-unit", row["managing_unit"][:64]))
        if point is not None:
            changes = differences(asdict(await points_store.room(db, point.id)), asdict(room))
            act = partial(points_store.set_room, point=point.id, room=room)
            steps.append(
                ImportStep(row_number, "change", f"{point.name}: {changes}", act)
                if changes
                else ImportStep(row_number, "same", point.name)
            )
    return steps
