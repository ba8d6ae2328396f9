"""The scheduler as the roof sees it: one method per use case, each one transaction; `now` is always an argument.

A use case that writes loads, lets a pure module decide, and saves, all inside the one serialised write transaction, so
that no two registrations are ever weighed against the same free capacity (R-018).
"""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler import (
    admission,
    calendar_store,
    capacity,
    codes,
    door,
    intake,
    notices,
    outbox,
    profile_store,
    registry,
    registry_store,
    script,
    store,
)
from scheduler.calendar import DayNote, Notes
from scheduler.database import prepare, writing
from scheduler.deadlines import Clock
from scheduler.errors import (
    BadDevices,
    CapacityExceeded,
    CodeUnknown,
    Ended,
    InvalidRequest,
    UnknownPoint,
    UnknownSession,
)
from scheduler.migrations import migrate
from scheduler.model import (
    Admit,
    Amount,
    Imported,
    Interval,
    Limits,
    LoadStep,
    Phase,
    Point,
    Refuse,
    Request,
    ScriptItem,
    Session,
    Slot,
    Unit,
)
from scheduler.naming import MAX_DEVICES
from scheduler.policy import Policy
from scheduler.profile_store import Kept
from scheduler.profiles import Profiles
from scheduler.settings import RATED


class Scheduler:
    """Books sessions. `rated` is the maximum that holds until the first recorded capacity step.

    `channels` are where decisions are told. A registration is judged by the profile in force when it comes; door and
    code by the one of the session's start.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        profiles: Profiles,
        rated: Amount = RATED,
        channels: notices.Channels = notices.NOWHERE,
    ) -> None:
        prepare(engine)
        self._engine = engine
        self._profiles = profiles
        self._rated = rated
        self._channels = channels

    async def migrate(self) -> None:
        """Bring the scheduler's own tables up to date."""
        await migrate(self._engine)

    # Profiles.

    async def keep_profiles(self, now: datetime) -> None:
        """Keep what decisions are taken under. Raises PolicyError: a version has other contents than before."""
        async with writing(self._engine) as db:
            for policy in self._profiles.shelf:
                await profile_store.keep(db, policy, now)

    async def profiles(self) -> list[Kept]:
        """Return every profile ever used here, oldest first."""
        async with self._engine.begin() as db:
            return await profile_store.history(db)

    def policy(self, now: datetime) -> Policy:
        """Return the profile in force."""
        return self._profiles.at(now)

    # Working time.

    async def calendar(self) -> Notes:
        """Return the corrections to the calendar and the confirmed years."""
        async with self._engine.begin() as db:
            return await calendar_store.notes(db)

    async def clock(self, now: datetime) -> Clock:
        """Return what counts deadlines under the profile in force."""
        return Clock(self.policy(now), (await self.calendar()).calendar)

    async def correct_day(self, note: DayNote) -> None:
        """Make a day a working day or a day off, by a document."""
        async with writing(self._engine) as db:
            await calendar_store.set_day(db, note)

    async def uncorrect_day(self, day: date) -> None:
        """Take the correction of a day back."""
        async with writing(self._engine) as db:
            await calendar_store.unset_day(db, day)

    async def confirm_year(self, year: int, by: str, now: datetime) -> None:
        """Confirm that the calendar of a year is what was announced; deadlines in it are no longer provisional."""
        async with writing(self._engine) as db:
            await calendar_store.confirm(db, year, by, now)

    # Units and points.

    async def units(self, on: datetime | None = None) -> list[Unit]:
        """Return all units in registry order, or those that are units on a day."""
        async with self._engine.begin() as db:
            units = await registry_store.units(db)
        return units if on is None else [unit for unit in units if unit.valid(self._day(on))]

    def _day(self, instant: datetime) -> date:
        return instant.astimezone(self.policy(instant).zone).date()

    async def points(self, unit: str | None = None, on: datetime | None = None) -> list[Point]:
        """Return the points of a unit, or all, in registry order; with `on`, only of units valid on that day."""
        async with self._engine.begin() as db:
            points = await (registry_store.all_points(db) if unit is None else registry_store.points_of(db, unit))
        if on is None:
            return points
        valid = {unit.id for unit in await self.units(on)}
        return [point for point in points if point.unit in valid]

    async def point(self, point_id: str) -> Point:
        """Return a point. Raises UnknownPoint."""
        async with self._engine.begin() as db:
            return await _point(db, point_id)

    async def set_devices(self, point_id: str, devices: int) -> Point:
        """Set the device register of a point, for later registrations. Raises UnknownPoint, BadDevices."""
        if not 1 <= devices <= MAX_DEVICES:
            raise BadDevices(devices)
        async with writing(self._engine) as db:
            point = await _point(db, point_id)
            await registry_store.set_devices(db, point_id, devices)
        return replace(point, devices=devices)

    async def import_units(self, text: str) -> Imported:
        """Add or change units and their points from a units file (JSON text). Raises BadUnits; then nothing changed."""
        async with writing(self._engine) as db:
            known = await registry_store.registered(db)
            read = registry.parse(text, self._profiles, known.values())
            added = [new for new in read if new.unit.id not in known]
            changed = [new for new in read if new.unit.id in known and not new.same_as(known[new.unit.id])]
            for new in changed:
                await registry_store.change(db, new)
            for new in added:
                await registry_store.add(db, new)
        return Imported(len(added), len(changed), len(read) - len(added) - len(changed))

    # Sessions.

    async def submit(self, request: Request, now: datetime) -> Session:
        """Admit a request and issue its code.

        Raises InvalidRequest, CapacityExceeded; then nothing changed, but a refusal is told to the unit.
        """
        async with writing(self._engine) as db:
            points = await registry_store.points_named(db, (request.host_point, *request.points))
            checked = intake.check(request, points, self.policy(now).session, now)
            await self._check_units(db, checked, points)
            asked = admission.slots(checked, points, self.policy(now).capacity.recorder_legs)
            plan = await self._plan(db, asked, now)
            host = points[checked.host_point]
            if isinstance(plan, Admit):
                session = await self._issue(db, checked, plan, now)
                await self._tell(db, notices.of_session("granted", session, host), now)
                return session
            refused = CapacityExceeded(plan)
            await self._tell(db, notices.of_refusal(checked, asked, host, str(refused)), now)
        raise refused

    async def _tell(self, db: AsyncConnection, notice: notices.Notice, now: datetime) -> None:
        await outbox.tell(db, notice, self._channels, now)

    async def _check_units(self, db: AsyncConnection, request: Request, points: Mapping[str, Point]) -> None:
        units = {unit.id: unit for unit in await registry_store.units(db)}
        faults = intake.unit_errors(request, points, units, self._day(request.official.start))
        if faults:
            raise InvalidRequest(faults)

    async def _plan(self, db: AsyncConnection, asked: tuple[Slot, ...], now: datetime) -> Admit | Refuse:
        window = admission.search_window(asked, self.policy(now), now)
        held = await store.held(db, window)
        usable = (await store.ceiling(db, self._rated)).share(self.policy(now).capacity.share)
        return admission.plan(asked, held, usable, window, self.policy(now).session.suggestions)

    async def _issue(self, db: AsyncConnection, request: Request, plan: Admit, now: datetime) -> Session:
        """Commit an admission: the next place in the order, the next number, a code never used before."""
        policy = self.policy(now)
        year = now.astimezone(policy.zone).year
        number = await store.next_number(db, year)
        session = Session(
            id=uuid.uuid4().hex,
            number=f"{policy.session.number_prefix}-{year}-{number:04}",
            seq=await store.next_seq(db),
            title=request.title,
            host_point=request.host_point,
            points=request.points,
            slots=plan.slots,
            contact_name=request.contact_name,
            contact_phone=request.contact_phone,
            recording=request.recording,
            legs=plan.slots[-1].legs,
            state="issued",
            code=await self._fresh_code(db, policy.code.digits),
            created=now.astimezone(UTC).replace(microsecond=0),
            profile=policy.stamp,
            submitted_by=request.submitted_by,
            voices=request.voices,
        )
        await store.add(db, session)
        await store.set_script(db, session.id, request.script)
        return session

    async def _fresh_code(self, db: AsyncConnection, digits: int) -> str:
        while await store.code_used(db, code := codes.fresh(digits)):
            pass
        return code

    async def cancel(self, session_id: str, now: datetime) -> Session:
        """Cancel a session: its capacity is free at once, its code dead. Raises UnknownSession, Ended.

        Cancelling a cancelled session changes nothing.
        """
        async with writing(self._engine) as db:
            session = await _session(db, session_id)
            if self.phase(session, now) == "ended":
                raise Ended
            await store.cancel(db, session_id)
            host = await _point(db, session.host_point)
            await self._tell(db, notices.of_session("cancelled", session, host), now)
        return replace(session, state="cancelled", code=None)

    async def script(self, session_id: str) -> tuple[ScriptItem, ...]:
        """Return the script of a session in order; nothing for an unknown one."""
        async with self._engine.begin() as db:
            return await store.script(db, session_id)

    async def set_script(self, session_id: str, items: Sequence[ScriptItem], now: datetime) -> tuple[ScriptItem, ...]:
        """Replace a script until the session has ended; items without an id get one.

        Raises UnknownSession, Ended (also when it was cancelled), InvalidRequest.
        """
        given = script.normal(items)
        async with writing(self._engine) as db:
            session = await _session(db, session_id)
            if self.phase(session, now) in {"ended", "cancelled"}:
                raise Ended
            faults = script.faults(given, (session.host_point, *session.points), self.policy(now).session.max_title)
            if faults:
                raise InvalidRequest(faults)
            await store.set_script(db, session_id, given)
        return given

    async def session(self, session_id: str) -> Session:
        """Return a session. Raises UnknownSession."""
        async with self._engine.begin() as db:
            return await _session(db, session_id)

    async def sessions(
        self,
        start: datetime,
        end: datetime,
        units: Collection[str] | None = None,
        points: Collection[str] | None = None,
    ) -> list[Session]:
        """Return sessions with a slot in [start, end), ordered by their first start.

        With `units` or `points`, only those whose host or component is one of the points or a point of the units.
        """
        async with self._engine.begin() as db:
            return await store.between(db, start, end, units, points)

    # The door.

    async def by_code(self, code: str) -> Session:
        """Return the session a code was issued for, dead or alive. Raises CodeUnknown."""
        forms = {codes.typed(code, policy.code.digits) for policy in self._profiles.shelf}
        typed = next((form for form in forms if form), None)
        async with self._engine.begin() as db:
            session = await store.by_code(db, typed) if typed else None
        if session is None:
            raise CodeUnknown
        return session

    async def enter(self, code: str, point_id: str | None, now: datetime) -> Session:
        """Open the door with a code; `point_id` None is somebody without a point whom the caller answers for.

        Raises CodeUnknown, NotInvited, Cancelled, Ended, TooEarly.
        """
        session = await self.by_code(code)
        door.check(session, point_id, self.policy(session.official.start).door, now)
        return session

    def phase(self, session: Session, now: datetime) -> Phase:
        """Return where a session stands at `now`."""
        return door.phase(session, self.policy(session.official.start).door, now)

    # Capacity.

    async def load(self, start: datetime, end: datetime) -> list[LoadStep]:
        """Return the load over [start, end) as steps without gaps; nothing for an empty interval."""
        window = Interval(start, end)
        async with self._engine.begin() as db:
            return capacity.merged(capacity.sweep(await store.held(db, window), window))

    async def limits(self, now: datetime) -> Limits:
        """Return the maximum and the usable share at `now`."""
        async with self._engine.begin() as db:
            maximum = await store.ceiling(db, self._rated)
        return Limits(maximum.at(now), maximum.share(self.policy(now).capacity.share).at(now))

    async def set_capacity(self, since: datetime, maximum: Amount) -> None:
        """Record that from `since` (whole seconds) on the rated maximum is this; codes already issued stay (A20)."""
        async with writing(self._engine) as db:
            await store.set_capacity(db, since, maximum)


async def _point(db: AsyncConnection, point_id: str) -> Point:
    points = await registry_store.points_named(db, [point_id])
    if point_id not in points:
        raise UnknownPoint(point_id)
    return points[point_id]


async def _session(db: AsyncConnection, session_id: str) -> Session:
    session = await store.one(db, session_id)
    if session is None:
        raise UnknownSession(session_id)
    return session
