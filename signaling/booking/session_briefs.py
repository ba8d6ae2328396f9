"""Sessions in a few words, for plans, reasons and the agenda."""

from collections.abc import Iterable, Mapping

from scheduler.core import model
from scheduler.core.model import ClassId, Phase
from signaling.accounts import permissions, visible_sessions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.booking import sessions
from signaling.booking.context import BOOKING
from signaling.http.route import ApiRequest, Interval, Model


class Brief(Model):
    """Number, host, level and time of a session; `legs` is the capacity it holds."""

    id: str
    number: str
    title: str
    host: str
    level: str
    official: Interval
    rehearsal: Interval | None
    legs: int
    klass: ClassId
    phase: Phase


Briefs = Mapping[str, Brief]


async def of(request: ApiRequest, ids: Iterable[str]) -> dict[str, Brief]:
    """Return briefs of those sessions that the account may see, by id."""
    points = await visible_sessions.units_and_points(request)
    named = await request.context(BOOKING).scheduler.named(ids)
    return {
        each.id: _brief(request, each, points) for each in named if permissions.may_see(request.account, each, points)
    }


def _brief(request: ApiRequest, session: model.Session, points: UnitDirectory) -> Brief:
    host = points[session.host_point]
    return Brief(
        id=session.id,
        number=session.number,
        title=session.title,
        host=host.label,
        level=host.level,
        official=sessions.span(session.official),
        rehearsal=None if session.rehearsal is None else sessions.span(session.rehearsal),
        legs=session.legs,
        klass=session.klass,
        phase=request.context(BOOKING).scheduler.phase(session, request.now),
    )
