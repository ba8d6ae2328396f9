"""Stores the register of security controls (R-036, I-13, A9). Each method is one transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import InvalidRequest, UnknownPoint
from scheduler.core.model import Point
from scheduler.core.sql_values import storable, whole_second
from scheduler.directory.controls import rules
from scheduler.directory.controls.rules import Checklist, ChecklistRow, Control, ControlState
from scheduler.directory.errors import Unknown
from scheduler.directory.points import assessment
from scheduler.directory.points.store import new_id
from scheduler.directory.schema import CONTROLS, EVIDENCE
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store

SYSTEM = ""
"""The subject of controls of the system, which belong to no point."""


@dataclass(frozen=True, slots=True)
class PointChecklist:
    """The state of a checklist at a point: the number of open items, the last assessment, and when the next is due.

    `at` and `due` are None if it was never assessed.
    """

    point: Point
    open: int
    at: datetime | None
    by: str
    due: date | None


class ControlsService:
    """Stores the state of each control; the audit log has the earlier states."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, checklists: Sequence[Checklist]) -> None:
        self._engine = engine
        self._profiles = profiles
        self.checklists = {each.id: each for each in checklists}

    async def unit(self, subject: str, now: datetime) -> str:
        """Return the unit that controls belong to: the point's, or the operating unit. Raises UnknownPoint."""
        async with self._engine.begin() as db:
            return await self._unit(db, subject, now)

    async def rows(self, checklist: Checklist, subject: str) -> tuple[ChecklistRow, ...]:
        """Return the rows of a checklist for the system or a point."""
        async with self._engine.begin() as db:
            known = await _controls(db, CONTROLS.c.subject.in_(storable([subject])))
            return rules.rows(checklist, known, await _files(db))

    async def control(self, id_: str) -> Control:
        """Return one control. Raises Unknown."""
        async with self._engine.begin() as db:
            controls = await _controls(db, CONTROLS.c.id.in_(storable([id_])))
        if not controls:
            raise Unknown("control", id_)
        return controls[0]

    async def set(
        self, checklist: str, subject: str, item: str, state: ControlState, remark: str, by: str, now: datetime
    ) -> Control:
        """Set the state of an item, in place of an earlier one; its evidence stays.

        Raises Unknown, UnknownPoint, InvalidRequest.
        """
        remark, known = text.clean(remark), self.checklists.get(checklist)
        if known is None or (known.of == "point") != bool(subject):
            raise Unknown("checklist", checklist)
        faults = rules.faults(known, item, state, remark)
        if faults:
            raise InvalidRequest(faults)
        async with writing(self._engine) as db:
            unit = await self._unit(db, subject, now)
            same = (CONTROLS.c.checklist == checklist) & (CONTROLS.c.subject == subject) & (CONTROLS.c.item == item)
            id_ = await db.scalar(select(CONTROLS.c.id).where(same)) or new_id()
            due = assessment.later(self._profiles.day(now), known.months)
            at = whole_second(now)
            control = Control(id_, checklist, subject, item, unit, state, remark, by, at, due)
            await db.execute(delete(CONTROLS).where(same))
            values = {column.name: getattr(control, column.name) for column in CONTROLS.c}
            await db.execute(insert(CONTROLS).values(values))
            return control

    async def checked(self, checklist: Checklist) -> list[PointChecklist]:
        """Return the state of a checklist at every point: never assessed first, then by due day."""
        async with self._engine.begin() as db:
            points = await units_store.all_points(db)
            controls = await _controls(db, CONTROLS.c.checklist == checklist.id)
        by_point: dict[str, list[Control]] = {}
        for each in controls:
            by_point.setdefault(each.subject, []).append(each)
        stand = [_checked(checklist, point, by_point.get(point.id, [])) for point in points]
        return sorted(stand, key=lambda each: (each.due or date.min, each.point.id))

    async def _unit(self, db: AsyncConnection, subject: str, now: datetime) -> str:
        if not subject:
            return self._profiles.at(now).directory.operator_unit
        points = await units_store.points_named(db, [subject])
        if subject not in points:
            raise UnknownPoint(subject)
        return points[subject].unit


def _checked(checklist: Checklist, point: Point, controls: list[Control]) -> PointChecklist:
    stand = rules.rows(checklist, controls, {})
    last = max(controls, key=lambda each: each.at, default=None)
    due = min((each.due for each in controls), default=None)
    open_ = sum(row.open for row in stand)
    return PointChecklist(point, open_, last.at if last else None, last.by if last else "", due)


async def _controls(db: AsyncConnection, where: ColumnElement[bool]) -> list[Control]:
    rows = await db.execute(select(CONTROLS).where(where).order_by(CONTROLS.c.at, CONTROLS.c.id))
    return [Control(**row) for row in rows.mappings()]


async def _files(db: AsyncConnection) -> Counter[str]:
    of_controls = select(EVIDENCE.c.subject, func.count()).where(EVIDENCE.c.behind == "control")
    return Counter({row[0]: row[1] for row in await db.execute(of_controls.group_by(EVIDENCE.c.subject))})
