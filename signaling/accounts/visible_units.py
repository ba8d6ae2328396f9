"""Units as a request may see and keep them."""

from signaling.accounts import permissions
from signaling.accounts.context import ACCOUNTS
from signaling.http.route import ApiRequest


async def check_may_see(call: ApiRequest, unit: str) -> None:
    """A card is for the operating unit, the unit itself and the units above it (I-10). Raises Hidden."""
    call.seen(permissions.may_see_card(call.account, unit, await call.context(ACCOUNTS).scheduler.units()))


async def check_may_keep(call: ApiRequest, unit: str) -> None:
    """People of a unit are kept by itself and the unit right above it (Điều 19.3). Raises Hidden, Forbidden."""
    await check_may_see(call, unit)
    call.only(permissions.may_keep_people(call.account, unit, await call.context(ACCOUNTS).scheduler.units()))
