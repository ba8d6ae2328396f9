"""SQL rows of identities: which account somebody has whom a provider or a directory knows."""

from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from signaling.accounts.schema import ACCOUNTS, IDENTITIES, LOGINS, SECOND_FACTOR_CHALLENGES
from signaling.accounts.sso.roles import Kind, Person
from signaling.accounts.store import account_row
from signaling.core.account import Account
from signaling.core.sql_rows import SqlRows

NO_PASSWORD = "!"  # noqa: S105 - none at all
"""In place of a hash, which it is none: no password of ours opens the account."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody's identity: who knows them, under which constant and which present name, and their account."""

    issuer: str
    subject: str
    account: str
    kind: Kind
    login: str


class IdentityStore(SqlRows):
    """Reads and writes identities. One method, one transaction."""

    async def of_person(self, person: Person) -> Identity | None:
        """Return the identity of somebody who was known just now, None if they have none."""
        same = (IDENTITIES.c.issuer == person.issuer) & (IDENTITIES.c.subject == person.subject)
        return _identity(await self._one(select(IDENTITIES).where(same)))

    async def of_account(self, account: str) -> Identity | None:
        """Return the identity of an account, None if it is ours."""
        return _identity(await self._one(select(IDENTITIES).where(IDENTITIES.c.account == account)))

    async def kinds(self) -> dict[str, Kind]:
        """Return what knows accounts that are not ours, by account."""
        rows = await self._all(select(IDENTITIES.c.account, IDENTITIES.c.kind))
        return {row["account"]: cast("Kind", row["kind"]) for row in rows}

    async def open(self, account: Account, person: Person, now: datetime) -> bool:
        """Add an account with its identity; return False if name or identity has come up meanwhile."""
        row = {**account_row(account), "password": NO_PASSWORD, "created": now}
        try:
            async with self._writer.begin() as connection:
                await connection.execute(insert(ACCOUNTS).values(row))
                await connection.execute(insert(IDENTITIES).values(_row(person, account.account, now)))
        except IntegrityError:
            return False
        return True

    async def link(self, account: str, person: Person, now: datetime) -> bool:
        """Give an account of ours to somebody, which ends its password and its sign-ins; return False if it cannot be.

        It cannot where either has another identity, or account, already.
        """
        try:
            async with self._writer.begin() as connection:
                await connection.execute(insert(IDENTITIES).values(_row(person, account, now)))
                known = update(ACCOUNTS).where(ACCOUNTS.c.account == account)
                await connection.execute(known.values(password=NO_PASSWORD, must_change=False))
                for table in (LOGINS, SECOND_FACTOR_CHALLENGES):
                    await connection.execute(delete(table).where(table.c.account == account))
        except IntegrityError:
            return False
        return True

    async def unlink(self, account: str) -> bool:
        """Delete the identity of an account, and end its sign-ins; return False if it has none."""
        async with self._writer.begin() as connection:
            deleted = await connection.execute(delete(IDENTITIES).where(IDENTITIES.c.account == account))
            for table in (LOGINS, SECOND_FACTOR_CHALLENGES):
                await connection.execute(delete(table).where(table.c.account == account))
        return bool(deleted.rowcount)

    async def refresh(self, account: Account, login: str) -> None:
        """Set name, roles and unit of an account, and the name that its person signs in with elsewhere."""
        values = {name: account_row(account)[name] for name in ("name", "roles", "unit")}
        async with self._writer.begin() as connection:
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == account.account).values(values))
            same = IDENTITIES.c.account == account.account
            await connection.execute(update(IDENTITIES).where(same).values(login=login))


def _row(person: Person, account: str, now: datetime) -> dict[str, object]:
    return {
        "issuer": person.issuer,
        "subject": person.subject,
        "account": account,
        "kind": person.kind,
        "login": person.login,
        "created": now,
    }


def _identity(row: RowMapping | None) -> Identity | None:
    if row is None:
        return None
    return Identity(row["issuer"], row["subject"], row["account"], cast("Kind", row["kind"]), row["login"])
