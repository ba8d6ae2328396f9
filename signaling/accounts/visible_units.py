"""Checks whether the account of a request may see or edit a unit."""

from signaling.accounts import permissions
from signaling.accounts.context import ACCOUNTS
from signaling.http.route import ApiRequest


async def check_may_see(request: ApiRequest, unit: str) -> None:
    """Check the right to see a unit's card: operating unit, the unit itself, units above it (I-10). Raises Hidden."""
    request.seen(permissions.may_see_card(request.account, unit, await request.context(ACCOUNTS).scheduler.units()))


async def check_may_keep(request: ApiRequest, unit: str) -> None:
    """Check the right to edit people of a unit: itself, the unit right above (Điều 19.3). Raises Hidden, Forbidden."""
    await check_may_see(request, unit)
    request.only(permissions.may_keep_people(request.account, unit, await request.context(ACCOUNTS).scheduler.units()))
