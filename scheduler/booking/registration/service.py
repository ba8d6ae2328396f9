"""Use cases of booking, as the server calls them: one method is one transaction; `now` is always an argument.

A use case that writes loads rows, calls pure rules and saves, all inside the one serialised write transaction, so that
no two registrations are ever decided on against the same free capacity (R-018).
"""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.admission import load as admission_load
from scheduler.booking.admission import rule as admission_rule
from scheduler.booking.admission import store as admission_store
from scheduler.booking.admission.commit import AdmissionCommit
from scheduler.booking.admission.queue_management import QueueManagement
from scheduler.booking.registration import drafts_store, refusals_store, request_validation
from scheduler.booking.sessions import access_window, codes, listing, occupation, preset_store, script
from scheduler.booking.sessions import store as sessions_store
from scheduler.booking.sessions.listing import Selection
from scheduler.booking.sessions.occupation import Occupation
from scheduler.calendar import store as calendar_store
from scheduler.calendar.day_corrections import CalendarCorrections, DayCorrection
from scheduler.calendar.deadlines import Clock
from scheduler.core import capacity_limit
from scheduler.core.database import prepare, writing
from scheduler.core.errors import (
    BadDevices,
    CapacityExceeded,
    CodeUnknown,
    DraftSettled,
    Ended,
    FieldError,
    InvalidRequest,
    NotLive,
    NotMissed,
    StateSecret,
    TooLate,
)
from scheduler.core.model import (
    OFFICIAL,
    REHEARSAL,
    SYSTEM,
    Act,
    Admit,
    AgendaEntry,
    Amount,
    Claim,
    ClassId,
    Draft,
    DraftState,
    FreeTimes,
    Happening,
    ImportResult,
    Interval,
    Limit,
    Limits,
    LoadStep,
    Phase,
    Point,
    PointState,
    RefusalWord,
    RefusedRegistration,
    Request,
    Revision,
    ScriptItem,
    Session,
    Slot,
    State,
    Unit,
    Usage,
    particulars_of,
)
from scheduler.core.note import Note, no_note
from scheduler.notifications import outbox, wording
from scheduler.policy import registrants
from scheduler.policy import store as policy_store
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.policy.registrants import Registrants
from scheduler.policy.store import StoredPolicy
from scheduler.units import store as units_store
from scheduler.units import units_file
from scheduler.units.device_count import set_devices
from scheduler.units.naming import MAX_DEVICES

LIMITS: tuple[Limit, Limit] = ("sessions", "points")
RATED = Amount(20, 250)
"""The default maximum: one meeting of all 169 points fits into the usable share, 200 less the test room."""
MAX_REFUSALS = 1000
MAX_STEPS = 4
"""The most steps that one extension may have; a host that needs more asks again."""

Refusal = StateSecret | TooLate | CapacityExceeded
REFUSALS: dict[type[Refusal], RefusalWord] = {StateSecret: "secret", TooLate: "late", CapacityExceeded: "capacity"}


class Scheduler:
    """Books sessions. `rated` is the maximum that holds until the first recorded capacity step.

    `channels` are where notices of decisions go. The profile in force on receipt decides on a registration; the profile
    at the session's start rules its access window and its code. It is one class, because its use cases share the write
    transaction, the profile in force and the capacity that one registration takes from another; decisions of the
    operator are in `operator`, uploads of profiles in :class:`scheduler.policy.upload.PolicyUpload`.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        profiles: Profiles,
        rated: Amount = RATED,
        channels: wording.Channels = wording.NOWHERE,
    ) -> None:
        prepare(engine)
        self._engine = engine
        self._profiles = profiles
        self._rated = rated
        self._channels = channels
        self.operator = QueueManagement(engine, profiles, rated, channels)

    async def check_code_key(self) -> None:
        """Decrypt one stored code. Raises LostKey if the key is not the one it was encrypted with."""
        async with self._engine.begin() as db:
            await sessions_store.check_code_key(db)

    # Profiles.

    async def check_profiles(self) -> None:
        """Compare the profiles with those stored. Raises PolicyError if a version has other contents than before."""
        async with self._engine.begin() as db:
            for policy in self._profiles.policies:
                await policy_store.known(db, policy)

    async def keep_profiles(self, now: datetime) -> None:
        """Store the profiles that decisions are taken under. Raises PolicyError as :meth:`check_profiles` does."""
        async with writing(self._engine) as db:
            for policy in self._profiles.policies:
                await policy_store.keep(db, policy, now)

    async def profiles(self) -> list[StoredPolicy]:
        """Return every profile ever used here, oldest first."""
        async with self._engine.begin() as db:
            return await policy_store.history(db)

    @property
    def all_profiles(self) -> Profiles:
        """All profiles over time."""
        return self._profiles

    def policy(self, now: datetime) -> Policy:
        """Return the profile in force."""
        return self._profiles.at(now)

    def day(self, now: datetime) -> date:
        """Return the day of the province."""
        return self._profiles.day(now)

    # Working time.

    async def calendar(self) -> CalendarCorrections:
        """Return the corrections to the calendar and the confirmed years."""
        async with self._engine.begin() as db:
            return await calendar_store.corrections(db)

    async def clock(self, now: datetime) -> Clock:
        """Return the clock that counts deadlines under the profile in force."""
        async with self._engine.begin() as db:
            return await self._clock(db, now)

    async def _clock(self, db: AsyncConnection, now: datetime) -> Clock:
        return Clock(self.policy(now), (await calendar_store.corrections(db)).calendar)

    async def correct_day(self, note: DayCorrection) -> None:
        """Make a day a working day or a day off, by a document."""
        async with writing(self._engine) as db:
            await calendar_store.set_day(db, note)

    async def uncorrect_day(self, day: date) -> None:
        """Delete the correction of a day."""
        async with writing(self._engine) as db:
            await calendar_store.unset_day(db, day)

    async def confirm_year(self, year: int, by: str, now: datetime) -> None:
        """Confirm that the calendar of a year is what was announced; deadlines in it are no longer provisional."""
        async with writing(self._engine) as db:
            await calendar_store.confirm(db, year, by, now)

    # Units and points.

    async def units(self, on: datetime | None = None) -> list[Unit]:
        """Return the units in registry order, all or those valid on a day."""
        async with self._engine.begin() as db:
            units = await units_store.units(db)
        return units if on is None else [unit for unit in units if unit.valid(self.day(on))]

    async def points(self, unit: str | None = None, on: datetime | None = None) -> list[Point]:
        """Return the points of a unit, or all, in registry order; with `on`, only of units valid on that day."""
        async with self._engine.begin() as db:
            points = await (units_store.all_points(db) if unit is None else units_store.points_of(db, unit))
        if on is None:
            return points
        valid = {unit.id for unit in await self.units(on)}
        return [point for point in points if point.unit in valid]

    async def point(self, point_id: str) -> Point:
        """Return a point. Raises UnknownPoint."""
        async with self._engine.begin() as db:
            return await units_store.point(db, point_id)

    async def set_devices(self, point_id: str, devices: int) -> Point:
        """Set how many devices a point has, for later registrations.

        Raises UnknownPoint, BadDevices, DevicesDescribed.
        """
        if not 1 <= devices <= MAX_DEVICES:
            raise BadDevices(devices)
        async with writing(self._engine) as db:
            point = await units_store.point(db, point_id)
            await set_devices(db, point, devices)
            return await units_store.point(db, point_id)

    async def import_units(
        self, text: str, state: PointState = PointState.ACTIVE, taken_over: datetime | None = None
    ) -> ImportResult:
        """Add or change units and their points from a units file (JSON text); new points are in `state`.

        Points that were in operation before the import are `taken_over` now. Raises BadUnits; then nothing changed.
        """
        async with writing(self._engine) as db:
            known = await units_store.registry_entries(db)
            read = units_file.parse(text, self._profiles, known.values())
            added = [new for new in read if new.unit.id not in known]
            changed = [new for new in read if new.unit.id in known and not new.same_as(known[new.unit.id])]
            for new in changed:
                await units_store.change(db, new, known[new.unit.id])
            points = [replace(new.point, state=state, taken_over=taken_over) for new in added]
            await units_store.add(db, [replace(new, point=point) for new, point in zip(added, points, strict=True)])
        return ImportResult(len(added), len(changed), len(read) - len(added) - len(changed))

    async def check_units(self, texts: Iterable[str]) -> None:
        """Read units files, each on top of those before it and of the units there are. Raises BadUnits."""
        async with self._engine.begin() as db:
            known = await units_store.registry_entries(db)
        for text in texts:
            known |= {new.unit.id: new for new in units_file.parse(text, self._profiles, known.values())}

    # Sessions.

    async def submit(
        self,
        request: Request,
        now: datetime,
        wait: bool = False,
        draft: str | None = None,
        note: Note[Session] = no_note,
    ) -> Session:
        """Register a request: it is issued, or with `wait` it waits in the order of registration.

        With `draft`, that draft is confirmed and gives the session its number. Raises InvalidRequest, UnknownDraft,
        DraftSettled, StateSecret, TooLate, CapacityExceeded (if `impossible` with `wait` too), NoWorkingDay. Then
        nothing changed but that the refusal is stored; the unit is notified of one for capacity.
        """
        async with writing(self._engine) as db:
            opened = None if draft is None else await self._open_draft(db, draft)
            checked, points, slots = await self._checked(db, request, now)
            host, commit = points[checked.host_point], self._commit(db, now, Act(request.submitted_by))
            received = opened.arrived if opened and opened.came_as_registration else now
            refused: Refusal | None = await self._refused_before_admission(db, checked, received, now)
            if refused is None:
                session = await self._new_session(db, checked, slots, received, now)
                claim = commit.claim(session, host)
                plan = await commit.decide(claim, wait)
                if isinstance(plan, Admit) or (wait and not plan.impossible):
                    number = opened.number if opened else await sessions_store.number(db, self.policy(now), now)
                    session = replace(session, number=number)
                    await commit.register(session, claim, plan)
                    await sessions_store.set_script(db, session.id, checked.script)
                    if opened:
                        by = checked.submitted_by
                        await drafts_store.settle(db, opened.id, DraftState.CONFIRMED, by, now, session=session.id)
                    return await _noted(db, session.id, note)
                refused = CapacityExceeded(plan)
                await outbox.tell(db, wording.of_refusal(checked, slots, host, str(refused)), self._channels, now)
            await refusals_store.add(db, self._refusal(checked, host, refused, now))
        raise refused

    async def _open_draft(self, db: AsyncConnection, draft_id: str) -> Draft:
        """Return a draft that is open. Raises UnknownDraft, DraftSettled."""
        draft = await drafts_store.known(db, draft_id)
        if draft.state != DraftState.OPEN:
            raise DraftSettled(draft.state)
        return draft

    async def _refused_before_admission(
        self, db: AsyncConnection, request: Request, received: datetime, now: datetime
    ) -> StateSecret | TooLate | None:
        """Return why a valid request is refused before admission: secret or late (Điều 5.2, 13.2.a); else None."""
        return StateSecret() if request.secret else await self._late(db, request, received, now)

    async def _late(self, db: AsyncConnection, request: Request, received: datetime, now: datetime) -> TooLate | None:
        """Return the refusal of a request that is received too late for its class (Điều 13.2.a); else None."""
        clock = await self._clock(db, now)
        counted = clock.deadlines(request.klass, received, request.official.start)
        if counted.latest is None or not counted.late:
            return None
        zone, article = self.policy(now).zone, self.policy(now).classes[request.klass].article
        remaining = tuple(
            (class_id, latest and latest.astimezone(zone))
            for class_id, latest in clock.remaining(received, request.official.start)
        )
        effective, latest = counted.effective.astimezone(zone), counted.latest.astimezone(zone)
        return TooLate(request.klass, article, effective, latest, remaining)

    def _refusal(self, request: Request, host: Point, refused: Refusal, now: datetime) -> RefusedRegistration:
        secret = isinstance(refused, StateSecret)
        return RefusedRegistration(
            at=now,
            unit=host.unit,
            host_point=host.id,
            title="" if secret else request.title,
            klass=request.klass,
            official=request.official,
            word=REFUSALS[type(refused)],
            detail="" if secret else str(refused),
            by=request.submitted_by,
            profile=self.policy(now).stamp,
        )

    async def refusals(self, start: datetime, end: datetime) -> list[RefusedRegistration]:
        """Return the registrations that were refused in [start, end), the latest thousand, newest first."""
        async with self._engine.begin() as db:
            return await refusals_store.between(db, start, end, MAX_REFUSALS)

    async def registrants(self, host_point: str, purpose: str, klass: ClassId, start: datetime) -> Registrants:
        """Return the units that may register a session, by the profile of its start (Điều 12). Raises UnknownPoint."""
        async with self._engine.begin() as db:
            point = await units_store.point(db, host_point)
            units = await units_store.units(db)
        host = next(unit for unit in units if unit.id == point.unit)
        return registrants.registrants(host, units, purpose, klass, self.policy(start), self.day(start))

    def _commit(self, db: AsyncConnection, now: datetime, act: Act = SYSTEM) -> AdmissionCommit:
        return AdmissionCommit(db, self._profiles, self._rated, self._channels, now, act)

    async def _checked(
        self, db: AsyncConnection, request: Request, now: datetime
    ) -> tuple[Request, Mapping[str, Point], tuple[Slot, ...]]:
        """Return a request normalised, its points and its slots. Raises InvalidRequest."""
        points = await units_store.points_named(db, request.everyone)
        checked = request_validation.validate(request, points, self.policy(now), now)
        await self._check_units(db, checked, points)
        other = self.policy(checked.official.start).other_legs(checked.recording, checked.purpose)
        return checked, points, admission_rule.slots(checked, points, other)

    async def _check_units(self, db: AsyncConnection, request: Request, points: Mapping[str, Point]) -> None:
        units = {unit.id: unit for unit in await units_store.units(db)}
        faults = request_validation.unit_errors(request, points, units, self.day(request.official.start))
        faults += request_validation.point_errors(request, points)
        if faults:
            raise InvalidRequest(faults)

    async def _new_session(
        self, db: AsyncConnection, request: Request, slots: tuple[Slot, ...], received: datetime, now: datetime
    ) -> Session:
        """Return a waiting session for a request, with the next place in the order and without a number."""
        clock = await self._clock(db, now)
        counted = clock.deadlines(request.klass, received, request.official.start)
        return Session(
            id=uuid.uuid4().hex,
            number="",
            seq=await sessions_store.next_seq(db),
            slots=slots,
            legs=slots[-1].legs,
            state=State.WAITING,
            code=None,
            created=now.astimezone(UTC).replace(microsecond=0),
            profile=self.policy(now).stamp,
            submitted_by=request.submitted_by,
            klass=request.klass,
            received=counted.received.astimezone(UTC).replace(microsecond=0),
            effective=counted.effective.astimezone(UTC).replace(microsecond=0),
            reply_due=counted.reply.replace(microsecond=0),
            check_due=clock.check(slots[0].start),
            provisional=counted.provisional,
            **particulars_of(request),
        )

    async def cancel(self, session_id: str, now: datetime, act: Act = SYSTEM, note: Note[Session] = no_note) -> Session:
        """Cancel a session: its code is dead, its capacity goes to the queue. Raises UnknownSession, Ended.

        Cancelling a cancelled session changes nothing.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            if self.phase(session, now) == "ended":
                raise Ended
            if session.state != State.CANCELLED:
                await self._commit(db, now, act).cancel(session_id)
            return await _noted(db, session_id, note)

    async def opened(self, session_id: str, now: datetime) -> None:
        """Record that the meeting of a session was opened."""
        async with writing(self._engine) as db:
            await admission_store.record_happening(db, session_id, "opened", now, None, SYSTEM, self.policy(now).stamp)

    async def release(
        self, session_id: str, now: datetime, act: Act = SYSTEM, note: Note[Session] = no_note
    ) -> Session:
        """Cancel a session that nobody opened, some time after its start: the rest of its time is free (I-03).

        Raises UnknownSession, Ended (also when cancelled), NotMissed.
        """
        async with writing(self._engine) as db:
            session = await self._current_session(db, session_id, now)
            rules, start = self.policy(session.official.start).door, session.official.start
            seen = [h.at for h in await admission_store.history(db, session_id) if h.kind == "opened"]
            if now < start + rules.missed or any(at >= start - rules.lobby for at in seen):
                raise NotMissed(start + rules.missed)
            await self._commit(db, now, act).cancel(session_id, "released")
            return await _noted(db, session_id, note)

    async def amend(
        self, session_id: str, request: Request, now: datetime, act: Act = SYSTEM, note: Note[Session] = no_note
    ) -> Session:
        """Replace the request of a session: a smaller one keeps its place in the order, a larger gets a new one.

        The code stays. A move to another start must come as early before it as a registration. Raises UnknownSession,
        Ended (also when cancelled), InvalidRequest, TooLate, CapacityExceeded. Then nothing changed but that a TooLate
        refusal is stored.
        """
        async with writing(self._engine) as db:
            old = await self._current_session(db, session_id, now)
            checked, points, slots = await self._checked(db, request, now)
            moved = checked.official.start != old.official.start and not admission_rule.contained(slots, old.slots)
            refused = await self._late(db, checked, now, now) if moved else None
            if refused is None:
                new = replace(
                    old,
                    slots=slots,
                    legs=slots[-1].legs,
                    check_due=(await self._clock(db, now)).check(slots[0].start),
                    **particulars_of(checked),
                )
                await self._commit(db, now, act).amend(old, new, points[new.host_point])
                return await _noted(db, session_id, note)
            by = replace(checked, submitted_by=act.by or checked.submitted_by)
            await refusals_store.add(db, self._refusal(by, points[checked.host_point], refused, now))
        raise refused

    async def invite(
        self, session_id: str, point_id: str, now: datetime, act: Act = SYSTEM, note: Note[Session] = no_note
    ) -> Session:
        """Invite one more point from now on, also while the meeting is live (Điều 3.7, R-011).

        Raises UnknownSession, UnknownPoint, Ended (also when cancelled), CapacityExceeded; then nothing changed.
        """
        async with writing(self._engine) as db:
            old = await self._current_session(db, session_id, now)
            point = await units_store.point(db, point_id)
            slots = tuple(replace(s, legs=s.legs + point.devices) if s.end > now else s for s in old.slots)
            new = replace(old, points=(*old.points, point_id), slots=slots, legs=old.legs + point.devices)
            host = await units_store.point(db, old.host_point)
            await self._commit(db, now, act).amend(old, new, host)
            return await _noted(db, session_id, note)

    async def extend(
        self, session_id: str, steps: int, now: datetime, act: Act = SYSTEM, note: Note[Session] = no_note
    ) -> Session:
        """Extend a live meeting by so many steps of the profile (R-080, I-06); fewer than 0 take an extension back.

        Who took it by mistake gives the capacity back; the new end must be in the future, as one of an amendment.

        Raises UnknownSession, Ended (also when cancelled), NotLive, InvalidRequest, CapacityExceeded.
        """
        async with writing(self._engine) as db:
            old = await self._current_session(db, session_id, now)
            new = self._extended(old, steps, now)
            host = await units_store.point(db, old.host_point)
            await self._commit(db, now, act).amend(old, new, host, "extended" if steps > 0 else "amended")
            return await _noted(db, session_id, note)

    def _extended(self, old: Session, steps: int, now: datetime) -> Session:
        """Return a live session with another end. Raises NotLive, InvalidRequest."""
        if not old.official.start <= now or self.phase(old, now) != "open":
            raise NotLive
        policy = self.policy(now)
        end = old.official.end + steps * policy.registration.extension
        word = request_validation.end_error(Interval(old.official.start, end), policy.session, now)
        if word:
            raise InvalidRequest([FieldError("official", word)])
        slots = tuple(replace(s, end=end.astimezone(UTC)) if s.kind == OFFICIAL else s for s in old.slots)
        return replace(old, slots=slots)

    async def extensible(self, session_id: str, now: datetime) -> int:
        """Return by how many steps, four at most, a meeting can be extended now; 0 if it is not live.

        Raises UnknownSession.
        """
        async with self._engine.begin() as db:
            session = await sessions_store.known(db, session_id)
            commit, host = self._commit(db, now), await units_store.point(db, session.host_point)
            for steps in range(MAX_STEPS, 0, -1):
                try:
                    claim = commit.claim(self._extended(session, steps, now), host)
                except (NotLive, InvalidRequest):
                    continue
                if await commit.obstacle(commit.more(claim, session)) is None:
                    return steps
            return 0

    async def _current_session(self, db: AsyncConnection, session_id: str, now: datetime) -> Session:
        """Return a session that is neither over nor cancelled. Raises UnknownSession, Ended."""
        session = await sessions_store.known(db, session_id)
        if self.phase(session, now) in {"ended", "cancelled"}:
            raise Ended
        return session

    async def script(self, session_id: str) -> tuple[ScriptItem, ...]:
        """Return the script items of a session in order; none for an unknown session."""
        async with self._engine.begin() as db:
            return await sessions_store.script(db, session_id)

    async def set_script(
        self, session_id: str, items: Sequence[ScriptItem], now: datetime, note: Note[Session] = no_note
    ) -> tuple[ScriptItem, ...]:
        """Replace a script until the session has ended; items without an id get one.

        Raises UnknownSession, Ended (also when it was cancelled), InvalidRequest.
        """
        normalised = script.normalise(items)
        async with writing(self._engine) as db:
            session = await self._current_session(db, session_id, now)
            faults = script.validate(normalised, session.everyone, self.policy(now).session.max_title)
            if faults:
                raise InvalidRequest(faults)
            await sessions_store.set_script(db, session_id, normalised)
            await note(db, session)
        return normalised

    async def presets(self, session_id: str) -> dict[int, str]:
        """Return the layout presets of a session by number, as JSON; a new one has those of its host's latest."""
        async with self._engine.begin() as db:
            return await preset_store.of_session(db, session_id)

    async def set_presets(self, session_id: str, presets: dict[int, str]) -> None:
        """Replace the layout presets of a session."""
        async with writing(self._engine) as db:
            await preset_store.replace(db, session_id, presets)

    async def session(self, session_id: str) -> Session:
        """Return a session. Raises UnknownSession."""
        async with self._engine.begin() as db:
            return await sessions_store.known(db, session_id)

    async def submitted(self, by: str) -> Session | None:
        """Return the latest session that an account submitted; None if there is none."""
        async with self._engine.begin() as db:
            return await sessions_store.submitted(db, by)

    async def live_code(self, session_id: str) -> str | None:
        """Return the live code of a session; None if it has none or does not exist."""
        async with self._engine.begin() as db:
            session = await sessions_store.one(db, session_id)
        return session.code if session else None

    async def named(self, ids: Iterable[str]) -> list[Session]:
        """Return the sessions with these ids, without those that do not exist, in the order of registration."""
        async with self._engine.begin() as db:
            return await sessions_store.named(db, ids)

    async def sessions(self, start: datetime, end: datetime, units: Collection[str] | None = None) -> list[Session]:
        """Return sessions with a slot in [start, end), ordered by their first start.

        With `units`, only sessions that have a point of these units as host or component.
        """
        async with self._engine.begin() as db:
            return await sessions_store.between(db, start, end, units)

    async def revisions(self, sessions: Collection[str]) -> dict[str, Revision]:
        """Return the newest revision of each of these sessions, by id."""
        async with self._engine.begin() as db:
            return await admission_store.revisions(db, sessions)

    async def occupied(self, start: datetime, end: datetime, skip: int, limit: int) -> list[Occupation]:
        """Return a page of the points that are in an issued session in [start, end), by start."""
        async with self._engine.begin() as db:
            return await occupation.page(db, start, end, skip, limit)

    async def page(
        self, selection: Selection, now: datetime, limit: int, after: Session | None = None
    ) -> list[Session]:
        """Return the first `limit` sessions of a selection, or the next ones behind a session, by official start."""
        async with self._engine.begin() as db:
            return await listing.page(db, selection, after, limit, self._profiles, now)

    async def agenda(
        self, start: datetime, end: datetime, now: datetime, units: Collection[str] | None = None
    ) -> list[AgendaEntry]:
        """Return the slots of sessions in [start, end), by start; with `units` only slots that concern them."""
        async with self._engine.begin() as db:
            return await sessions_store.agenda(db, start, end, units, lambda at: self.policy(at).door, now)

    # Joining by a code.

    async def by_code(self, code: str) -> Session:
        """Return the session a code was issued for, live or dead. Raises CodeUnknown."""
        async with self._engine.begin() as db:
            session = await sessions_store.by_code(db, self.typed(code))
        if session is None:
            raise CodeUnknown
        return session

    def typed(self, text: str) -> str:
        """Return the code in a typed text, with the number of digits of one of the profiles. Raises CodeUnknown."""
        for policy in self._profiles.policies:
            code = codes.typed(text, policy.code.digits)
            if code is not None:
                return code
        raise CodeUnknown

    async def enter(self, code: str, point_id: str | None, now: datetime) -> Session:
        """Admit a point to the session of a code; `point_id` None: a person without a point.

        Raises CodeUnknown, NotInvited, Cancelled, Ended, Revoked, TooEarly.
        """
        session = await self.by_code(code)
        dead = session.code != self.typed(code)
        access_window.check(session, point_id, self.policy(session.official.start).door, now, dead)
        return session

    def phase(self, session: Session, now: datetime) -> Phase:
        """Return the phase of a session at `now`."""
        return access_window.phase(session, self.policy(session.official.start).door, now)

    # Capacity.

    async def load(self, start: datetime, end: datetime) -> list[LoadStep]:
        """Return the load over [start, end) as steps without gaps; none for an empty interval."""
        window = Interval(start, end)
        async with self._engine.begin() as db:
            return admission_load.merged(admission_load.sweep(await sessions_store.held(db, window), window))

    async def waiting_load(self, start: datetime, end: datetime) -> list[LoadStep]:
        """Return the load over [start, end) that sessions would add which wait for a code."""
        window = Interval(start, end)
        async with self._engine.begin() as db:
            return admission_load.merged(admission_load.sweep(await sessions_store.queued(db, window), window))

    async def free_times(
        self, rehearsal: Interval | None, official: Interval, legs: int, klass: ClassId, now: datetime
    ) -> FreeTimes:
        """Return whether a session of so many legs fits at these times, and other free times. Raises InvalidRequest."""
        faults = request_validation.time_errors(rehearsal, official, self.policy(now).session, now)
        if faults:
            raise InvalidRequest(faults)
        slots: tuple[Slot, ...] = (Slot(OFFICIAL, official.start, official.end, legs),)
        if rehearsal:
            slots = (Slot(REHEARSAL, rehearsal.start, rehearsal.end, legs), *slots)
        async with self._engine.begin() as db:
            return await self._commit(db, now).free_times(Claim("", 0, 0, slots, klass))

    async def usage(self, start: datetime, end: datetime) -> Usage:
        """Return the peak load in [start, end), and how many sessions waited, lost a code or were refused (R-113)."""
        window = Interval(start, end)
        async with self._engine.begin() as db:
            steps = admission_load.sweep(await sessions_store.held(db, window), window)
            waited, revoked = await admission_store.counts(db, window)
            refused = await refusals_store.count_capacity_refusals(db, window)
        sessions, points = (admission_load.peak(steps, what) for what in LIMITS)
        return Usage(
            sessions=sessions.sessions if sessions else 0,
            sessions_at=sessions.start if sessions else None,
            points=points.points if points else 0,
            points_at=points.start if points else None,
            waited=waited,
            revoked=revoked,
            refused=refused,
        )

    async def limits(self, now: datetime) -> Limits:
        """Return the maximum and the usable share at `now`."""
        async with self._engine.begin() as db:
            maximum = await admission_store.capacity_limit(db, self._rated)
        return Limits(maximum.at(now), self.policy(now).capacity.usable(maximum.at(now)))

    async def capacity_limit(self) -> capacity_limit.CapacityLimit:
        """Return the rated maximum over time, as recorded and planned."""
        async with self._engine.begin() as db:
            return await admission_store.capacity_limit(db, self._rated)

    # History.

    async def happenings(self, after: int, limit: int = 1000) -> list[Happening]:
        """Return history rows of all sessions after the row with this id, oldest first."""
        async with self._engine.begin() as db:
            return await admission_store.happenings(db, after, limit)

    async def history(self, session_id: str) -> list[Happening]:
        """Return the history of a session, oldest first (I-01)."""
        async with self._engine.begin() as db:
            return await admission_store.history(db, session_id)


async def _noted(db: AsyncConnection, session_id: str, note: Note[Session]) -> Session:
    """Return a session after a change, which is noted in its transaction."""
    session = await sessions_store.known(db, session_id)
    await note(db, session)
    return session
