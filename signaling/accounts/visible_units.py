"""Checks whether the account of a request may see or edit a unit."""

from signaling.accounts import permissions
from signaling.accounts.context import ACCOUNTS
from signaling.http.route import ApiRequest


async def check_may_see(call: ApiRequest, unit: str) -> None:
    """Check the right to see a unit's card: operating unit, the unit itself, units above it (I-10). Raises Hidden."""
    call.seen(permissions.may_see_card(call.account, unit, await call.context(ACCOUNTS).scheduler.units()))


async def check_may_keep(call: ApiRequest, unit: str) -> None:
    """Check the right to edit people of a unit: itself, the unit right above (Điều 19.3). Raises Hidden, Forbidden."""
    await check_may_see(call, unit)
    call.only(permissions.may_keep_people(call.account, unit, await call.context(ACCOUNTS).scheduler.units()))
