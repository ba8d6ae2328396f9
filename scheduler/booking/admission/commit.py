"""Committing what admission decided (docs/admission.md): every method runs inside one serialised write transaction.

Whatever gives capacity back, or may have, ends with trying the queue in its order, so that nobody waits for capacity
that is free (I12). A plan that revokes codes is shown to the operator and held for a while; it takes no capacity
meanwhile, and is made anew when something else was committed first.
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
    SYSTEM,
    Act,
    Admit,
    Amount,
    Claim,
    HappeningKind,
    Held,
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
    """Admission on a connection that holds the write lock, at one moment; `act` is noted with what it does itself."""

    db: AsyncConnection
    profiles: Profiles
    rated: Amount
    channels: wording.Channels
    now: datetime
    act: Act = SYSTEM
    glance: QueueSnapshot | None = None
    """What was read once for many questions; without it, each question reads what it needs."""

    @property
    def policy(self) -> Policy:
        """The profile that a decision of now is taken under; what a session is, is said by that of its start."""
        return self.profiles.at(self.now)

    def claim(self, session: Session, host: Point) -> Claim:
        """Return what admission knows of a session with this host."""
        rank = self.profiles.rank(host.level, session.klass, host.unit, session.official.start)
        return Claim(session.id, session.seq, rank, session.slots, session.klass)

    async def plan(self, asked: Claim, whole: Claim | None = None) -> Admit | Refuse:
        """Decide on a claim as if it held nothing yet; a refusal comes with free times, those of a `whole` claim."""
        answer, usable = await self._weighed(asked)
        return answer if isinstance(answer, Admit) else await self._advised(whole or asked, answer, usable)

    async def _weighed(self, asked: Claim) -> tuple[Admit | Refuse, capacity_limit.CapacityLimit]:
        usable = await self._usable()
        if self.glance and asked.id in self.glance.weighed:
            return self.glance.weighed[asked.id], usable
        held = await self._beside(asked, _intervals(asked.slots))
        answer = rule.plan(asked, held, usable, self.policy.revocation)
        if self.glance:
            self.glance.weighed[asked.id] = answer
        return answer, usable

    async def reason(self, asked: Claim, whole: Claim | None = None) -> Refuse:
        """Say why a claim cannot be issued without revoking anything; free times are those of a `whole` one."""
        held, usable = await self._beside(asked, _intervals(asked.slots)), await self._usable()
        return await self._advised(whole or asked, rule.explain(asked, held, usable), usable)

    async def _advised(self, asked: Claim, refusal: Refuse, usable: capacity_limit.CapacityLimit) -> Refuse:
        return replace(refusal, suggestions=await self._free(asked, usable))

    async def _free(self, asked: Claim, usable: capacity_limit.CapacityLimit) -> tuple[Suggestion, ...]:
        window = suggestions.search_window(asked.slots, self.policy, self.now)
        held = [slot for claim in await self._beside(asked, [window]) for slot in claim.slots]
        clock, number = await self._clock(), self.policy.session.suggestions

        def in_time(start: datetime) -> bool:
            return clock.in_time(asked.klass, self.now, start)

        return suggestions.suggest(asked.slots, held, usable, window, number, in_time)

    async def _beside(self, asked: Claim, where: Iterable[Interval]) -> list[Claim]:
        if self.glance:
            held = self.glance.holding(where)
        else:
            held = await admission_store.holding(self.db, where, self.profiles, self.now)
        return [claim for claim in held if claim.id != asked.id]

    async def _usable(self) -> capacity_limit.CapacityLimit:
        if self.glance:
            return self.glance.usable
        return self.profiles.usable(await store.ceiling(self.db, self.rated))

    async def _clock(self) -> Clock:
        if self.glance:
            return self.glance.clock
        return Clock(self.policy, (await calendar_store.notes(self.db)).calendar)

    # Registration.

    async def weigh(self, claim: Claim, wait: bool) -> Admit | Refuse:
        """Decide on a new registration; one that may not `wait` is refused what must wait, for the operator too."""
        plan = await self.plan(claim)
        if isinstance(plan, Admit) and not wait and await self._for_operator(claim, plan):
            return await self.reason(claim)
        return plan

    async def register(self, session: Session, claim: Claim, plan: Admit | Refuse) -> None:
        """Save a new registration and issue it, or let it wait."""
        await sessions_store.add(self.db, session)
        if isinstance(plan, Admit) and not await self._for_operator(claim, plan):
            await self.apply(session, plan)
            return
        await self._tell("waiting", session)
        if isinstance(plan, Admit):
            await self.hold(session.id, plan)

    async def _tell(self, kind: HappeningKind, session: Session) -> None:
        """Note what happened, and tell of it."""
        happening = await admission_store.happened(
            self.db, session.id, kind, self.now, None, self.act, self.policy.stamp
        )
        new = kind in {"waiting", "issued"}
        said = wording.receipt(session.received, session.effective, self.policy.zone) if new else ""
        await self._announce(kind, session, happening, said)

    async def _announce(self, kind: HappeningKind, session: Session, happening: int, reason: str = "") -> None:
        """Tell the host unit and the groups what happened; the other units too whether it takes place (R-066)."""
        points = await units_store.points_named(self.db, session.everyone)
        host, version = points[session.host_point], str(happening)
        told = wording.of_session(NOTICES[kind], session, host, version, reason)
        told = wording.saying(told, particulars.said(session, self.policy, points))
        await outbox.tell(self.db, told, self.channels, self.now)
        policy = self.profiles.at(session.official.start)
        for unit in await self._others(points.values(), host, policy) if kind in {"revoked", "reinstated"} else ():
            told = wording.of_unit(NOTICES[kind], session, host, unit, reason, version)
            await outbox.tell(self.db, told, wording.Channels(mail=self.channels.mail), self.now)

    async def _others(self, points: Iterable[Point], host: Point, policy: Policy) -> list[str]:
        """Return the units beside the host's that have a mailbox, or above which one has."""
        units = {unit.id: unit for unit in await units_store.units(self.db)}
        boxes = await outbox.mailboxes(self.db)
        found = {unit for point in points for unit in recipients(point, units, policy, boxes)}
        return sorted((found & set(boxes)) - {host.unit})

    async def _for_operator(self, asked: Claim, plan: Admit) -> bool:
        """Whether a plan that takes codes waits for the operator: by the profile, since others come first (I13), or
        since a meeting is held under one of them (A25)."""
        confirms = self.policy.revocation.mode == "operator_confirm"
        return bool(plan.victims) and (confirms or bool(await self.ahead(asked)) or await self._live(plan.victims))

    async def _live(self, victims: Iterable[str]) -> bool:
        live = await admission_store.holding(self.db, [Interval(self.now, self.now + SECOND)], self.profiles, self.now)
        return not {claim.id for claim in live}.isdisjoint(victims)

    async def apply(self, session: Session, plan: Admit) -> None:
        """Revoke exactly the plan's victims and issue the session; what is left over serves the queue."""
        freed = await self.revoke(plan.victims, session.id)
        await self._issue(session)
        await self.console(plan.victims)
        await self.reinstate(freed)

    async def _issue(self, session: Session) -> None:
        code = codes.fresh(self.policy.code.digits)
        while await sessions_store.code_used(self.db, code):
            code = codes.fresh(self.policy.code.digits)
        await sessions_store.move(self.db, session.id, after(session.state, "issue"), code, self.now)
        await admission_store.drop_plan(self.db, session.id)
        await self._tell("reinstated" if session.state == State.REVOKED else "issued", session)

    async def revoke(self, victims: Iterable[str], cause: str | None) -> list[Slot]:
        """Take codes away for a session, or for want of capacity; return the slots that are given back."""
        lost = [await self._take(victim, "revoke") for victim in victims]
        for session in lost:
            await admission_store.happened(self.db, session.id, "revoked", self.now, cause, self.act, self.policy.stamp)
        return [slot for session in lost for slot in session.slots]

    async def console(self, victims: Iterable[str]) -> None:
        """Tell who lost a code why, and which times are free, now that it is known for whom (R-066)."""
        usable = await self._usable()
        for victim in victims:
            session, lost = (
                await sessions_store.known(self.db, victim),
                (await admission_store.history(self.db, victim))[-1],
            )
            asked = Claim(session.id, session.seq, 0, session.slots, session.klass)
            free = [each.official for each in await self._free(asked, usable)]
            reason = wording.loss(lost.cause is not None, free, self.policy.zone)
            await self._announce("revoked", session, lost.id, reason)

    async def cancel(self, session_id: str, kind: HappeningKind = "cancelled") -> None:
        """Take a registration back, with its code if it has one."""
        session = await self._take(session_id, "cancel")
        await admission_store.drop_plan(self.db, session_id)
        await self._tell(kind, session)
        if session.state == State.ISSUED:
            await self.reinstate(session.slots)

    async def _take(self, session_id: str, move: Move) -> Session:
        session = await sessions_store.known(self.db, session_id)
        await sessions_store.move(self.db, session_id, after(session.state, move), None, self.now)
        return session

    async def amend(self, old: Session, new: Session, host: Point, kind: HappeningKind = "amended") -> None:
        """Replace what was asked for: less keeps its place, more gets a new one. Raises CapacityExceeded.

        The code of an issued session stays, for it belongs to the session and not to its times; only what is added to
        what it holds is weighed.
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
        await self._tell(kind, changed)
        if not smaller and old.state != State.ISSUED:
            await self._issue(changed)
        await self.console(plan.victims)
        await self.reinstate([*freed, *old.slots])

    async def reinstate(self, freed: Iterable[Slot]) -> None:
        """Give codes to whoever of the queue fits now and asks for some of what came free, in order (R-068)."""
        where = _intervals(freed)
        queue = [
            claim for claim in await admission_store.queued(self.db, self.profiles, self.now) if self._in_time(claim)
        ]
        waiting = [claim for claim in queue if any(_overlap(slot, each) for slot in claim.slots for each in where)]
        if not waiting:
            return
        asked = [interval for claim in waiting for interval in _intervals(claim.slots)]
        hull = Interval(min(i.start for i in asked), max(i.end for i in asked))
        held = await admission_store.holding(self.db, [hull], self.profiles, self.now)
        alone = replace(self, act=SYSTEM)  # nobody chose whom the order serves
        for claim in rule.reinstated(waiting, held, await self._usable()):
            await alone._issue(await sessions_store.known(self.db, claim.id))

    def _in_time(self, claim: Claim) -> bool:
        notice = timedelta() if claim.urgent else self.policy.revocation.reinstate_notice
        return claim.slots[0].start - self.now >= notice

    # The operator's desk.

    async def looking(self) -> Self:
        """Return the same at a glance: for reading only, and as long as nothing else is committed."""
        queue = sorted(await admission_store.queued(self.db, self.profiles, self.now), key=revocation.seniority)
        around = [suggestions.search_window(claim.slots, self.policy, self.now) for claim in queue]
        hull = [Interval(min(each.start for each in around), max(each.end for each in around))] if around else []
        held = await admission_store.holding(self.db, hull, self.profiles, self.now) if hull else []
        return replace(self, glance=QueueSnapshot(held, queue, await self._usable(), await self._clock()))

    async def ahead(self, asked: Claim) -> tuple[str, ...]:
        """Return who comes before a queued claim at the same time and could be served now (R-064)."""
        queue = self.glance.queue if self.glance else await admission_store.queued(self.db, self.profiles, self.now)
        first = rule.first([claim for claim in queue if claim.id != asked.id], asked)
        return tuple([claim.id for claim in first if isinstance((await self._weighed(claim))[0], Admit)])

    async def hold(self, session_id: str, plan: Admit) -> Held:
        """Hold a plan for the operator: the one already held, if it is still the same and in time."""
        old = await admission_store.held_plan(self.db, session_id)
        if old and old.victims == plan.victims and self.now < old.until:
            return replace(old, spared=plan.spared)
        until = self.now.replace(microsecond=0) + self.policy.revocation.hold
        held = Held(session_id, old.version + 1 if old else 1, plan.victims, until, plan.spared)
        await admission_store.hold(self.db, held)
        return held

    async def confirm(self, session: Session, host: Point, version: int, override: bool) -> Held | None:
        """Apply the held plan of this version; a plan that is no longer the same is held anew and returned instead.

        Raises IllegalMove, CapacityExceeded, OutOfOrder unless this is overridden.
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
        """Return the meetings that end soon and could not run on for a step, and why (I-06)."""
        soon = self.now + self.policy.door.forecast
        live = await admission_store.holding(self.db, [Interval(self.now, self.now + SECOND)], self.profiles, self.now)
        found = []
        for claim in live:
            slot = next((s for s in claim.slots if s.kind == "chinh_thuc" and self.now < s.end <= soon), None)
            more = slot and replace(claim, slots=(replace(slot, start=slot.end, end=slot.end + step),))
            refusal = more and await self.obstacle(more)
            if refusal:
                found.append((await sessions_store.known(self.db, claim.id), refusal))
        return found

    def more(self, claim: Claim, old: Session) -> Claim:
        """Return a claim on what a session would hold more than it does; all of it for one that waits."""
        held = old.slots if old.state == State.ISSUED else ()
        since = self.now.replace(microsecond=0)
        return replace(claim, slots=rule.added(claim.slots, held, since) if held else claim.slots)

    async def obstacle(self, asked: Claim) -> Refuse | None:
        """Return what a claim that holds something already does not fit beside; None when it does."""
        held = await self._beside(asked, _intervals(asked.slots))
        return rule.obstacle(asked, held, await self._usable())

    # Capacity changes.

    async def shedding(self, maximum: capacity_limit.CapacityLimit) -> tuple[str, ...]:
        """Return whose codes must be revoked, in order, if this is the maximum from now on."""
        farthest = self.now + timedelta(days=self.policy.session.max_days_ahead)
        future = Interval(self.now.replace(microsecond=0), farthest)
        held = await admission_store.holding(self.db, [future], self.profiles, self.now)
        bearable = maximum.of(self.policy.capacity.bearable)
        return rule.shed(held, bearable, future, self.policy.revocation.reprieve)

    async def rerate(self) -> None:
        """Let the queue have what a higher maximum gives."""
        queue = await admission_store.queued(self.db, self.profiles, self.now)
        await self.reinstate([slot for claim in queue for slot in claim.slots])


def _intervals(slots: Iterable[Slot]) -> list[Interval]:
    return [Interval(slot.start, slot.end) for slot in slots]


def _overlap(slot: Slot, interval: Interval) -> bool:
    return slot.start < interval.end and interval.start < slot.end
