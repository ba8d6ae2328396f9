"""What the operator decides (docs/admission.md): whom of the queue to serve, and what another maximum costs.

Made by :class:`scheduler.booking.registration.service.Scheduler`, over the same record and rules.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.admission import store
from scheduler.booking.admission import store as admission_store
from scheduler.booking.admission.commit import AdmissionCommit
from scheduler.booking.sessions import states
from scheduler.booking.sessions import store as sessions_store
from scheduler.booking.sessions.states import QUEUED
from scheduler.core import capacity_limit
from scheduler.core.database import writing
from scheduler.core.errors import CapacityExceeded
from scheduler.core.model import SYSTEM, Act, Admit, Amount, Claim, Held, Overrun, Queued, Refuse, Session
from scheduler.notifications import wording
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


class QueueManagement:
    """The operator's desk: the queue, held plans, the rated maximum."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, rated: Amount, channels: wording.Channels) -> None:
        self._engine = engine
        self._profiles = profiles
        self._rated = rated
        self._channels = channels

    def _commit(self, db: AsyncConnection, now: datetime, act: Act = SYSTEM) -> AdmissionCommit:
        return AdmissionCommit(db, self._profiles, self._rated, self._channels, now, act)

    async def queue(self, now: datetime) -> list[Queued]:
        """Return who waits for capacity, the highest and earliest first, each with what would happen now."""
        async with self._engine.begin() as db:
            commit = await self._commit(db, now).looking()
            queue = commit.glance.queue if commit.glance else ()
            sessions = {
                session.id: session for session in await sessions_store.named(db, [claim.id for claim in queue])
            }
            plans = await admission_store.held_plans(db)
            return [await self._queued(commit, each, sessions[each.id], plans.get(each.id)) for each in queue]

    async def standing(self, session_id: str, now: datetime) -> Queued | None:
        """Return why a session waits and what would help; None for one that does not. Raises UnknownSession."""
        async with self._engine.begin() as db:
            session = await sessions_store.known(db, session_id)
            if session.state not in QUEUED:
                return None
            commit = self._commit(db, now)
            held = await admission_store.held_plan(db, session.id)
            return await self._queued(commit, await _claim(commit, session), session, held)

    async def _queued(self, commit: AdmissionCommit, claim: Claim, session: Session, held: Held | None) -> Queued:
        plan = await commit.plan(claim)
        reason = plan if isinstance(plan, Refuse) else await commit.reason(claim) if plan.victims else None
        found = plan if isinstance(plan, Admit) else Admit()
        fresh = held and commit.now < held.until and held.victims == found.victims
        shown = replace(held, spared=found.spared) if held and fresh else None
        ahead = await commit.ahead(claim)
        return Queued(session, isinstance(plan, Admit), found.victims, reason, shown, ahead)

    async def hold(self, session_id: str, now: datetime) -> Held:
        """Make the plan that would serve a queued session and hold it for confirmation.

        Raises UnknownSession, IllegalMove, CapacityExceeded.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            states.after(session.state, "issue")
            commit = self._commit(db, now)
            plan = await commit.plan(await _claim(commit, session))
            if isinstance(plan, Refuse):
                raise CapacityExceeded(plan)
            return await commit.hold(session_id, plan)

    async def confirm(
        self, session_id: str, version: int, now: datetime, act: Act = SYSTEM, override: bool = False
    ) -> Session | Held:
        """Carry a held plan out: its victims lose their codes, the session is issued.

        A plan that expired or would now be another one is not carried out but held anew and returned, to be looked at.
        Raises UnknownSession, IllegalMove, CapacityExceeded, OutOfOrder unless `override`.
        """
        async with writing(self._engine) as db:
            session = await sessions_store.known(db, session_id)
            host = await units_store.point(db, session.host_point)
            stale = await self._commit(db, now, act).confirm(session, host, version, override)
            return stale or await sessions_store.known(db, session_id)

    async def overruns(self, now: datetime) -> list[Overrun]:
        """Return the meetings that end soon and could not run on for a step, and why (I-06)."""
        async with self._engine.begin() as db:
            commit = self._commit(db, now)
            found = await commit.overruns(commit.policy.registration.extension)
        return [Overrun(session, reason) for session, reason in found]

    # Capacity.

    async def set_capacity(
        self, since: datetime, maximum: Amount, now: datetime, until: datetime | None = None
    ) -> tuple[str, ...]:
        """Record that from `since` (whole seconds) on, or only `until`, the maximum is this; the queue gets the rest.

        Codes already issued stay (A20) unless even the whole maximum is exceeded: then the sessions that should lose
        theirs are returned, for :meth:`shed` to revoke once somebody has said so: docs/admission.md.
        """
        async with writing(self._engine) as db:
            changed = _changed(await store.ceiling(db, self._rated), since, maximum, until)
            await store.set_ceiling(db, changed)
            commit = self._commit(db, now)
            await commit.rerate()
            return await commit.shedding(changed)

    async def impact(
        self, since: datetime, maximum: Amount, now: datetime, until: datetime | None = None
    ) -> tuple[str, ...]:
        """Return which sessions would lose their codes if `set_capacity` were called, lowest first."""
        async with self._engine.begin() as db:
            changed = _changed(await store.ceiling(db, self._rated), since, maximum, until)
            return await self._commit(db, now).shedding(changed)

    async def shed(self, victims: Sequence[str], now: datetime, act: Act = SYSTEM) -> tuple[str, ...] | None:
        """Revoke these sessions for want of capacity if just these must go, else return those that must."""
        async with writing(self._engine) as db:
            commit = self._commit(db, now, act)
            due = await commit.shedding(await store.ceiling(db, self._rated))
            if due != tuple(victims):
                return due
            freed = await commit.revoke(due, None)
            await commit.console(due)
            await commit.reinstate(freed)
        return None


async def _claim(commit: AdmissionCommit, session: Session) -> Claim:
    return commit.claim(session, await units_store.point(commit.db, session.host_point))


def _changed(
    ceiling: capacity_limit.CapacityLimit, since: datetime, maximum: Amount, until: datetime | None
) -> capacity_limit.CapacityLimit:
    return ceiling.changed(since, maximum) if until is None else ceiling.between(since, until, maximum)
