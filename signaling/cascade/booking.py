"""Keeps systems below told of the sessions that they are to take part in, and knows the codes that they gave.

It compares, and remembers nothing between two rounds: what sessions of ours have the point of a system below, and what
was last answered about each. So a server that was down, an answer that was lost and a system below that was restored
from a backup are all made up for by the next round. Only the server that leads runs it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from scheduler.booking.registration.service import Scheduler
from scheduler.core.errors import UnknownSession
from scheduler.core.model import Session, State
from scheduler.core.note import no_note
from scheduler.notifications import wording
from scheduler.notifications.service import Notifications
from scheduler.notifications.wording import Notice
from signaling.audit.log import AuditLog
from signaling.cascade.client import NOT_A_KEY, BelowClient, Refused, Unanswered
from signaling.cascade.model import Neighbour, Reservation, ReservationState
from signaling.cascade.reasons import why_ended
from signaling.cascade.rounds import Rounds
from signaling.cascade.store import Neighbours, Reservations
from signaling.cascade.wire import Wanted, Withdrawn
from signaling.core.audit_entry import SERVER, AuditEntry
from signaling.messages.base import as_one_line

ROUND_SECONDS = 20.0
AHEAD = timedelta(days=800)
"""Longest time ahead that is looked at; profiles let nobody register so far ahead."""
SOON = timedelta(hours=2)
"""So long before a session it is asked in every round what became of it."""
SELDOM = 30
"""Earlier it is asked in one round of so many: a province has many systems below, and sessions are booked far ahead."""
NOT_HELD: Mapping[ReservationState, str] = {
    "refused": "từ chối",
    "revoked": "thu hồi mã phiên họp",
    "cancelled": "đã hủy phiên họp",
}
"""States in which a system below does not hold a session that it was asked for, each with its word."""
IN_LETTERS: Mapping[ReservationState, str] = {
    **NOT_HELD,
    "waiting": "chưa đủ năng lực, phiên họp đang chờ",
    "unanswered": "chưa nhận phiên họp",
}
"""States of which the host has a letter, also those in which it does not hold the session yet, each with its word."""
AT_ONCE = 16
"""Most systems below that are asked at the same time."""


class CascadeBooking(Rounds):
    """Reserves our sessions at systems below, follows changes, and withdraws what is no longer held.

    The host unit has a letter when a system below does not hold a session, not yet, or no longer: of one that does not
    answer when the session is near.
    """

    def __init__(
        self,
        scheduler: Scheduler,
        neighbours: Neighbours,
        reservations: Reservations,
        client: BelowClient,
        audit: AuditLog,
        notifications: Notifications,
        wake: Callable[[], None],
        clock: Callable[[], datetime],
    ) -> None:
        super().__init__(ROUND_SECONDS, "systems below could not be told of sessions", clock)
        self._scheduler = scheduler
        self._neighbours = neighbours
        self._reservations = reservations
        self._client = client
        self._audit = audit
        self._notifications = notifications
        self._wake = wake
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._rounds = 0

    async def code(self, session: str, point: str) -> str | None:
        """Return the code under which a session of ours is held at the point of a system below.

        Empty for a point that is no system below, None where that has not accepted it. Raises LostKey.
        """
        neighbour = next((each for each in await self._neighbours.all() if each.below and each.point == point), None)
        if neighbour is None:
            return ""
        known = await self._reservations.one(neighbour.name, session)
        return None if known is None else known.code or None

    async def work(self, now: datetime) -> None:
        """Tell every system below what changed, and ask what became of the rest."""
        below = {each.point: each for each in await self._neighbours.all() if each.below}
        if not below:
            return
        everything, self._rounds = self._rounds % SELDOM == 0, self._rounds + 1
        wanted = await self._wanted(below, now)
        known = {(each.neighbour, each.session): each for each in await self._reservations.current(now)}
        asked: list[Coroutine[Any, Any, None]] = [
            self._reserve(neighbour, session, before, now)
            for neighbour, session in wanted
            if _open(before := known.get((neighbour.name, session.id)), session, everything or _soon(session, now))
        ]
        kept = {(neighbour.name, session.id) for neighbour, session in wanted}
        named = {neighbour.name: neighbour for neighbour in below.values()}
        asked += [
            self._withdraw(named[each.neighbour], each, now)
            for key, each in known.items()
            if key not in kept and each.neighbour in named and each.state != "withdrawn"
        ]
        await self._ask(asked)

    async def _wanted(self, below: dict[str, Neighbour], now: datetime) -> list[tuple[Neighbour, Session]]:
        """Return our sessions that have a code and are not over, with each system below that is to take part."""
        units = {point.unit for point in await self._scheduler.points() if point.id in below}
        sessions = await self._scheduler.sessions(now, now + AHEAD, units)
        return [
            (below[point], session)
            for session in sessions
            if session.state == State.ISSUED and session.official.end > now
            for point in session.points
            if point in below
        ]

    async def _reserve(self, neighbour: Neighbour, session: Session, known: Reservation | None, now: datetime) -> None:
        wanted, told = Wanted.of(session), _told(session)
        new = Reservation(neighbour.name, session.id, "unanswered", session.official.end, now, told=told)
        if known is not None:  # an answer to what it was holds, until there is one to what it is
            new = replace(new, number=known.number, code=known.code)
        try:
            async with self._turns:
                outcome = await self._client.reserve(neighbour, await self._neighbours.key(neighbour.name), wanted)
            code, number, detail = outcome.code or "", outcome.number, as_one_line(outcome.reason)
            new, told_now = replace(new, state=outcome.state, number=number, code=code, detail=detail), True
        except Refused as refused:
            new, told_now = replace(new, state="refused", detail=refused.detail), True
        except Unanswered as unanswered:
            if known is not None and known.told == told and known.state not in ("withdrawn", "unanswered"):
                return  # what was answered last still holds
            new = replace(new, detail=unanswered.words)
            told_now = unanswered.detail == NOT_A_KEY or _soon(session, now)  # others may pass until then
        if told_now and new.state in IN_LETTERS:
            await self._notifications.tell(await self._notice(neighbour, session, new), now)
            self._wake()
        await self._store(known, new)

    async def _notice(self, neighbour: Neighbour, session: Session, found: Reservation) -> Notice:
        """Return the letter about a session that a system below does not hold: one for each state and request."""
        points = {point.id: point for point in await self._scheduler.points()}
        reason = ": ".join(filter(None, (points[neighbour.point].label, IN_LETTERS[found.state], found.detail)))
        version = f"{neighbour.name}:{found.state}:{found.told}"
        return wording.of_session("below", session, points[session.host_point], version, reason)

    async def _withdraw(self, neighbour: Neighbour, known: Reservation, now: datetime) -> None:
        with suppress(Unanswered):  # it is told again in the next round
            async with self._turns:
                with suppress(Refused):  # it knows no such session, or no longer
                    withdrawn = Withdrawn(session=known.session, reason=await self._why(known.session))
                    await self._client.withdraw(neighbour, await self._neighbours.key(neighbour.name), withdrawn)
            await self._store(known, replace(known, state="withdrawn", at=now, code="", detail=""))

    async def _why(self, session: str) -> str:
        """Return why a session of ours is no longer held, as far as somebody said it."""
        with suppress(UnknownSession):
            if (await self._scheduler.session(session)).state != State.ISSUED:
                return why_ended(await self._scheduler.history(session))
        return ""

    async def _store(self, known: Reservation | None, new: Reservation) -> None:
        """Store an answer that says something new."""
        if known is not None and replace(known, at=new.at) == new:
            return
        detail = " ".join(part for part in (new.neighbour, new.number, new.state, new.detail) if part)[:500]
        entry = AuditEntry(new.at, SERVER, "cascade", new.session, detail)
        same = known is not None and known.state == new.state
        await self._reservations.put(new, no_note if same else self._audit.noting(entry))


def _told(session: Session) -> str:
    """Return the hash of what a system below is told of a session."""
    return sha256(Wanted.of(session).model_dump_json().encode()).hexdigest()


def _soon(session: Session, now: datetime) -> bool:
    return session.slots[0].start - SOON <= now


def _open(known: Reservation | None, session: Session, again: bool) -> bool:
    """Return whether a system below is to be asked: something is new, it has not decided, or it is asked `again`.

    What it refused or cancelled stays so until something is new.
    """
    if known is None or known.told != _told(session) or known.state in ("unanswered", "waiting", "revoked"):
        return True
    return known.state == "withdrawn" or (again and known.state == "accepted")
