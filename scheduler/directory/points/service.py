"""Manages points from draft to withdrawal, with rooms, exemptions and assessments. Each method is one transaction.

This package does not know accounts: callers say whether a point has one, where it matters.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest, UnknownPoint, UnknownUnit
from scheduler.core.model import Point, PointState, Unit
from scheduler.core.note import Note, no_note
from scheduler.directory import endings
from scheduler.directory.endings import Ending
from scheduler.directory.equipment import lines, lines_store
from scheduler.directory.errors import IllegalMove, NotReady, Unknown
from scheduler.directory.model import (
    Assessment,
    AssessmentForm,
    ExceptionKind,
    Exemption,
    Move,
    PointAlias,
    PointCard,
    PointMove,
    Room,
)
from scheduler.directory.points import activation, assessment, lifecycle, quota
from scheduler.directory.points import store as points_store
from scheduler.policy.profile_files import Profiles
from scheduler.units import point_names
from scheduler.units import store as units_store
from scheduler.units.naming import slug, split, suffixed

MAX_LABEL = 250


class Directory:
    """Stores points, their rooms, exemptions, assessments and states."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles) -> None:
        self._engine = engine
        self._profiles = profiles

    def operator(self, now: datetime) -> str:
        """Return the operating unit (Điều 3.8)."""
        return self._profiles.at(now).directory.operator_unit

    # Reading.

    async def aliases(self) -> list[PointAlias]:
        """Return the former names of points, newest first."""
        async with self._engine.begin() as db:
            return await points_store.aliases(db)

    async def find(self, name: str) -> Point | None:
        """Return the point that has a name or had it; a present name comes first (R-033)."""
        wanted = slug(name)
        async with self._engine.begin() as db:
            points = await units_store.all_points(db)
            old = {slug(alias.name): alias.point for alias in await points_store.aliases(db)}
        return next((p for p in points if slug(p.name) == wanted), None) or next(
            (p for p in points if p.id == old.get(wanted)), None
        )

    async def card(self, point_id: str, account: bool, now: datetime) -> PointCard:
        """Return all that is known of a point; `account` says whether it has one. Raises UnknownPoint."""
        async with self._engine.begin() as db:
            facts = await self._facts(db, point_id, account)
            lacks = activation.lacks(facts, self._profiles.at(now), self._profiles.day(now), now)
            return PointCard(
                point=facts.point,
                aliases=tuple(a for a in await points_store.aliases(db) if a.point == point_id),
                room=facts.room,
                lines=tuple(facts.lines),
                assessments=tuple(await points_store.assessments(db, [point_id])),
                history=tuple(await points_store.history(db, point_id)),
                lacks=tuple(lacks),
                moves=lifecycle.possible(facts.point.state),
            )

    async def _facts(self, db: AsyncConnection, point_id: str, account: bool) -> activation.Facts:
        point = await _point(db, point_id)
        units = {unit.id: unit for unit in await units_store.units(db)}
        unit = units[point.unit]
        done = await points_store.assessments(db, [point_id])
        return activation.Facts(
            point=point,
            unit=unit,
            parent=units.get(unit.parent or ""),
            siblings=[p for p in await units_store.points_of(db, unit.id) if p.id != point_id],
            room=await points_store.room(db, point_id),
            lines=await lines_store.lines(db, point_id),
            assessment=done[0] if done else None,
            exemptions=await points_store.exemptions(db, unit.id),
            account=account,
        )

    # Points and rooms.

    async def add_point(self, unit_id: str, name: str | None, label: str, now: datetime) -> Point:
        """Draft a point. Digits tell several points of a unit apart.

        `name` may be None where the profile's rule makes names. Raises UnknownUnit, QuotaExceeded, InvalidRequest.
        """
        async with writing(self._engine) as db:
            units = {unit.id: unit for unit in await units_store.units(db)}
            if unit_id not in units:
                raise UnknownUnit(unit_id)
            siblings = await units_store.points_of(db, unit_id)
            documents = await points_store.exemptions(db, unit_id)
            quota.check_new(self._profiles.at(now), units[unit_id], siblings, documents, self._profiles.day(now))
            await self._add_digits(db, siblings, now)
            number = point_names.next_number(siblings)
            base = split(name)[0] if name else point_names.base_of(siblings) or ""
            chosen = suffixed(base, number) if siblings and name is None else name or base
            label = text.clean(label) or f"{_label(siblings)} – Phòng họp số {len(siblings) + 1}"
            level = units[unit_id].level
            point = Point(slug(chosen), chosen, label, unit_id, level, 1, (number,), PointState.DRAFT)
            await self._check_name(db, replace(point, id=""), units, now)
            _check_label(label)
            await points_store.add(db, point)
            return await _point(db, point.id)

    async def _add_digits(self, db: AsyncConnection, siblings: Sequence[Point], now: datetime) -> None:
        """Rename a unit's only point so that it has digits; its old name stays known (R-033)."""
        for id_, name in point_names.renamed(list(siblings)).items():
            await points_store.rename(db, next(p for p in siblings if p.id == id_), name, now)

    async def rename(self, point_id: str, name: str, label: str, now: datetime) -> Point:
        """Give a point another name and label. Raises UnknownPoint, InvalidRequest."""
        async with writing(self._engine) as db:
            point = await _point(db, point_id)
            units = {unit.id: unit for unit in await units_store.units(db)}
            renamed = replace(point, name=text.clean(name), label=text.clean(label) or point.label)
            await self._check_name(db, renamed, units, now)
            _check_label(renamed.label)
            await points_store.relabel(db, point_id, renamed.label)
            if renamed.name != point.name:
                await points_store.rename(db, point, renamed.name, now)
            return await _point(db, point_id)

    async def _check_name(self, db: AsyncConnection, point: Point, units: Mapping[str, Unit], now: datetime) -> None:
        taken = {slug(alias.name): alias.point for alias in await points_store.aliases(db)}
        points = await units_store.all_points(db)
        faults = point_names.validate(point, self._profiles.at(now), units, points, taken)
        if faults:
            raise InvalidRequest(faults)

    async def set_room(self, point_id: str, room: Room) -> None:
        """Replace the description of a point's room. Raises UnknownPoint, UnknownUnit."""
        async with writing(self._engine) as db:
            await _point(db, point_id)
            if room.managing_unit is not None:
                await _unit(db, room.managing_unit)
            await points_store.set_room(db, point_id, room)

    # States.

    async def move(self, point_id: str, move: Move, by: str, reason: str, account: bool, now: datetime) -> Point:
        """Move a point to another state. Raises UnknownPoint, IllegalMove, NotReady."""
        async with writing(self._engine) as db:
            facts = await self._facts(db, point_id, account)
            if move not in lifecycle.BY_HAND:
                raise IllegalMove(facts.point.state, move)
            lifecycle.after(facts.point.state, move)
            if move in lifecycle.CONDITIONED:
                lacks = activation.lacks(facts, self._profiles.at(now), self._profiles.day(now), now)
                if lacks:
                    raise NotReady(lacks)
            return await self._move(db, facts.point, move, by, reason, now)

    async def _move(self, db: AsyncConnection, point: Point, move: Move, by: str, reason: str, now: datetime) -> Point:
        state = lifecycle.after(point.state, move)
        stamp = self._profiles.at(now).stamp
        await points_store.move(db, PointMove(now, point.id, move, state, by, text.clean(reason)[:500], stamp))
        return await _point(db, point.id)

    async def assess(self, point_id: str, form: AssessmentForm, now: datetime) -> Assessment:
        """Store a filled-in form.

        It moves on a point that waits for assessment, and suspends an active one that fails. Raises UnknownPoint,
        IllegalMove, InvalidRequest.
        """
        policy, day = self._profiles.at(now), self._profiles.day(now)
        faults = assessment.faults(form, policy, day)
        if faults:
            raise InvalidRequest(faults)
        async with writing(self._engine) as db:
            facts = await self._facts(db, point_id, account=True)
            if facts.point.state not in {PointState.AWAITING, PointState.ACTIVE}:
                raise IllegalMove(facts.point.state, "assess")
            exempt = any(exemption.kind == "internet" and exemption.holds(day) for exemption in facts.exemptions)
            slow = lines.lacks(facts.lines, policy, facts.unit.level, exempt) if facts.lines else []
            came_to = assessment.result(form, bool(slow))
            until = assessment.expires(form, came_to, policy, day)
            done = Assessment(point_id, now, form.assessor, came_to, form.items, form.reference, until, policy.stamp)
            await points_store.add_assessment(db, done)
            move = _follows(facts.point.state, done)
            if move is not None:
                await self._move(db, facts.point, move, form.assessor, "; ".join(map(str, slow)), now)
            return done

    async def assessments(self) -> dict[str, Assessment]:
        """Return the latest assessment of each point that has one."""
        async with self._engine.begin() as db:
            latest: dict[str, Assessment] = {}
            for each in await points_store.assessments(db):
                latest.setdefault(each.point, each)
            return latest

    # Exemptions (Điều 8, last paragraph).

    async def exemptions(self, unit: str | None = None) -> list[Exemption]:
        """Return the exemptions of a unit, or of all units."""
        async with self._engine.begin() as db:
            return await points_store.exemptions(db, unit)

    async def add_exemption(
        self, unit: str, kind: ExceptionKind, extra: int, number: str, dated: date, valid_to: date | None, by: str
    ) -> Exemption:
        """Store what a document allows a unit. Raises UnknownUnit, InvalidRequest."""
        if valid_to is not None and valid_to < dated:
            raise InvalidRequest([FieldError("valid_to", "end-before-start")])
        async with writing(self._engine) as db:
            await _unit(db, unit)
            exemption = Exemption(points_store.new_id(), unit, kind, extra, text.clean(number), dated, valid_to, by)
            await points_store.add_exemption(db, exemption)
        return exemption

    async def end_exemption(self, id_: str, valid_to: date) -> None:
        """Set the last day of an exemption. Raises Unknown."""
        async with writing(self._engine) as db:
            if not await points_store.end_exemption(db, id_, valid_to):
                raise Unknown("exemption", id_)

    # Daily job.

    async def suspend_lapsed(self, now: datetime, note: Note[Point] = no_note) -> list[Point]:
        """Suspend active points that may no longer be active, and return them.

        Their assessment ended; or they were taken over and not assessed in time; or their exemption ended. In the last
        case the newest surplus point is suspended as many days after the end as the profile gives notice (R-045).
        """
        async with writing(self._engine) as db:
            points = await units_store.all_points(db)
            over = await self._lapsed(db, points, now)
            lapsed = [await self._move(db, p, "suspend", "", over[p.id], now) for p in points if p.id in over]
            for point in lapsed:
                await note(db, point)
        return lapsed

    def first_due(self, point: Point) -> date | None:
        """Return the last day for the first assessment of a point that was taken over; None for others."""
        taken_over = point.taken_over
        return None if taken_over is None else assessment.first_due(taken_over, self._profiles.at(taken_over))

    async def taken_over(self, now: datetime) -> dict[tuple[str, date], list[Point]]:
        """Return the points that were taken over and must be assessed soon, by unit and last day."""
        async with self._engine.begin() as db:
            points = await units_store.all_points(db)
        due_points: dict[tuple[str, date], list[Point]] = {}
        for point in points:
            due = self.first_due(point)
            if due and self._profiles.day(now) <= due and self.ending_notice(due, now) is not None:
                due_points.setdefault((point.unit, due), []).append(point)
        return due_points

    async def ended_exemptions(self, now: datetime) -> list[Exemption]:
        """Return the ended exemptions for more points whose notice still runs (R-045)."""
        notice, day = timedelta(days=self._profiles.at(now).directory.exception_notice_days), self._profiles.day(now)
        exemptions = [each for each in await self.exemptions() if each.kind == "points"]
        return [each for each in exemptions if each.over(day) and not each.over(day - notice)]

    def suspension_day(self, exemption: Exemption, now: datetime) -> date:
        """Return the day from which an ended exemption no longer covers a point."""
        notice = self._profiles.at(now).directory.exception_notice_days
        return (exemption.valid_to or date.max - timedelta(notice + 1)) + timedelta(days=notice + 1)

    async def endings(self, now: datetime) -> list[Ending]:
        """Return what ends on coming days, the nearest day first."""
        async with self._engine.begin() as db:
            units, points = await units_store.units(db), await units_store.all_points(db)
            days = endings.days(self._profiles, units, self._profiles.day(now))
            farthest = now + timedelta(days=self._profiles.at(now).session.max_days_ahead)
            coming = await sessions_store.between(db, now, farthest) if days else []
        endings_ = [endings.ending(day, self._profiles, units, points, coming) for day in days]
        return [each for each in endings_ if each.units or each.operators]

    def ending_notice(self, day: date, now: datetime) -> int | None:
        """Return which notice of an ending is due now, as days before it; None before the first."""
        return endings.notice_due(day, self._profiles.at(now).directory.ending_notice_days, self._profiles.day(now))

    async def _lapsed(self, db: AsyncConnection, points: Sequence[Point], now: datetime) -> dict[str, str]:
        """Return which active points are to be suspended, with the word for the reason."""
        policy = self._profiles.at(now)
        day = self._profiles.day(now) - timedelta(days=policy.directory.exception_notice_days)
        over: dict[str, str] = {}
        latest = {a.point: a for a in reversed(await points_store.assessments(db))}
        for point in points:
            done = latest.get(point.id)
            if point.state == PointState.ACTIVE and done and done.expires and done.expires <= now:
                over[point.id] = "assessment-over"
            first = self.first_due(point)
            if first and first < self._profiles.day(now):
                over[point.id] = "not-assessed"
        documents = await points_store.exemptions(db)
        for unit in await units_store.units(db):
            exemptions = [each for each in documents if each.unit == unit.id]
            own = [point for point in points if point.unit == unit.id]
            if any(each.over(day) for each in exemptions):
                over |= {point.id: "exception-over" for point in quota.surplus(policy, unit, own, exemptions, day)}
        return over


def _follows(state: PointState, done: Assessment) -> Move | None:
    if state == PointState.AWAITING:
        return "fail" if done.result == "failed" else "pass"
    return "suspend" if done.result == "failed" else None


def _label(siblings: Sequence[Point]) -> str:
    return siblings[0].label if siblings else ""


def _check_label(label: str) -> None:
    faults = text.validate("label", label, MAX_LABEL)
    if faults:
        raise InvalidRequest(faults)


async def _point(db: AsyncConnection, point_id: str) -> Point:
    points = await units_store.points_named(db, [point_id])
    if point_id not in points:
        raise UnknownPoint(point_id)
    return points[point_id]


async def _unit(db: AsyncConnection, unit_id: str) -> Unit:
    unit = next((unit for unit in await units_store.units(db) if unit.id == unit_id), None)
    if unit is None:
        raise UnknownUnit(unit_id)
    return unit
