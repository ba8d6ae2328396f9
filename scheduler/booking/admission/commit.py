"""Writes admission decisions (docs/admission.md), each inside one serialised write transaction.

Every method that may free capacity ends by serving the queue in its order, so that no session waits for capacity that
is free (I12). A plan that revokes codes is shown to the operator and held for a limited time. It takes no capacity
meanwhile, and is made anew when another decision was committed first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Self

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.admission import revocation, rule, store, suggestions
from scheduler.booking.admission import store as admission_store
from scheduler.booking.admission.queue_snapshot import QueueSnapshot
from scheduler.booking.sessions import codes, particulars
from scheduler.booking.sessions import store as sessions_store
from scheduler.booking.sessions.states import Move, after
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core import capacity_limit
from scheduler.core.errors import CapacityExceeded, OutOfOrder
from scheduler.core.model import (
    OFFICIAL,
    SYSTEM,
    Act,
    Admit,
    Amount,
    Claim,
    FreeTimes,
    HappeningKind,
    HeldPlan,
    Interval,
    Point,
    Refuse,
    Session,
    Slot,
    State,
    Suggestion,
)
from scheduler.notifications import outbox, wording
from scheduler.notifications.alerts import recipients
from scheduler.policy.policy import Policy
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store
from scheduler.webhooks import outbox as webhook_outbox

SECOND = timedelta(seconds=1)

NOTICES: dict[HappeningKind, wording.Kind] = {
    "waiting": "waiting",
    "issued": "granted",
    "reinstated": "reinstated",
    "revoked": "revoked",
    "amended": "changed",
    "extended": "changed",
    "cancelled": "cancelled",
    "released": "cancelled",
}


@dataclass(frozen=True, slots=True)
class AdmissionCommit:
    """Decides and commits admissions on a connection that holds the write lock, at the moment `now`.

    `act` says who acts and why; it is recorded with every change.
    """

    db: AsyncConnection
    profiles: Profiles
    rated: Amount
    channels: wording.Channels
    now: datetime
    act: Act = SYSTEM
    snapshot: QueueSnapshot | None = None
    """Rows that were read once for a whole queue. Without it, each question reads the rows it needs."""

    @property
    def policy(self) -> Policy:
        """The profile in force now, which decides. The profile at a session's start says what its codes mean."""
        return self.profiles.at(self.now)

    def claim(self, session: Session, host: Point) -> Claim:
        """Return the claim of a session with this host: its rank, its place in the order, its slots."""
        rank = self.profiles.rank(host.level, session.klass, host.unit, session.official.start)
        return Claim(session.id, session.seq, rank, session.slots, session.klass)

    async def plan(self, requested: Claim, whole: Claim | None = None) -> Admit | Refuse:
        """Decide on a claim as if it held nothing yet. A refusal suggests free times for the `whole` claim."""
        decision, usable = await self._decision(requested)
        return (
            decision
            if isinstance(decision, Admit)
            else await self._with_suggestions(whole or requested, decision, usable)
        )

    async def _decision(self, requested: Claim) -> tuple[Admit | Refuse, capacity_limit.CapacityLimit]:
        usable = await self._usable()
        if self.snapshot and requested.id in self.snapshot.decisions:
            return self.snapshot.decisions[requested.id], usable
        held = await self._held_by_others(requested, _intervals(requested.slots))
        decision = rule.plan(requested, held, usable, self.policy.revocation)
        if self.snapshot:
            self.snapshot.decisions[requested.id] = decision
        return decision, usable

    async def reason(self, requested: Claim, whole: Claim | None = None) -> Refuse:
        """Return why a claim cannot be issued without a revocation. Free times are suggested for the `whole` claim."""
        held, usable = await self._held_by_others(requested, _intervals(requested.slots)), await self._usable()
        return await self._with_suggestions(whole or requested, rule.explain(requested, held, usable), usable)

    async def _with_suggestions(
        self, requested: Claim, refusal: Refuse, usable: capacity_limit.CapacityLimit
    ) -> Refuse:
        return replace(refusal, suggestions=await self._suggestions(requested, usable))

    async def _suggestions(self, requested: Claim, usable: capacity_limit.CapacityLimit) -> tuple[Suggestion, ...]:
        window, held = await self._held_around(requested)
        clock, number = await self._clock(), self.policy.session.suggestions

        def in_time(start: datetime) -> bool:
            return clock.in_time(requested.klass, self.now, start)

        in_office = None if self.policy.classes[requested.klass].any_hour else clock.worktime.open
        return suggestions.suggest(requested.slots, held, usable, window, number, in_time, in_office)

    async def free_times(self, requested: Claim) -> FreeTimes:
        """Return whether a claim fits at its own times, and other free times near them."""
        usable, (window, held) = await self._usable(), await self._held_around(requested)
        fits = suggestions.fit(requested.slots, held, usable, window)
        return FreeTimes(fits, await self._suggestions(requested, usable))

    async def _held_around(self, requested: Claim) -> tuple[Interval, list[Slot]]:
        """Return the interval to search for free times, and what others hold in it."""
        window = suggestions.search_window(requested.slots, self.policy, self.now)
        return window, [slot for claim in await self._held_by_others(requested, [window]) for slot in claim.slots]

    async def _held_by_others(self, requested: Claim, where: Iterable[Interval]) -> list[Claim]:
        if self.snapshot:
            held = self.snapshot.holding(where)
        else:
            held = await admission_store.holding(self.db, where, self.profiles, self.now)
        return [claim for claim in held if claim.id != requested.id]

    async def _usable(self) -> capacity_limit.CapacityLimit:
        if self.snapshot:
            return self.snapshot.usable
        return self.profiles.usable(await store.capacity_limit(self.db, self.rated))

    async def _clock(self) -> Clock:
        if self.snapshot:
            return self.snapshot.clock
        return Clock(self.policy, (await calendar_store.corrections(self.db)).calendar)

    # Registration.

    async def decide(self, claim: Claim, wait: bool) -> Admit | Refuse:
        """Decide on a new registration.

        A registration that may not `wait` is refused where a plan would have to wait for the operator.
        """
        plan = await self.plan(claim)
        if isinstance(plan, Admit) and not wait and await self._for_operator(claim, plan):
            return await self.reason(claim)
        return plan

    async def register(self, session: Session, claim: Claim, plan: Admit | Refuse) -> None:
        """Save a new registration and issue it, or let it wait."""
        await sessions_store.add(self.db, session)
        await webhook_outbox.tell(self.db, "session.registered", session.id, self.now)
        if isinstance(plan, Admit) and not await self._for_operator(claim, plan):
            await self.apply(session, plan)
            return
        await self._record_and_tell("waiting", session)
        if isinstance(plan, Admit):
            await self.hold(session.id, plan)

    async def _record_and_tell(self, kind: HappeningKind, session: Session) -> None:
        """Record what happened to a session and send the notices about it, with the reason where one was given."""
        happening = await admission_store.record_happening(
            self.db, session.id, kind, self.now, None, self.act, self.policy.stamp
        )
        new = kind in {"waiting", "issued"}
        receipt = wording.receipt(session.received, session.effective, self.policy.zone) if new else ""
        gone = self.act.reason if kind in {"cancelled", "released"} else ""
        await self._announce(kind, session, happening, receipt or gone)

    async def _announce(self, kind: HappeningKind, session: Session, happening: int, reason: str = "") -> None:
        """Notify the host unit and the groups. Other units learn whether the session takes place (R-066)."""
        points = await units_store.points_named(self.db, session.everyone)
        host, version = points[session.host_point], str(happening)
        notice = wording.of_session(NOTICES[kind], session, host, version, reason)
        notice = wording.saying(notice, particulars.description_lines(session, self.policy, points))
        await outbox.tell(self.db, notice, self.channels, self.now)
        policy = self.profiles.at(session.official.start)
        for unit in await self._others(points.values(), host, policy) if kind in {"revoked", "reinstated"} else ():
            notice = wording.of_unit(NOTICES[kind], session, host, unit, reason, version)
            await outbox.tell(self.db, notice, wording.Channels(mail=self.channels.mail), self.now)

    async def _others(self, points: Iterable[Point], host: Point, policy: Policy) -> list[str]:
        """Return the units of the points, without the host's, that have a mailbox or a parent with one."""
        units = {unit.id: unit for unit in await units_store.units(self.db)}
        boxes = await outbox.mailboxes(self.db)
        found = {unit for point in points for unit in recipients(point, units, policy, boxes)}
        return sorted((found & set(boxes)) - {host.unit})

    async def _for_operator(self, requested: Claim, plan: Admit) -> bool:
        """Return whether a plan that revokes codes waits for the operator.

        It waits if the profile says so, if other sessions come first (I13), or if a victim is live (A25).
        """
        confirms = self.policy.revocation.mode == "operator_confirm"
        return bool(plan.victims) and (confirms or bool(await self.ahead(requested)) or await self._live(plan.victims))

    async def _live(self, victims: Iterable[str]) -> bool:
        live = await admission_store.holding(self.db, [Interval(self.now, self.now + SECOND)], self.profiles, self.now)
        return not {claim.id for claim in live}.isdisjoint(victims)

    async def apply(self, session: Session, plan: Admit) -> None:
        """Revoke exactly the plan's victims, issue the session, and give remaining capacity to the queue."""
        freed = await self.revoke(plan.victims, session.id)
        await self._issue(session)
        await self.tell_revoked(plan.victims)
        await self.reinstate(freed)

    async def _issue(self, session: Session) -> None:
        code = codes.fresh(self.policy.code.digits)
        while await sessions_store.code_used(self.db, code):
            code = codes.fresh(self.policy.code.digits)
        await sessions_store.move(self.db, session.id, after(session.state, "issue"), code, self.now)
        await admission_store.drop_plan(self.db, session.id)
        await self._record_and_tell("reinstated" if session.state == State.REVOKED else "issued", session)

    async def revoke(self, victims: Iterable[str], cause: str | None) -> list[Slot]:
        """Revoke codes in favour of the session `cause` (None: for lack of capacity). Return the freed slots."""
        lost = [await self._take(victim, "revoke") for victim in victims]
        for session in lost:
            await admission_store.record_happening(
                self.db, session.id, "revoked", self.now, cause, self.act, self.policy.stamp
            )
        return [slot for session in lost for slot in session.slots]

    async def tell_revoked(self, victims: Iterable[str]) -> None:
        """Notify the hosts of revoked sessions of the reason and of free times (R-066).

        This runs after the new session is issued, so that the suggested times are free.
        """
        usable = await self._usable()
        for victim in victims:
            session, lost = (
                await sessions_store.known(self.db, victim),
                (await admission_store.history(self.db, victim))[-1],
            )
            claim = Claim(session.id, session.seq, 0, session.slots, session.klass)
            free = [each.official for each in await self._suggestions(claim, usable)]
            reason = wording.loss(lost.cause is not None, free, self.policy.zone)
            await self._announce("revoked", session, lost.id, reason)

    async def cancel(self, session_id: str, kind: HappeningKind = "cancelled") -> None:
        """Cancel a registration and its code, if it has one; its capacity serves the queue."""
        session = await self._take(session_id, "cancel")
        await admission_store.drop_plan(self.db, session_id)
        await self._record_and_tell(kind, session)
        if session.state == State.ISSUED:
            await self.reinstate(session.slots)

    async def _take(self, session_id: str, move: Move) -> Session:
        session = await sessions_store.known(self.db, session_id)
        await sessions_store.move(self.db, session_id, after(session.state, move), None, self.now)
        return session

    async def amend(self, old: Session, new: Session, host: Point, kind: HappeningKind = "amended") -> None:
        """Replace the request of a session. Raises CapacityExceeded.

        A smaller request keeps its place in the order, a larger one gets a new place. The code of an issued session
        stays, for it belongs to the session and not to its times. Only the capacity beyond what it holds is decided on.
        """
        smaller = rule.contained(new.slots, old.slots)
        changed = new if smaller else replace(new, seq=await sessions_store.next_seq(self.db))
        claim = self.claim(changed, host)
        more = self.more(claim, old)
        plan = Admit() if smaller or not more.slots else await self.plan(more, claim)
        if isinstance(plan, Refuse) or await self._for_operator(more, plan):
            raise CapacityExceeded(plan if isinstance(plan, Refuse) else await self.reason(more, claim))
        freed = await self.revoke(plan.victims, old.id)
        await sessions_store.amend(self.db, changed)
        await self._record_and_tell(kind, changed)
        if not smaller and old.state != State.ISSUED:
            await self._issue(changed)
        await self.tell_revoked(plan.victims)
        await self.reinstate([*freed, *old.slots])

    async def reinstate(self, freed: Iterable[Slot]) -> None:
        """Issue the queued sessions that fit now and overlap the freed slots, in the order of the queue (R-068)."""
        where = _intervals(freed)
        queue = [
            claim for claim in await admission_store.queued(self.db, self.profiles, self.now) if self._in_time(claim)
        ]
        waiting = [claim for claim in queue if any(_overlap(slot, each) for slot in claim.slots for each in where)]
        if not waiting:
            return
        intervals = [interval for claim in waiting for interval in _intervals(claim.slots)]
        hull = Interval(min(i.start for i in intervals), max(i.end for i in intervals))
        held = await admission_store.holding(self.db, [hull], self.profiles, self.now)
        alone = replace(self, act=SYSTEM)  # the order decides, so no account is recorded
        for claim in rule.reinstated(waiting, held, await self._usable()):
            await alone._issue(await sessions_store.known(self.db, claim.id))

    def _in_time(self, claim: Claim) -> bool:
        notice = timedelta() if claim.urgent else self.policy.revocation.reinstate_notice
        return claim.slots[0].start - self.now >= notice

    # Questions and decisions of the operator.

    async def with_snapshot(self) -> Self:
        """Return a copy that reads the whole queue once. It is for reading only, until another change is committed."""
        queue = sorted(await admission_store.queued(self.db, self.profiles, self.now), key=revocation.seniority)
        around = [suggestions.search_window(claim.slots, self.policy, self.now) for claim in queue]
        hull = [Interval(min(each.start for each in around), max(each.end for each in around))] if around else []
        held = await admission_store.holding(self.db, hull, self.profiles, self.now) if hull else []
        return replace(self, snapshot=QueueSnapshot(held, queue, await self._usable(), await self._clock()))

    async def ahead(self, requested: Claim) -> tuple[str, ...]:
        """Return the ids of queued sessions that come before a claim, overlap it and could be issued now (R-064)."""
        queue = self.snapshot.queue if self.snapshot else await admission_store.queued(self.db, self.profiles, self.now)
        first = rule.first([claim for claim in queue if claim.id != requested.id], requested)
        return tuple([claim.id for claim in first if isinstance((await self._decision(claim))[0], Admit)])

    async def hold(self, session_id: str, plan: Admit) -> HeldPlan:
        """Hold a plan for the operator. The plan already held stays if it has the same victims and has not expired."""
        old = await admission_store.held_plan(self.db, session_id)
        if old and old.victims == plan.victims and self.now < old.until:
            return replace(old, spared=plan.spared)
        until = self.now.replace(microsecond=0) + self.policy.revocation.hold
        held = HeldPlan(session_id, old.version + 1 if old else 1, plan.victims, until, plan.spared)
        await admission_store.hold(self.db, held)
        return held

    async def confirm(self, session: Session, host: Point, version: int, override: bool) -> HeldPlan | None:
        """Apply the held plan of this version. A plan that changed since is held anew and returned instead.

        Raises IllegalMove, CapacityExceeded, and OutOfOrder unless `override`.
        """
        after(session.state, "issue")
        claim = self.claim(session, host)
        plan = await self.plan(claim)
        if isinstance(plan, Refuse):
            raise CapacityExceeded(plan)
        ahead = () if override else await self.ahead(claim)
        if ahead:
            raise OutOfOrder(ahead)
        held = await self.hold(session.id, plan)
        if held.version != version:
            return held
        await self.apply(session, plan)
        return None

    async def overruns(self, step: timedelta) -> list[tuple[Session, Refuse]]:
        """Return the meetings that end soon and cannot be extended by `step`, each with the reason (I-06)."""
        soon = self.now + self.policy.door.forecast
        live = await admission_store.holding(self.db, [Interval(self.now, self.now + SECOND)], self.profiles, self.now)
        overruns = []
        for claim in live:
            slot = next((s for s in claim.slots if s.kind == OFFICIAL and self.now < s.end <= soon), None)
            more = slot and replace(claim, slots=(replace(slot, start=slot.end, end=slot.end + step),))
            refusal = more and await self.obstacle(more)
            if refusal:
                overruns.append((await sessions_store.known(self.db, claim.id), refusal))
        return overruns

    def more(self, claim: Claim, old: Session) -> Claim:
        """Return a claim on only the capacity beyond what an issued session holds; for a waiting session, on all."""
        held = old.slots if old.state == State.ISSUED else ()
        since = self.now.replace(microsecond=0)
        return replace(claim, slots=rule.added(claim.slots, held, since) if held else claim.slots)

    async def obstacle(self, requested: Claim) -> Refuse | None:
        """Return why a claim on more capacity does not fit beside the other sessions; None if it fits."""
        held = await self._held_by_others(requested, _intervals(requested.slots))
        return rule.obstacle(requested, held, await self._usable())

    # Capacity changes.

    async def codes_to_revoke(self, maximum: capacity_limit.CapacityLimit) -> tuple[str, ...]:
        """Return the ids of sessions whose codes must be revoked, in order, if this is the maximum from now on."""
        farthest = self.now + timedelta(days=self.policy.session.max_days_ahead)
        future = Interval(self.now.replace(microsecond=0), farthest)
        held = await admission_store.holding(self.db, [future], self.profiles, self.now)
        bearable = maximum.of(self.policy.capacity.bearable)
        return rule.shed(held, bearable, future, self.policy.revocation.reprieve)

    async def serve_queue(self) -> None:
        """Issue queued sessions that fit after the maximum changed."""
        queue = await admission_store.queued(self.db, self.profiles, self.now)
        await self.reinstate([slot for claim in queue for slot in claim.slots])


def _intervals(slots: Iterable[Slot]) -> list[Interval]:
    return [Interval(slot.start, slot.end) for slot in slots]


def _overlap(slot: Slot, interval: Interval) -> bool:
    return slot.start < interval.end and interval.start < slot.end
