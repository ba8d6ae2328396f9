"""Shows people of a telecom provider its own lines, and the sessions and incidents of these (Điều 14.2; R-090, A36)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.booking.sessions import store as sessions_store
from scheduler.core.model import Point, Session, State
from scheduler.directory.equipment import lines_store, provider_points
from scheduler.directory.errors import Unknown
from scheduler.directory.model import AccessLine, Provider
from scheduler.operations.incidents import store as incidents_store
from scheduler.operations.incidents.model import Incident, LineMinutes
from scheduler.operations.readiness import store as readiness_store
from scheduler.operations.readiness.duty import Duty
from scheduler.units import store as units_store

BACK, AHEAD = timedelta(hours=12), timedelta(days=7)
"""Sessions are shown for the rest of a shift after their end, and as far ahead as providers are told of them."""


@dataclass(frozen=True, slots=True)
class ProviderSession:
    """A session with the points that have a line of the provider, in its order, and the line minutes of these.

    `contact` is the person whom the provider named for it, `main` the central technician on duty.
    """

    session: Session
    points: tuple[str, ...]
    minutes: tuple[LineMinutes, ...]
    contact: Duty | None
    main: Duty | None


@dataclass(frozen=True, slots=True)
class ProviderOverview:
    """All that concerns a provider; `points` are those with a line of the provider and the hosts of `sessions`."""

    provider: Provider
    lines: tuple[AccessLine, ...]
    sessions: tuple[ProviderSession, ...]
    incidents: tuple[Incident, ...]
    points: Mapping[str, Point]


class ProviderView:
    """Shows each provider what concerns its lines."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def overview(self, provider: str, now: datetime) -> ProviderOverview:
        """Return the lines, sessions and unsettled incidents of a provider. Raises Unknown."""
        async with self._engine.begin() as db:
            known = await _known(db, provider)
            own = await _lines(db, provider)
            listed = [s for s in await sessions_store.between(db, now - BACK, now + AHEAD) if s.state == State.ISSUED]
            sessions = await _carried(db, provider, own, listed)
            incidents = await incidents_store.of_provider(db, provider)
            shown = [line.point for line in own] + [each.session.host_point for each in sessions]
            points = await units_store.points_named(db, [*shown, *(each.point for each in incidents if each.point)])
        return ProviderOverview(known, tuple(own), tuple(sessions), tuple(incidents), points)


async def _known(db: AsyncConnection, provider: str) -> Provider:
    found = next((each for each in await lines_store.providers(db) if each.id == provider), None)
    if found is None:
        raise Unknown("provider", provider)
    return found


async def _lines(db: AsyncConnection, provider: str) -> list[AccessLine]:
    return [line for line in await lines_store.lines(db) if line.provider == provider]


async def _carried(
    db: AsyncConnection, provider: str, own: list[AccessLine], listed: list[Session]
) -> list[ProviderSession]:
    """Return those of the listed sessions in which a point has a line of the provider."""
    theirs = {s.id: points for s in listed if (points := provider_points.points_by_provider(s, own).get(provider))}
    duties = await readiness_store.duties(db, theirs)
    counted = await incidents_store.minutes(db, theirs)
    return [
        ProviderSession(
            session,
            tuple(theirs[session.id]),
            tuple(each for each in counted if each.session == session.id and each.point in theirs[session.id]),
            next((d for d in duties[session.id] if d.role == "provider" and d.provider in {provider, None}), None),
            next((d for d in duties[session.id] if d.role == "main"), None),
        )
        for session in listed
        if session.id in theirs
    ]
