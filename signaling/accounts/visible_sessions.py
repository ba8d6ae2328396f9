"""Finds sessions that the account of a request may see."""

from collections.abc import Mapping
from datetime import datetime

from scheduler.booking.registration.service import Scheduler
from scheduler.core import model
from signaling.accounts import permissions
from signaling.accounts.context import ACCOUNTS
from signaling.accounts.unit_directory import UnitDirectory
from signaling.http.route import ApiRequest


async def all_points(request: ApiRequest) -> Mapping[str, model.Point]:
    """Return every point by id."""
    return await _by_id(request.context(ACCOUNTS).scheduler)


async def units_and_points(request: ApiRequest) -> UnitDirectory:
    """Return the units and points by which rights are decided."""
    return await unit_directory_at(request.context(ACCOUNTS).scheduler, request.now)


async def unit_directory_at(scheduler: Scheduler, now: datetime) -> UnitDirectory:
    """Return the units and points by which rights are decided at a time."""
    return UnitDirectory(await _by_id(scheduler), await scheduler.units(), scheduler.all_profiles, now)


async def _by_id(scheduler: Scheduler) -> Mapping[str, model.Point]:
    return {point.id: point for point in await scheduler.points()}


async def find(request: ApiRequest, session_id: str | None = None) -> tuple[model.Session, UnitDirectory]:
    """Return a session, by default that of the path, and the units. Raises Hidden, so that ids tell nothing."""
    session = await request.context(ACCOUNTS).scheduler.session(session_id or request.id)
    unit_directory = await units_and_points(request)
    request.seen(permissions.may_see(request.account, session, unit_directory))
    return session, unit_directory
