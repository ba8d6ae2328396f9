"""Exports spreadsheets of the directory and imports them: first a preview, then exactly what it showed."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Literal, Protocol

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core.database import writing
from scheduler.directory.errors import PreviewStale
from scheduler.directory.import_export import devices, inventory, people, rooms, units
from scheduler.directory.import_export.column_names import titled
from scheduler.directory.import_export.preview import ImportPlan, ImportStep
from scheduler.files import spreadsheet
from scheduler.files.errors import BadSheet, RowError
from scheduler.files.sandboxed_parser import SandboxedParser
from scheduler.files.spreadsheet import Row
from scheduler.policy.profile_files import Profiles

Kind = Literal["units", "rooms", "devices", "people"]
Format = Literal["csv", "xlsx"]


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of spreadsheet: its columns, a reader of the present rows, and a planner of imports."""

    columns: Sequence[str]
    rows: Callable[[AsyncConnection], Awaitable[list[Row]]]
    plan: "Planner"


class Planner(Protocol):
    """Plans what rows would change; faults are appended."""

    async def __call__(
        self,
        db: AsyncConnection,
        rows: Sequence[tuple[int, Row]],
        profiles: Profiles,
        now: datetime,
        faults: list[RowError],
    ) -> list[ImportStep]: ...


TABLES: Mapping[Kind, Table] = {
    "units": Table(units.COLUMNS, units.rows, units.plan),
    "rooms": Table(rooms.COLUMNS, rooms.rows, rooms.plan),
    "devices": Table(devices.COLUMNS, devices.rows, devices.plan),
    "people": Table(people.COLUMNS, people.rows, people.plan),
}


class ImportExport:
    """Exports and imports spreadsheets; an import is one transaction that does everything or nothing."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, parser: SandboxedParser) -> None:
        self._engine = engine
        self._profiles = profiles
        self._parser = parser

    async def export(self, kind: Kind, format_: Format) -> bytes:
        """Return a spreadsheet as a file."""
        table = TABLES[kind]
        async with self._engine.begin() as db:
            rows = await table.rows(db)
        return _written(format_, table.columns, rows)

    async def inventory(self, unit: str, format_: Format) -> bytes:
        """Return the devices of a unit and of all units below it as a file (R-023)."""
        async with self._engine.begin() as db:
            rows = await inventory.rows(db, unit)
        return _written(format_, inventory.COLUMNS, rows)

    async def preview(self, kind: Kind, data: bytes, now: datetime) -> ImportPlan:
        """Return what an import would do. Raises BadSheet with every faulty row."""
        rows = await spreadsheet.read_untrusted(self._parser, data, titled(TABLES[kind].columns))
        async with self._engine.begin() as db:
            return await self._plan(db, kind, rows, now)

    async def carry_out(self, kind: Kind, data: bytes, digest: str, now: datetime) -> ImportPlan:
        """Import a spreadsheet if the plan still has the digest of its preview.

        Raises BadSheet, PreviewStale.
        """
        rows = await spreadsheet.read_untrusted(self._parser, data, titled(TABLES[kind].columns))
        async with writing(self._engine) as db:
            plan = await self._plan(db, kind, rows, now)
            if plan.digest != digest:
                raise PreviewStale
            for step in plan.steps:
                await step.carry_out(db)
            return plan

    async def _plan(
        self, db: AsyncConnection, kind: Kind, rows: Sequence[tuple[int, Row]], now: datetime
    ) -> ImportPlan:
        faults: list[RowError] = []
        steps = await TABLES[kind].plan(db, rows, self._profiles, now, faults)
        if faults:
            raise BadSheet(sorted(faults, key=lambda fault: fault.row_number))
        text = "\n".join(f"{step.row_number} {step.what} {step.text}" for step in steps)
        return ImportPlan(tuple(steps), sha256(f"{kind}\n{text}".encode()).hexdigest())


def _written(format_: Format, columns: Sequence[str], rows: Sequence[Row]) -> bytes:
    return (spreadsheet.write_csv if format_ == "csv" else spreadsheet.write_xlsx)(titled(columns), rows)
