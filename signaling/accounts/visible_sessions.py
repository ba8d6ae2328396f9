"""Finds sessions that the account of a request may see."""

from collections.abc import Mapping

from scheduler.core import model
from signaling.accounts import permissions
from signaling.accounts.context import ACCOUNTS
from signaling.accounts.unit_directory import UnitDirectory
from signaling.http.route import ApiRequest


async def all_points(call: ApiRequest) -> Mapping[str, model.Point]:
    """Return every point by id."""
    return {point.id: point for point in await call.context(ACCOUNTS).scheduler.points()}


async def units_and_points(call: ApiRequest) -> UnitDirectory:
    """Return the units and points by which rights are decided."""
    context = call.context(ACCOUNTS)
    return UnitDirectory(
        await all_points(call), await context.scheduler.units(), context.scheduler.all_profiles, call.now
    )


async def find(call: ApiRequest, session_id: str | None = None) -> tuple[model.Session, UnitDirectory]:
    """Return a session, by default that of the path, and the units. Raises Hidden, so that ids tell nothing."""
    found = await call.context(ACCOUNTS).scheduler.session(session_id or call.id)
    known = await units_and_points(call)
    call.seen(permissions.may_see(call.account, found, known))
    return found, known
