"""Notifies telecom providers which sessions need their lines, and of changes (Điều 13.2.b; R-085).

The present facts are compared with the last notice in the outbox. So each provider is notified once of a session, of
each change to its times or its own points, and of its end, whoever made the change and whichever server runs the job.
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
"""How long before its start a session is announced to the providers of its points."""


class ProviderNotices:
    """Notifies providers when the periodic job runs."""

    def __init__(self, engine: AsyncEngine, channels: Channels) -> None:
        self._engine = engine
        self._channels = channels

    async def work(self, now: datetime) -> None:
        """Send the notices that are due."""
        async with writing(self._engine) as db:
            earlier = await _earlier(db, now)
            sessions = {each.id: each for each in await sessions_store.between(db, now, now + AHEAD)}
            sessions |= {
                session: await sessions_store.known(db, session) for session, _ in earlier if session not in sessions
            }
            lines, points = await lines_store.lines(db), await units_store.all_points(db)
            needs = _needs(sessions.values(), lines, {point.id: point for point in points})
            for provider in await lines_store.providers(db):
                for session in sessions if provider.email else ():
                    facts, before = needs.get((session, provider.id)), earlier.get((session, provider.id), ())
                    soon = sessions[session].slots[0].start < now + AHEAD
                    notice = owed(facts, before, soon)
                    if notice is not None:
                        key = f"provider:{session}:{provider.id}:{len(before)}"
                        notice = replace(notice, key=key, session=session, recipient=provider.email)
                        await outbox.tell(db, notice, self._channels, now)


def owed(facts: NoticeFacts | None, before: Sequence[OutboxItem], soon: bool) -> Notice | None:
    """Return the notice that a provider is owed, or None.

    `facts` describe a session that needs the provider now (None: it does not), `before` are the earlier notices, `soon`
    says whether the session begins within :data:`AHEAD`.
    """
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
    """Return the facts of each session for each of its providers; they have no title and no code."""
    facts = {}
    for session in sessions:
        carried = provider_points.points_by_provider(session, lines) if session.state == State.ISSUED else {}
        slots = tuple((slot.kind, seconds(slot.start), seconds(slot.end)) for slot in session.slots)
        for provider, own in carried.items():
            names = ", ".join(points[point].name for point in own)
            host = points[session.host_point].label
            facts[session.id, provider] = NoticeFacts(session.number, host=host, slots=slots, reason=names)
    return facts


async def _earlier(db: AsyncConnection, now: datetime) -> dict[tuple[str, str], list[OutboxItem]]:
    """Return the notices of sessions that are not over, by session and provider, in order."""
    by_session: dict[tuple[str, str], list[OutboxItem]] = {}
    for each in await outbox.of_coming(db, ("provider", "provider-changed", "provider-cancelled"), now):
        session = each.session or ""
        provider = each.key.removeprefix(f"provider:{session}:").rsplit(":", 2)[0]
        by_session.setdefault((session, provider), []).append(each)
    return by_session
