"""Records a session as it was held: presence, which is judged, who spoke, the script, chat, reconnections (R-087).

A join is stored before it is acknowledged. Every few seconds the server that runs the meetings confirms which points
are connected (:meth:`Attendance.confirm_present`). Stays that are no longer confirmed, and after a crash all open ones,
end at the last time they were confirmed. Each method is one transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.booking.sessions import store as sessions_store
from scheduler.core import text
from scheduler.core.database import writing
from scheduler.core.errors import FieldError, InvalidRequest
from scheduler.core.model import REHEARSAL, Interval, ScriptItem, Session, Slot, State
from scheduler.core.note import Note, no_note
from scheduler.notifications import outbox
from scheduler.notifications.alerts import Alerts
from scheduler.operations.attendance import (
    chat_store,
    floor_store,
    item_store,
    presence_store,
    reconnect_store,
    speaking_store,
)
from scheduler.operations.attendance.chat_store import ChatEntry
from scheduler.operations.attendance.floor_store import FloorTime
from scheduler.operations.attendance.item_store import ItemTime
from scheduler.operations.attendance.presence_intervals import (
    PointAttendance,
    PresenceInterval,
    ReconnectAttempt,
    held_interval,
    point_attendance,
)
from scheduler.operations.attendance.presence_store import Explanation

LOOK_BACK = timedelta(days=1)
"""How far back a server looks for ended slots when it starts; it notifies nobody of older ones."""
FORGOTTEN = timedelta(seconds=30)
"""A stay ends when it was not confirmed for so long: several rounds of :meth:`Attendance.confirm_present`, so that a
point whose join was written during a round is not taken for gone."""
MAX_CAUSE = 500
CALL_AGAIN = timedelta(minutes=10)
"""Time after which another letter is sent to an absent point that is called again."""


@dataclass(frozen=True, slots=True)
class SlotAttendance:
    """The attendance of one slot: the stays of each point and how it took part.

    The points are in the order of the session, the host first.
    """

    slot: Slot
    points: Mapping[str, tuple[tuple[PresenceInterval, ...], PointAttendance]]

    @property
    def present(self) -> int:
        """The number of points that took part."""
        return sum(judged.present for _, judged in self.points.values())


class Attendance:
    """Stores stays, floor times, chat and reconnections, and computes the attendance of sessions from them."""

    def __init__(self, alerts: Alerts) -> None:
        self._alerts = alerts
        self._settled: datetime | None = None

    async def recover(self, held: Collection[str] = ()) -> None:
        """Close the stays, floor and item times that a killed server left open, at the last time they were confirmed.

        Sessions in `held` are left alone: their meetings still go on.
        """
        async with writing(self._alerts.engine) as db:
            await presence_store.close_lost(db, held=held)
            await floor_store.close_lost(db, held)
            await item_store.close_lost(db, held)

    async def point_joined(self, session: str, point: str, now: datetime) -> None:
        """Note that a point is about to be let in; a second device of the point changes nothing."""
        async with writing(self._alerts.engine) as db:
            await presence_store.begin(db, session, point, now)

    async def point_left(self, session: str, point: str, at: datetime) -> None:
        """Note that the last device of a point disconnected at `at`."""
        async with writing(self._alerts.engine) as db:
            await presence_store.end(db, session, point, at)

    async def floor_given(self, session: str, speech: FloorTime) -> None:
        """Note that a device was given the floor (Điều 14.3.b)."""
        async with writing(self._alerts.engine) as db:
            await floor_store.begin(db, session, speech)

    async def floor_ended(self, session: str, name: str, now: datetime) -> None:
        """Note that a device no longer has the floor."""
        async with writing(self._alerts.engine) as db:
            await floor_store.end(db, session, name, now)

    async def floor_times(self, session: str) -> list[FloorTime]:
        """Return the floor times of a session, in the order in which the floor was given."""
        async with self._alerts.engine.begin() as db:
            return await floor_store.of_session(db, session)

    async def spoken(self, session: str, seconds: Mapping[str, int]) -> None:
        """Note for how many more seconds points were the active speaker."""
        async with writing(self._alerts.engine) as db:
            await speaking_store.add(db, session, seconds)

    async def speaking_seconds(self, session: str) -> dict[str, int]:
        """Return for how many seconds points were the active speaker in the official slot of a session."""
        async with self._alerts.engine.begin() as db:
            return await speaking_store.of_session(db, session)

    async def stepped(self, session: str, item: ScriptItem | None, now: datetime) -> None:
        """Note that a meeting goes to an item of its script, or that none is the current one any more."""
        async with writing(self._alerts.engine) as db:
            await item_store.step(db, session, item, now)

    async def item_times(self, session: str) -> list[ItemTime]:
        """Return when items of a session's script were the current one, in the order of the steps."""
        async with self._alerts.engine.begin() as db:
            return await item_store.of_session(db, session)

    async def call(self, session_id: str, point: str, now: datetime, note: Note[str] = no_note) -> None:
        """Notify the unit of an absent point that the chair calls it, unless it was called within :data:`CALL_AGAIN`.

        Raises UnknownSession.
        """
        call = f":call {point}:"
        async with writing(self._alerts.engine) as db:
            session = await sessions_store.known(db, session_id)
            slot = next(each for each in session.slots if each.end > now or each == session.slots[-1])
            if not await outbox.was_added_since(db, session_id, call, now - CALL_AGAIN):
                occasion = f"{call}{int(now.timestamp())}"
                await self._alerts.tell_units(db, "called", session, slot, {point: ""}, now, occasion)
            await note(db, point)

    async def chat_written(self, session: str, entry: ChatEntry) -> None:
        """Store a chat message."""
        async with writing(self._alerts.engine) as db:
            await chat_store.add(db, session, entry)

    async def chat(self, session: str) -> list[ChatEntry]:
        """Return the chat messages of a session, in the order in which they were sent."""
        async with self._alerts.engine.begin() as db:
            return await chat_store.of_session(db, session)

    async def add_reconnects(self, session: str, redials: Sequence[ReconnectAttempt]) -> None:
        """Store that connections were lost or that devices tried to reconnect (Điều 14.4.c)."""
        async with writing(self._alerts.engine) as db:
            await reconnect_store.add(db, session, redials)

    async def reconnects(self, session: str) -> list[ReconnectAttempt]:
        """Return the reconnect events of a session's points, by time."""
        async with self._alerts.engine.begin() as db:
            return await reconnect_store.of_session(db, session)

    async def confirm_present(self, here: Mapping[str, Collection[str]], now: datetime) -> None:
        """Confirm which points are connected, by session.

        Stays that were not confirmed for :data:`FORGOTTEN` are closed at the last time they were.
        """
        there = {(session, point) for session, points in here.items() for point in points}
        async with self._alerts.engine.begin() as db:
            if not await presence_store.open_stays(db):
                return
        async with writing(self._alerts.engine) as db:
            known = await presence_store.open_stays(db)
            await presence_store.confirm(db, [known[key] for key in known.keys() & there], now)
            await presence_store.close_lost(db, now - FORGOTTEN)

    async def slots(self, session_id: str, now: datetime) -> list[SlotAttendance]:
        """Return the attendance of each slot. Raises UnknownSession."""
        async with self._alerts.engine.begin() as db:
            return await self._slots(db, await sessions_store.known(db, session_id), now)

    async def explain(self, session_id: str, point: str, start: datetime, cause: str, by: str, now: datetime) -> None:
        """Store why a point was interrupted from `start` on (Điều 14.4.c).

        Raises UnknownSession, InvalidRequest.
        """
        cleaned = text.clean(cause)
        faults = text.validate("cause", cleaned, MAX_CAUSE)
        if faults:
            raise InvalidRequest(faults)
        async with writing(self._alerts.engine) as db:
            slots = await self._slots(db, await sessions_store.known(db, session_id), now)
            known = {gap.start for slot in slots if point in slot.points for gap in slot.points[point][1].interruptions}
            if start not in known:
                raise InvalidRequest([FieldError("start", "no-interruption")])
            await presence_store.explain(db, session_id, Explanation(point, start, cleaned, by), now)

    async def notify_of_ended_slots(self, now: datetime) -> None:
        """Notify units of points that missed a rehearsal or did not explain an interruption.

        Each slot is looked at once, after its end.
        """
        since = self._settled or now - LOOK_BACK
        async with writing(self._alerts.engine) as db:
            for session in await sessions_store.between(db, since, now):
                ended = [each for each in await self._slots(db, session, now) if since < each.slot.end <= now]
                for each in ended if session.state == State.ISSUED else ():
                    await self._tell(db, session, each, now)
        self._settled = now

    async def _tell(self, db: AsyncConnection, session: Session, ended: SlotAttendance, now: datetime) -> None:
        judged = {point: attendance for point, (_, attendance) in ended.points.items()}
        if ended.slot.kind == REHEARSAL:
            absent = {point: "" for point, attendance in judged.items() if not attendance.present}
            await self._alerts.tell_units(db, "absent", session, ended.slot, absent, now)
        silent = {
            point: f" ({len(gaps)})"
            for point, attendance in judged.items()
            if (gaps := [gap for gap in attendance.interruptions if not gap.cause])
        }
        await self._alerts.tell_units(db, "interrupted", session, ended.slot, silent, now)

    async def _slots(self, db: AsyncConnection, session: Session, now: datetime) -> list[SlotAttendance]:
        longer = timedelta(seconds=self._alerts.policy(session).preparation.interruption_s)
        stays = (await presence_store.of_sessions(db, [session.id]))[session.id]
        explanations = {(each.point, each.start): each for each in await presence_store.explanations(db, session.id)}
        points = session.everyone
        own = {point: tuple(stay for stay in stays if stay.point == point) for point in points}

        def attendance_of(point: str, slot: Slot) -> tuple[tuple[PresenceInterval, ...], PointAttendance]:
            of_slot = held_interval(own[session.host_point], Interval(slot.start, slot.end), now)
            attendance = point_attendance(own[point], of_slot, now, longer)
            gaps = [(gap, explanations.get((point, gap.start))) for gap in attendance.interruptions]
            interruptions = tuple(replace(gap, cause=why.cause, by=why.by) if why else gap for gap, why in gaps)
            return own[point], replace(attendance, interruptions=interruptions)

        return [SlotAttendance(slot, {point: attendance_of(point, slot) for point in points}) for slot in session.slots]
