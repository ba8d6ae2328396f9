"""Changes the roles of people's accounts: who may have which, and what ends with a change."""

from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from scheduler.core.note import Note
from signaling.accounts.passwords import check_roles
from signaling.accounts.sso.identities import IdentityStore
from signaling.accounts.store import AccountStore
from signaling.core.account import Account, Role
from signaling.core.errors import BadInput, Fault

OF_A_UNIT: tuple[Role, ...] = ("registrant", "site")
"""Roles that act for the unit of their account."""


def checked(account: Account, texts: tuple[str, ...], *, elsewhere: bool, operator: str) -> tuple[Role, ...]:
    """Return the roles that an account is to have, in the order of ROLES. Raises BadInput.

    `elsewhere`: a provider or a directory knows its person, and gives the roles by groups. `operator` is the unit that
    operates the system.
    """
    roles = check_roles(texts)
    if elsewhere:
        raise BadInput([Fault("roles", "roles-of-groups")])
    if account.point is not None or account.provider is not None or "provider" in roles:
        raise BadInput([Fault("roles", "roles-of-place")])
    if account.break_glass and "administrator" not in roles:
        raise BadInput([Fault("roles", "roles-of-break-glass")])
    if "technician" in roles and account.unit not in {None, operator}:
        raise BadInput([Fault("roles", "roles-of-operator")])
    if account.unit is None and set(OF_A_UNIT).intersection(roles):
        raise BadInput([Fault("roles", "roles-need-unit")])
    if roles == account.roles:
        raise BadInput([Fault("roles", "roles-same")])
    return roles


@dataclass(frozen=True, slots=True)
class RoleChanges:
    """Changes roles and ends the sign-ins that began with others."""

    accounts: AccountStore
    identities: IdentityStore
    ended: Callable[[str], Awaitable[None]]
    """Closes the sockets of all sign-ins of an account."""

    async def checked(self, account: Account, texts: tuple[str, ...], operator: str) -> tuple[Role, ...]:
        """Return the roles that an account is to have. Raises BadInput."""
        elsewhere = await self.identities.of_account(account.account) is not None
        return checked(account, texts, elsewhere=elsewhere, operator=operator)

    async def carry_out(
        self, name: str, before: Sequence[str], roles: Sequence[str], by: Collection[str], note: Note[str]
    ) -> bool:
        """Change the roles of an account.

        Return False if it has others than `before` by now, or one of those who decide, `by`, is no administrator any
        more: of two who change each other's at once, one remains.
        """
        if not await self.accounts.set_roles(name, before, roles, by, note):
            return False
        await self.ended(name)
        return True
