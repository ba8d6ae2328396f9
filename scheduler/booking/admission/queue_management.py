"""Use cases of the operator: issue queued sessions by confirming held plans, change the maximum (docs/admission.md).

:class:`scheduler.booking.registration.service.Scheduler` makes it, on the same database and with the same rules.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.admission import store as admission_store
from scheduler.booking.admission.commit import AdmissionCommit
from scheduler.booking.sessions import states
from scheduler.booking.sessions import store as sessions_store
from scheduler.booking.sessions.states import QUEUED
from scheduler.core import capacity_limit
from scheduler.core.database import writing
from scheduler.core.errors import CapacityExceeded
from scheduler.core.model import SYSTEM, Act, Admit, Amount, Claim, HeldPlan, Overrun, Queued, Refuse, Session
from scheduler.core.note import Note, no_note
from scheduler.notifications import wording
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


class QueueManagement:
    """Lists the queue, holds and confirms plans, changes the rated maximum. One method is one transaction."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, rated: Amount, channels: wording.Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._rated = rated
        self._channels = channels

    def _commit(self, db: AsyncConnection, now: datetime, act: Act = SYSTEM) -> AdmissionCommit:
        return AdmissionCommit(db, self._profiles, self._rated, self._channels, now, act)

    async def queue(self, now: datetime) -> list[Queued]:
        """Return the sessions that wait for capacity, highest rank and earliest first, each with its decision now."""
        async with self._engine.begin() as db:
            commit = await self._commit(db, now).with_snapshot()
            queue = commit.snapshot.queue if commit.snapshot else ()
            sessions = {
                session.id: session for session in await sessions_store.named(db, [claim.id for claim in queue])
            }
            plans = await admission_store.held_plans(db)
            return [await self._queued(commit, each, sessions[each.id], plans.get(each.id)) for each in queue]

    async def queued_session(self, session_id: str, now: datetime) -> Queued | None:
        """Return why a session waits and which plan would issue it; None if it does not wait. Raises UnknownSession."""
        async with self._engine.begin() as db:
            session = await sessions_store.known(db, session_id)
            if session.state not in QUEUED:
                return None
            commit = self._commit(db, now)
            held = await admission_store.held_plan(db, session.id)
            return await self._queued(commit, await _claim(commit, session), session, held)

    async def _queued(self, commit: AdmissionCommit, claim: Claim, session: Session, held: HeldPlan | None) -> Queued:
        plan = await commit.plan(claim)
        reason = plan if isinstance(plan, Refuse) else await commit.reason(claim) if plan.victims else None
        issue = plan if isinstance(plan, Admit) else Admit()
        fresh = held and commit.now < held.until and held.victims == issue.victims
        shown = replace(held, spared=issue.spared) if held and fresh else None
        ahead = await commit.ahead(claim)
        return Queued(session, isinstance(plan, Admit), issue.victims, reason, shown, ahead)

    async def hold(self, session_id: str, now: datetime, note: Note[HeldPlan] = no_note) -> HeldPlan:
        """Make the plan that would issue a queued session and hold it for confirmation.

        Raises UnknownSession, IllegalMove, CapacityExceeded.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            states.after(session.state, "issue")
            commit = self._commit(db, now)
            plan = await commit.plan(await _claim(commit, session))
            if isinstance(plan, Refuse):
                raise CapacityExceeded(plan)
            held = await commit.hold(session_id, plan)
            await note(db, held)
            return held

    async def confirm(
        self,
        session_id: str,
        version: int,
        now: datetime,
        act: Act = SYSTEM,
        override: bool = False,
        note: Note[Session] = no_note,
    ) -> Session | HeldPlan:
        """Apply a held plan: its victims lose their codes, the session is issued.

        A plan that expired or would have other victims now is not applied but held anew and returned for review.
        Raises UnknownSession, IllegalMove, CapacityExceeded, OutOfOrder unless `override`.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            host = await units_store.point(db, session.host_point)
            stale = await self._commit(db, now, act).confirm(session, host, version, override)
            if stale is not None:
                return stale
            issued = await sessions_store.known(db, session_id)
            await note(db, issued)
            return issued

    async def overruns(self, now: datetime) -> list[Overrun]:
        """Return the meetings that end soon and cannot be extended by one step, each with the reason (I-06)."""
        async with self._engine.begin() as db:
            commit = self._commit(db, now)
            overruns = await commit.overruns(commit.policy.registration.extension)
        return [Overrun(session, reason) for session, reason in overruns]

    # Capacity.

    async def set_capacity(
        self,
        since: datetime,
        maximum: Amount,
        now: datetime,
        until: datetime | None = None,
        note: Note[tuple[str, ...]] = no_note,
    ) -> tuple[str, ...]:
        """Set the maximum from `since` (whole seconds) on, or only `until`; added capacity serves the queue.

        Codes already issued stay (A20) unless even the whole maximum is exceeded. Then the ids of sessions that should
        lose their codes are returned, for :meth:`shed` to revoke once the operator confirms them (docs/admission.md).
        """
        async with writing(self._engine) as db:
            changed = _changed(await admission_store.capacity_limit(db, self._rated), since, maximum, until)
            await admission_store.set_capacity_limit(db, changed)
            commit = self._commit(db, now)
            await commit.serve_queue()
            due = await commit.codes_to_revoke(changed)
            await note(db, due)
            return due

    async def impact(
        self, since: datetime, maximum: Amount, now: datetime, until: datetime | None = None
    ) -> tuple[str, ...]:
        """Return the ids of sessions that would lose their codes by `set_capacity`, lowest rank first."""
        async with self._engine.begin() as db:
            changed = _changed(await admission_store.capacity_limit(db, self._rated), since, maximum, until)
            return await self._commit(db, now).codes_to_revoke(changed)

    async def shed(
        self, victims: Sequence[str], now: datetime, act: Act = SYSTEM, note: Note[tuple[str, ...]] = no_note
    ) -> tuple[str, ...] | None:
        """Revoke the codes of `victims` for lack of capacity.

        If other sessions have to lose their codes now, nothing changes and their ids are returned.
        """
        async with writing(self._engine) as db:
            commit = self._commit(db, now, act)
            due = await commit.codes_to_revoke(await admission_store.capacity_limit(db, self._rated))
            if due != tuple(victims):
                return due
            freed = await commit.revoke(due, None)
            await commit.tell_revoked(due)
            await commit.reinstate(freed)
            await note(db, due)
        return None


async def _claim(commit: AdmissionCommit, session: Session) -> Claim:
    return commit.claim(session, await units_store.point(commit.db, session.host_point))


def _changed(
    limit: capacity_limit.CapacityLimit, since: datetime, maximum: Amount, until: datetime | None
) -> capacity_limit.CapacityLimit:
    return limit.changed(since, maximum) if until is None else limit.between(since, until, maximum)
