"""Endpoints of emergencies for the people on duty: level khẩn cấp, reason, acknowledgement (Điều 12.3; R-061)."""

from collections.abc import Mapping

from scheduler.booking.registration import emergencies as model
from scheduler.core.model import Phase, Unit
from scheduler.core.note import Note
from signaling.accounts import visible_sessions
from signaling.accounts.unit_directory import UnitDirectory
from signaling.booking import sessions
from signaling.booking.context import BOOKING
from signaling.http.route import ID, ApiRequest, Interval, Model, Moment, Route


class Seen(Model):
    """The account that acknowledged, and when."""

    by: str
    at: Moment


class Emergency(Model):
    """An emergency; without `phase` it is an unconfirmed letter of `host`, known by its number."""

    id: str
    number: str
    host: str
    title: str
    ground: str
    reason: str
    official: Interval | None
    received: Moment
    phase: Phase | None
    seen: Seen | None


async def emergencies(request: ApiRequest) -> list[Emergency]:
    """List emergencies that are not over: unacknowledged ones first."""
    request.only(request.account.sees_all)
    unit_directory = await visible_sessions.units_and_points(request)
    units = {unit.id: unit for unit in unit_directory.units}
    return [
        _wire(request, each, unit_directory, units)
        for each in await request.context(BOOKING).emergencies.live(request.now)
    ]


async def acknowledge(request: ApiRequest) -> Emergency:
    """Acknowledge an emergency for the people on duty."""
    request.only(request.account.central)
    note: Note[model.Emergency] = request.noting("acknowledge", lambda seen: (seen.subject, seen.number))
    emergency = await request.context(BOOKING).emergencies.acknowledge(
        request.id, request.account.account, request.now, note
    )
    unit_directory = await visible_sessions.units_and_points(request)
    return _wire(request, emergency, unit_directory, {unit.id: unit for unit in unit_directory.units})


def _wire(
    request: ApiRequest, emergency: model.Emergency, unit_directory: UnitDirectory, units: Mapping[str, Unit]
) -> Emergency:
    session = emergency.session
    host = unit_directory.points[session.host_point].label if session else units[emergency.unit or ""].name
    return Emergency(
        id=emergency.subject,
        number=emergency.number,
        host=host,
        title=session.title if session else "",
        ground=session.ground if session else "",
        reason=session.reason if session else "",
        official=sessions.span(session.official) if session else None,
        received=emergency.received,
        phase=request.context(BOOKING).scheduler.phase(session, request.now) if session else None,
        seen=Seen(by=emergency.seen.by, at=emergency.seen.at) if emergency.seen else None,
    )


ROUTES = [
    Route("GET", "/emergencies", emergencies, "What came as an emergency", list[Emergency], problems=(403,)),
    Route(
        "POST",
        f"/emergencies/{ID}/acknowledge",
        acknowledge,
        "Take note of an emergency",
        Emergency,
        problems=(403, 404),
    ),
]
