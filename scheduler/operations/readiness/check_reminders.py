"""Sends reminders of the technical check some hours before each slot, each once for each of the hours (R-084).

For a session that is registered, or a server that starts, when several reminders are due already, only the last one is
sent.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import particulars
from scheduler.booking.sessions import store as sessions_store
from scheduler.calendar import store as calendar_store
from scheduler.calendar.deadlines import Clock
from scheduler.core.database import writing
from scheduler.core.model import Session, Slot, State
from scheduler.notifications import outbox
from scheduler.notifications.alerts import Alerts, of_slot, recipients
from scheduler.notifications.wording import Channels, Notice, saying
from scheduler.policy.profile_files import Profiles
from scheduler.units import store as units_store


def due(slot: Slot, hours: Iterable[int], now: datetime) -> int | None:
    """Return which reminder is due now, as hours before the slot; None before the first and after the start."""
    if slot.start <= now:
        return None
    return min((each for each in hours if slot.start - timedelta(hours=each) <= now), default=None)


class CheckReminders:
    """Reminds host and components by mail, and the chat groups, when the periodic job runs."""

    def __init__(self, engine: AsyncEngine, profiles: Profiles, channels: Channels) -> None:
        self._alerts = Alerts(engine, profiles, channels)

    async def work(self, now: datetime) -> None:
        """Send the reminders that are due."""
        hours = self._alerts.profiles.at(now).deadlines.check_calls_hours
        if not hours:
            return
        async with writing(self._alerts.engine) as db:
            for session in await sessions_store.between(db, now, now + timedelta(hours=max(hours), seconds=1)):
                for slot in session.slots if session.state == State.ISSUED else ():
                    hours_before = due(slot, hours, now)
                    if hours_before is not None:
                        await self._remind(db, session, slot, hours_before, now)

    async def _remind(self, db: AsyncConnection, session: Session, slot: Slot, hours: int, now: datetime) -> None:
        points = await units_store.points_named(db, session.everyone)
        host = points[session.host_point]
        clock = Clock(self._alerts.policy(session), (await calendar_store.corrections(db)).calendar)
        by = clock.check(slot.start).astimezone(self._alerts.policy(session).zone)
        description = particulars.description_lines(session, self._alerts.policy(session), points)
        late = "kiểm tra ngay, trước giờ họp"  # a session registered late may leave no time for the check
        lines = [f"kiểm tra xong trước {by:%H:%M %d/%m/%Y}" if now < by else late]

        def notice(unit: str) -> Notice:
            of_unit = of_slot("check-call", session, slot, host, lines, unit)
            return saying(replace(of_unit, key=f"{of_unit.key}:{hours}"), description)

        if await outbox.was_added(db, notice(host.unit), self._alerts.channels):
            return
        units = {unit.id: unit for unit in await units_store.units(db)}
        boxes = await outbox.mailboxes(db)
        policy = self._alerts.policy(session)
        invited_units = {unit for point in points.values() for unit in recipients(point, units, policy, boxes)}
        await outbox.tell(db, notice(host.unit), self._alerts.channels, now)
        for unit in sorted((invited_units & set(boxes)) - {host.unit}):
            await outbox.tell(db, notice(unit), Channels(mail=self._alerts.channels.mail), now)
