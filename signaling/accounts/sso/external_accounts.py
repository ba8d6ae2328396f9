"""Gives accounts to people whom a provider or a directory knows, with the roles of their groups (decision 131)."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime

from signaling.accounts.sso.identities import Identity, IdentityStore
from signaling.accounts.sso.ldap_directory import LdapDirectory
from signaling.accounts.sso.roles import MAX_NAME, Kind, Person, wanted_names
from signaling.accounts.store import AccountStore
from signaling.audit.log import AuditLog
from signaling.core.account import Account, Source
from signaling.core.errors import NoRole, SsoUnavailable

Units = Callable[[], Awaitable[set[str]]]
Ended = Callable[[str, str | None], Awaitable[None]]


class ExternalAccounts:
    """Finds, opens and changes accounts that are not ours.

    An account is matched by what its issuer never gives to anybody else, not by its name or an e-mail address; an
    account of ours is nobody's whom they know, whatever they are called there. `units` returns the ids of all units.
    """

    def __init__(
        self,
        identities: IdentityStore,
        accounts: AccountStore,
        audit: AuditLog,
        directory: LdapDirectory | None,
        units: Units,
        ended: Ended,
    ) -> None:
        self._identities = identities
        self._accounts = accounts
        self._audit_log = audit
        self._directory = directory
        self._units = units
        self._ended = ended

    @property
    def directory_label(self) -> str | None:
        """The words for the accounts of the directory, None without one."""
        return None if self._directory is None else self._directory.label

    async def kind(self, account: str) -> Kind | None:
        """Return what knows an account, None if it is ours."""
        identity = await self._identities.of_account(account)
        return None if identity is None else identity.kind

    async def kinds(self) -> dict[str, Kind]:
        """Return what knows accounts that are not ours, by account."""
        return await self._identities.kinds()

    async def by_password(self, login: str, password: str) -> Person | None:
        """Return whom the directory knows by a name and a password. Raises SsoUnavailable."""
        return None if self._directory is None else await self._directory.person(login, password)

    async def has_password(self, account: str, password: str) -> bool:
        """Return whether a password is that of an account of the directory. Raises SsoUnavailable."""
        identity = await self._identities.of_account(account)
        if identity is None or identity.kind != "ldap":
            return False
        if self._directory is None:
            raise SsoUnavailable
        person = await self._directory.person(identity.login, password)
        return person is not None and (person.issuer, person.subject) == (identity.issuer, identity.subject)

    async def account_of(self, person: Person, source: Source, now: datetime) -> Account:
        """Return the account of somebody, with the roles and the unit of their groups; open one at the first sign-in.

        Raises NoRole where no group of theirs has a role, or their unit is none; their sign-ins end.
        """
        identity = await self._identities.of_person(person)
        unknown = person.unit is not None and person.unit not in await self._units()
        if not person.roles or unknown:
            await self._refuse(person, identity, f"unit {person.unit}" if unknown else "no group", source, now)
            raise NoRole
        return await (
            self._opened(person, source, now) if identity is None else self._changed(identity, person, source, now)
        )

    async def _refuse(self, person: Person, identity: Identity | None, why: str, source: Source, now: datetime) -> None:
        detail = f"{person.kind} {person.subject}: {why}"
        name = identity.account if identity is not None else "?"
        if identity is not None:
            await self._accounts.end_others(name, "")
            await self._ended(name, None)
        await self._audit_log.append(source.entry(now, name, "sso-refused", name, detail))

    async def _opened(self, person: Person, source: Source, now: datetime) -> Account:
        """Open an account, under the first of their names that is free. Raises NoRole where none is."""
        for name in wanted_names(person):
            account = Account(name, person.name[:MAX_NAME], person.roles, person.unit, None)
            if await self._accounts.account(name) is None and await self._identities.open(account, person, now):
                await self._audit(account, "sso-account", _described(person), source, now)
                return account
            meanwhile = await self._identities.of_person(person)
            if meanwhile is not None:
                return await self._changed(meanwhile, person, source, now)
        await self._refuse(person, None, "no free name", source, now)
        raise NoRole

    async def _changed(self, identity: Identity, person: Person, source: Source, now: datetime) -> Account:
        """Return the account of an identity, after it has got what their groups say today."""
        stored = await self._accounts.account(identity.account)
        if stored is None:  # deleted since, and its identity with it
            raise NoRole
        account = replace(stored[0], name=person.name[:MAX_NAME], roles=person.roles, unit=person.unit)
        if account != stored[0] or person.login != identity.login:
            await self._identities.refresh(account, person.login)
        if (account.roles, account.unit) != (stored[0].roles, stored[0].unit):
            old, new = _rights(stored[0]), _rights(account)
            await self._audit(account, "sso-roles", f"{old} → {new}", source, now)
        return account

    async def _audit(self, account: Account, action: str, detail: str, source: Source, now: datetime) -> None:
        await self._audit_log.append(source.entry(now, account.account, action, account.account, detail))


def _described(person: Person) -> str:
    return f"{person.kind} {person.issuer} {person.subject}: {' '.join(person.roles)} {person.unit or ''}".rstrip()


def _rights(account: Account) -> str:
    return " ".join((*account.roles, account.unit or "")).rstrip()
