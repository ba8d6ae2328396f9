"""Reads the sessions of a point that have a slot today, as its room display shows them."""

from datetime import datetime, time, timedelta

from scheduler.core.model import Session
from signaling.displays.context import DisplaysContext
from signaling.displays.wire import DaySession, DaySlot


async def sessions_of_day(context: DisplaysContext, point: str, now: datetime) -> list[DaySession]:
    """Return the sessions of a point that have a slot today in the province, by start."""
    start = datetime.combine(context.scheduler.day(now), time(), context.scheduler.policy(now).zone)
    invitations = await context.guest_access.invitations(point, start, start + timedelta(days=1))
    sessions = [invitation.session for invitation in invitations]
    hosts = {host: (await context.scheduler.point(host)).label for host in {each.host_point for each in sessions}}
    return [_day_session(context, each, hosts[each.host_point], now) for each in sessions]


def _day_session(context: DisplaysContext, session: Session, host: str, now: datetime) -> DaySession:
    return DaySession(
        id=session.id,
        title=session.title,
        number=session.number,
        host=host,
        phase=context.scheduler.phase(session, now),
        current=_current(context, session, now),
        slots=[DaySlot(kind=slot.kind, start=slot.start, end=slot.end) for slot in session.slots],
    )


def _current(context: DisplaysContext, session: Session, now: datetime) -> datetime | None:
    door = context.scheduler.policy(session.official.start).door
    starts = [slot.start for slot in session.slots if slot.start - door.lobby <= now < slot.end + door.grace]
    return max(starts, default=None)
