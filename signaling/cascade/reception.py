"""Registers here what a system above reserves: as sessions of a higher agency, under our own admission (Điều 5.4)."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from scheduler.booking.registration.service import Scheduler
from scheduler.core import model
from scheduler.core.errors import Ended, FieldError, InvalidRequest, UnknownSession
from scheduler.core.model import Act, Session, State
from signaling.cascade.model import Neighbour, Reservation, ReservationState
from signaling.cascade.reasons import why_ended
from signaling.cascade.store import Reservations
from signaling.cascade.wire import Outcome, Wanted, Withdrawn
from signaling.http.route import Interval
from signaling.messages.base import as_one_line

STATES: dict[State, Literal["waiting", "accepted", "revoked", "cancelled"]] = {
    State.WAITING: "waiting",
    State.ISSUED: "accepted",
    State.REVOKED: "revoked",
    State.CANCELLED: "cancelled",
}


@dataclass(frozen=True, slots=True)
class Listeners:
    """Tells those who are in its meeting of a session that one above changed."""

    amended: Callable[[Session], Awaitable[None]]
    cancelled: Callable[[str], Awaitable[None]]


class Reception:
    """Makes, changes and cancels our sessions as systems above reserve, change and withdraw theirs.

    One request is carried out at a time, so that one that is sent again finds what the first one did.
    """

    def __init__(self, scheduler: Scheduler, reservations: Reservations, listeners: Listeners) -> None:
        self._scheduler = scheduler
        self._reservations = reservations
        self._listeners = listeners
        self._turn = asyncio.Lock()

    async def reserve(self, neighbour: Neighbour, wanted: Wanted, now: datetime) -> Outcome:
        """Register what is wanted, or change what was registered for it, and say what became of it.

        What was cancelled here stays so. Raises InvalidRequest, TooLate, CapacityExceeded, Ended, NotLive.
        """
        async with self._turn:
            known = await self._known(neighbour, wanted.session)
            if known is None:
                session = await self._scheduler.submit(_from_now(_request(neighbour, wanted), now), now, wait=True)
            else:
                session = await self._follow(known, neighbour, wanted, now)
            await self._reservations.put(_reservation(neighbour, wanted.session, session, now))
        ended = session.state in (State.REVOKED, State.CANCELLED)
        reason = why_ended(await self._scheduler.history(session.id)) if ended else ""
        return Outcome(state=STATES[session.state], number=session.number, code=session.code, reason=reason)

    async def withdraw(self, neighbour: Neighbour, withdrawn: Withdrawn, now: datetime) -> None:
        """Cancel the session that was registered for one above; nothing is to do for one that is over or unknown."""
        theirs = withdrawn.session
        async with self._turn:
            session = await self._known(neighbour, theirs)
            if session is None:
                return
            act = Act(neighbour.account, as_one_line(withdrawn.reason))
            if session.state != State.CANCELLED and self._scheduler.phase(session, now) != "ended":
                session = await self._scheduler.cancel(session.id, now, act)
                await self._listeners.cancelled(session.id)
            reservation = _reservation(neighbour, theirs, session, now)
            await self._reservations.put(replace(reservation, state="withdrawn"))

    async def _known(self, neighbour: Neighbour, theirs: str) -> Session | None:
        """Return the session for one above; None without one, or after it was withdrawn."""
        reservation = await self._reservations.one(neighbour.name, theirs)
        if reservation is None:  # or the server ended between the two writes
            return await self._scheduler.submitted(_submitter(neighbour, theirs))
        if reservation.state == "withdrawn":
            return None
        try:
            return await self._scheduler.session(reservation.ours)
        except UnknownSession:
            return None

    async def _follow(self, session: Session, neighbour: Neighbour, wanted: Wanted, now: datetime) -> Session:
        """Bring a session to what is wanted now; its points, which units here may have added, stay."""
        if session.state == State.CANCELLED or _same(session, wanted):
            return session
        act, official = Act(neighbour.account), wanted.official
        if self._scheduler.phase(session, now) == "ended":
            raise Ended
        if _begun(session, official) and official.start <= now:
            changed = await self._scheduler.extend(session.id, self._steps(session, official, now), now, act)
        else:
            mine = {name: getattr(session, name) for name in ("points", "people", "people_at", "recording", "voices")}
            changed = await self._scheduler.amend(session.id, replace(_request(neighbour, wanted), **mine), now, act)
        await self._listeners.amended(changed)
        return changed

    def _steps(self, session: Session, official: Interval, now: datetime) -> int:
        """Return by how many steps of our profile a live meeting is extended. Raises InvalidRequest."""
        steps, rest = divmod(official.end - session.official.end, self._scheduler.policy(now).registration.extension)
        if rest or not steps:
            raise InvalidRequest([FieldError("official", "in-the-past")])
        return steps


def _submitter(neighbour: Neighbour, theirs: str) -> str:
    return f"{neighbour.account}:{theirs}"


def _request(neighbour: Neighbour, wanted: Wanted) -> model.Request:
    """Return the request that the system above hosts, with our point in it."""
    return model.Request(
        host_point=neighbour.point,
        points=(neighbour.our_point,),
        title=wanted.title,
        contact_name=wanted.contact_name,
        contact_phone=wanted.contact_phone,
        recording=False,
        purpose=wanted.purpose,
        kind=wanted.kind,
        form=wanted.form,
        ground=wanted.ground,
        reason=wanted.reason,
        rehearsal=None if wanted.rehearsal is None else _interval(wanted.rehearsal),
        official=_interval(wanted.official),
        submitted_by=_submitter(neighbour, wanted.session),
        klass=wanted.class_,
        secret=False,
    )


def _interval(interval: Interval) -> model.Interval:
    return model.Interval(interval.start, interval.end)


def _from_now(request: model.Request, now: datetime) -> model.Request:
    """Return a request without what is past of it: a meeting that goes on above is joined from now on."""
    moment = now.replace(microsecond=0) + timedelta(seconds=1)
    rehearsal, official = request.rehearsal, request.official
    return replace(
        request,
        rehearsal=None if rehearsal is None or rehearsal.start < now else rehearsal,
        official=official if official.start >= now else model.Interval(moment, official.end),
    )


def _begun(session: Session, official: Interval) -> bool:
    """Return whether a session begins when it is wanted, or was registered only after that."""
    return session.official.start == official.start or official.start <= session.created


def _same(session: Session, wanted: Wanted) -> bool:
    """Return whether a session is at the times and under the title that are wanted, but for what was past before."""
    rehearsal = wanted.rehearsal
    if rehearsal is not None and rehearsal.start <= session.created:
        rehearsal = None
    rehearses = session.rehearsal == (None if rehearsal is None else _interval(rehearsal))
    meets = _begun(session, wanted.official) and session.official.end == wanted.official.end
    return rehearses and meets and session.title == wanted.title


def _reservation(neighbour: Neighbour, theirs: str, session: Session, now: datetime) -> Reservation:
    state: ReservationState = STATES[session.state]
    ends = session.official.end
    return Reservation(neighbour.name, theirs, state, ends, now, ours=session.id, number=session.number)
