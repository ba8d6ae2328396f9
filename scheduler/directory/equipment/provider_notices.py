"""Letters to telecom enterprises: which sessions need their lines, and whatever becomes of these (Điều 13.2.b; R-085).

What is told is compared with what was told last, as the outbox has it: each provider hears of a session, of each change
to its times or to its own points, and of its end, once each, whoever made the change and whichever server looks.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.database import writing
from scheduler.core.model import Point, Session, State
from scheduler.core.sql_values import seconds
from scheduler.directory.equipment import lines_store, provider_points
from scheduler.directory.model import AccessLine
from scheduler.notifications import outbox
from scheduler.notifications.outbox import OutboxItem
from scheduler.notifications.wording import Channels, Notice, NoticeFacts
from scheduler.units import store as units_store

AHEAD = timedelta(days=7)
"""How long before it begins a session is told to those who carry it."""


class ProviderNotices:
    """Tells providers, by the clerk's rounds."""

    def __init__(self, engine: AsyncEngine, channels: Channels) -> None:
        self._engine = engine
        self._channels = channels

    async def work(self, now: datetime) -> None:
        """Tell what is new."""
        async with writing(self._engine) as db:
            told = await _told(db, now)
            sessions = {each.id: each for each in await sessions_store.between(db, now, now + AHEAD)}
            sessions |= {
                session: await sessions_store.known(db, session) for session, _ in told if session not in sessions
            }
            lines, points = await lines_store.lines(db), await units_store.all_points(db)
            needs = _needs(sessions.values(), lines, {point.id: point for point in points})
            for provider in await lines_store.providers(db):
                for session in sessions if provider.email else ():
                    facts, before = needs.get((session, provider.id)), told.get((session, provider.id), ())
                    soon = sessions[session].slots[0].start < now + AHEAD
                    notice = owed(facts, before, soon)
                    if notice is not None:
                        key = f"provider:{session}:{provider.id}:{len(before)}"
                        notice = replace(notice, key=key, session=session, recipient=provider.email)
                        await outbox.tell(db, notice, self._channels, now)


def owed(facts: NoticeFacts | None, before: Sequence[OutboxItem], soon: bool) -> Notice | None:
    """Return what a provider is to be told: `facts` of a session that needs it now, `before` what it was told."""
    last = before[-1] if before and before[-1].kind != "provider-cancelled" else None
    if last is None:
        return Notice("provider", "", facts) if facts is not None and soon else None
    if facts is None:
        return Notice("provider-cancelled", "", last.facts)
    same = (facts.slots, facts.reason) == (last.facts.slots, last.facts.reason)
    return None if same else Notice("provider-changed", "", facts)


def _needs(
    sessions: Iterable[Session], lines: Sequence[AccessLine], points: Mapping[str, Point]
) -> dict[tuple[str, str], NoticeFacts]:
    """Return what each provider would be told of each session that takes place: no title and no code."""
    found = {}
    for session in sessions:
        carried = provider_points.points_by_provider(session, lines) if session.state == State.ISSUED else {}
        slots = tuple((slot.kind, seconds(slot.start), seconds(slot.end)) for slot in session.slots)
        for provider, own in carried.items():
            names = ", ".join(points[point].name for point in own)
            host = points[session.host_point].label
            found[session.id, provider] = NoticeFacts(session.number, host=host, slots=slots, reason=names)
    return found


async def _told(db: AsyncConnection, now: datetime) -> dict[tuple[str, str], list[OutboxItem]]:
    """Return what was told of sessions that are not over, by session and provider, in order."""
    found: dict[tuple[str, str], list[OutboxItem]] = {}
    for each in await outbox.of_coming(db, ("provider", "provider-changed", "provider-cancelled"), now):
        session = each.session or ""
        provider = each.key.removeprefix(f"provider:{session}:").rsplit(":", 2)[0]
        found.setdefault((session, provider), []).append(each)
    return found
