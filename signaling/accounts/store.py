"""SQL rows of accounts and sign-ins. One method, one transaction."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from scheduler.core.database import writing
from signaling.accounts.passwords import Device, Login
from signaling.accounts.schema import ACCOUNTS, LOGINS, SECOND_FACTOR_CHALLENGES
from signaling.core.account import Account, Role, Source
from signaling.core.errors import BadInput, Fault
from signaling.core.sql_rows import SqlRows
from signaling.http.cookies import EXPIRED_LASTS


class AccountStore(SqlRows):
    """Reads and writes accounts and sign-ins."""

    async def add_account(self, account: Account, password: str, now: datetime) -> None:
        """Add an account with its password hash. Raises BadInput when the name is taken."""
        row = {**_account_row(account), "password": password, "created": now}
        try:
            await self._write(insert(ACCOUNTS).values(row))
        except IntegrityError:
            raise BadInput([Fault("account", f"{account.account} exists")]) from None

    async def account(self, name: str) -> tuple[Account, str] | None:
        """Return an account and its password hash, None without one."""
        row = await self._one(select(ACCOUNTS).where(ACCOUNTS.c.account == name))
        return None if row is None else (_account(row), row["password"])

    async def accounts(self) -> list[Account]:
        """Return all accounts, ordered by name."""
        return [_account(row) for row in await self._all(select(ACCOUNTS).order_by(ACCOUNTS.c.account))]

    async def set_password(self, name: str, password: str, must_change: bool) -> None:
        """Set the password hash of an account and end all its sign-ins, also those halfway."""
        await self._change(name, {"password": password, "must_change": must_change})

    async def disable(self, name: str, disabled: bool) -> None:
        """Disable an account, which ends all its sign-ins, or enable it again."""
        await self._change(name, {"disabled": disabled})

    async def _change(self, name: str, values: Mapping[str, str | bool]) -> None:
        async with self._writer.begin() as connection:
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(values))
            for table in (LOGINS, SECOND_FACTOR_CHALLENGES):
                await connection.execute(delete(table).where(table.c.account == name))

    async def add_login(
        self,
        token: str,
        account: str,
        source: Source,
        now: datetime,
        expires: datetime,
        second_factor: bool = False,
    ) -> None:
        """Store a sign-in under the hash of its token; delete those that expired long ago."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(LOGINS).where(LOGINS.c.expires <= now - EXPIRED_LASTS))
            row = {"token": token, "account": account, "created": now, "expires": expires}
            row |= {"address": source.address, "browser": source.browser, "second_factor": second_factor}
            await connection.execute(insert(LOGINS).values(row))

    async def login(self, token: str, since: datetime) -> Login | None:
        """Return a sign-in that expires after `since`: now, or earlier for one that has expired."""
        columns = LOGINS.c.expires, LOGINS.c.second_factor
        joined = select(ACCOUNTS, *columns).join(LOGINS, LOGINS.c.account == ACCOUNTS.c.account)
        row = await self._one(joined.where(LOGINS.c.token == token, LOGINS.c.expires > since))
        return None if row is None else Login(token, _account(row), row["expires"], row["second_factor"])

    async def logins(self, tokens: Collection[str]) -> set[str]:
        """Return those of the hashes that are stored."""
        return {row["token"] for row in await self._all(select(LOGINS.c.token).where(LOGINS.c.token.in_(tokens)))}

    async def devices(self, account: str, now: datetime) -> list[Device]:
        """Return the sign-ins of an account that have not expired, newest first."""
        valid = select(LOGINS).where(LOGINS.c.account == account, LOGINS.c.expires > now)
        rows = await self._all(valid.order_by(LOGINS.c.created.desc(), LOGINS.c.token))
        return [Device(row["token"], row["created"], row["address"], row["browser"]) for row in rows]

    async def end_login(self, token: str) -> None:
        """Delete a sign-in."""
        await self._write(delete(LOGINS).where(LOGINS.c.token == token))

    async def end_others(self, account: str, token: str) -> list[str]:
        """Delete all sign-ins of an account but one; return the hashes of those deleted."""
        others = delete(LOGINS).where(LOGINS.c.account == account, LOGINS.c.token != token).returning(LOGINS.c.token)
        async with self._writer.begin() as connection:
            return list((await connection.execute(others)).scalars())

    async def ping(self) -> None:
        """Check that the database answers and allows writes. Raises SQLAlchemyError, OSError."""
        async with writing(self._engine) as connection:
            await connection.execute(select(func.count()).select_from(ACCOUNTS))


def _account_row(account: Account) -> dict[str, object]:
    return {
        "account": account.account,
        "name": account.name,
        "roles": ",".join(account.roles),
        "unit": account.unit,
        "point": account.point,
        "language": account.language,
        "must_change": account.must_change,
        "disabled": account.disabled,
        "provider": account.provider,
    }


def _account(row: RowMapping) -> Account:
    return Account(
        account=row["account"],
        name=row["name"],
        roles=cast("tuple[Role, ...]", tuple(row["roles"].split(","))),
        unit=row["unit"],
        point=row["point"],
        language=row["language"],
        must_change=row["must_change"],
        disabled=row["disabled"],
        provider=row["provider"],
    )
