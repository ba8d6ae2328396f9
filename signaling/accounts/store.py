"""SQL rows of accounts and sign-ins. One method, one transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.database import writing
from scheduler.core.note import Note, no_note
from signaling.accounts.passwords import Device, Login
from signaling.accounts.schema import ACCOUNTS, FORMER_PASSWORDS, LOGINS, SECOND_FACTOR_CHALLENGES
from signaling.core.account import Account, Role, Source
from signaling.core.errors import BadInput, Fault
from signaling.core.sql_rows import SqlRows
from signaling.http.cookies import EXPIRED_LASTS


class AccountStore(SqlRows):
    """Reads and writes accounts and sign-ins."""

    async def add_account(self, account: Account, password: str, now: datetime) -> None:
        """Add an account with its password hash. Raises BadInput when the name is taken."""
        row = {**account_row(account), "password": password, "created": now, "password_changed": now}
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

    async def created(self) -> dict[str, datetime]:
        """Return when each account was made."""
        rows = await self._all(select(ACCOUNTS.c.account, ACCOUNTS.c.created))
        return {row["account"]: row["created"] for row in rows}

    async def last_logins(self) -> dict[str, datetime]:
        """Return when each account was last signed in to, as far as it is known."""
        known = select(ACCOUNTS.c.account, ACCOUNTS.c.last_login).where(ACCOUNTS.c.last_login.is_not(None))
        return {row["account"]: row["last_login"] for row in await self._all(known)}

    async def set_password(self, name: str, password: str, must_change: bool, now: datetime, history: int = 0) -> None:
        """Set the password hash of an account and end all its sign-ins, also those halfway.

        So many hashes are kept as `history` needs: the present one, and those before it.
        """
        former = select(ACCOUNTS.c.account, ACCOUNTS.c.password).where(ACCOUNTS.c.account == name)
        own = FORMER_PASSWORDS.c.account == name
        newest = select(FORMER_PASSWORDS.c.id).where(own).order_by(FORMER_PASSWORDS.c.id.desc())
        async with self._writer.begin() as connection:
            await connection.execute(insert(FORMER_PASSWORDS).from_select(["account", "password"], former))
            kept = list((await connection.execute(newest.limit(max(history - 1, 0)))).scalars())
            await connection.execute(delete(FORMER_PASSWORDS).where(own, FORMER_PASSWORDS.c.id.not_in(kept)))
            values = {"password": password, "must_change": must_change, "password_changed": now}
            await _change(connection, name, values)

    async def last_passwords(self, name: str, number: int) -> list[str]:
        """Return the hashes of the last passwords of an account, at most so many, as far as they were kept."""
        former = FORMER_PASSWORDS.c.account == name
        newest = select(FORMER_PASSWORDS.c.password).where(former).order_by(FORMER_PASSWORDS.c.id.desc())
        stored = await self.account(name)
        rows = await self._all(newest.limit(number))
        return [*([] if stored is None else [stored[1]]), *(row["password"] for row in rows)][:number]

    async def disable(self, name: str, note: Note[str] = no_note) -> None:
        """Disable an account, which ends all its sign-ins."""
        async with writing(self._engine) as connection:
            await _change(connection, name, {"disabled": True})
            await note(connection, name)

    async def enable(self, name: str, now: datetime) -> None:
        """Enable an account again, which ends sign-ins that are halfway; it is not dormant from now on."""
        async with self._writer.begin() as connection:
            await _change(connection, name, {"disabled": False, "last_login": now})

    async def set_roles(
        self,
        name: str,
        before: Sequence[str],
        roles: Sequence[str],
        by: Collection[str],
        note: Note[str] = no_note,
    ) -> bool:
        """Change the roles of an account, which ends its sign-ins.

        Return False if it has others than `before` by now, or one of those who decide, `by`, is no administrator.
        """
        has = ACCOUNTS.c.account == name, ACCOUNTS.c.roles == ",".join(before)
        deciding = select(ACCOUNTS.c.roles).where(ACCOUNTS.c.account.in_(by), ~ACCOUNTS.c.disabled)
        async with writing(self._engine) as connection:
            found = (await connection.execute(deciding)).scalars().all()
            if sum("administrator" in each.split(",") for each in found) < len(by):
                return False
            changed = await connection.execute(update(ACCOUNTS).where(*has).values(roles=",".join(roles)))
            if not changed.rowcount:
                return False
            await _end_sign_ins(connection, name)
            await note(connection, name)
            return True

    async def break_glass(self, name: str | None) -> None:
        """Make one account the break-glass account in place of another one, or (None) have none."""
        async with self._writer.begin() as connection:
            await connection.execute(update(ACCOUNTS).values(break_glass=ACCOUNTS.c.account == (name or "")))

    async def dormant(self, before: datetime, now: datetime) -> list[str]:
        """Return the enabled accounts whose last sign-in was before a time, without those that are exempt.

        Those of which no sign-in is known count from now on.
        """
        return await self._older(ACCOUNTS.c.last_login, before, now, ~ACCOUNTS.c.disabled)

    async def outdated(self, before: datetime, now: datetime) -> list[str]:
        """Return the accounts whose password was set before a time, as :meth:`dormant` does for sign-ins."""
        return await self._older(
            ACCOUNTS.c.password_changed, before, now, ~ACCOUNTS.c.disabled, ~ACCOUNTS.c.must_change
        )

    async def _older(
        self, column: Column[Any], before: datetime, now: datetime, *where: ColumnElement[bool]
    ) -> list[str]:
        counted = ACCOUNTS.c.point.is_(None), ~ACCOUNTS.c.break_glass
        unknown = await self._one(select(ACCOUNTS.c.account).where(column.is_(None)).limit(1))
        if unknown is not None:
            await self._write(update(ACCOUNTS).where(column.is_(None)).values({column.name: now}))
        query = select(ACCOUNTS.c.account).where(column < before, *counted, *where).order_by(ACCOUNTS.c.account)
        return [row["account"] for row in await self._all(query)]

    async def demand_password(self, name: str, note: Note[str]) -> None:
        """Have an account change its password before it does anything else."""
        async with writing(self._engine) as connection:
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(must_change=True))
            await note(connection, name)

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
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == account).values(last_login=now))

    async def note_use(self, token: str, used: datetime) -> None:
        """Store when a sign-in was used last."""
        await self._write(update(LOGINS).where(LOGINS.c.token == token).values(used=used))

    async def login(self, token: str, since: datetime) -> Login | None:
        """Return a sign-in that expires after `since`: now, or earlier for one that has expired."""
        used = func.coalesce(LOGINS.c.used, LOGINS.c.created).label("used")
        columns = LOGINS.c.expires, LOGINS.c.second_factor, used
        joined = select(ACCOUNTS, *columns).join(LOGINS, LOGINS.c.account == ACCOUNTS.c.account)
        row = await self._one(joined.where(LOGINS.c.token == token, LOGINS.c.expires > since))
        if row is None:
            return None
        return Login(token, _account(row), row["expires"], row["second_factor"], row["used"])

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


async def _change(connection: AsyncConnection, name: str, values: Mapping[str, object]) -> None:
    """Change an account and end its sign-ins, also those halfway."""
    await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(values))
    await _end_sign_ins(connection, name)


async def _end_sign_ins(connection: AsyncConnection, name: str) -> None:
    for table in (LOGINS, SECOND_FACTOR_CHALLENGES):
        await connection.execute(delete(table).where(table.c.account == name))


def account_row(account: Account) -> dict[str, object]:
    """Return the row of an account without its password and the time of its creation."""
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
        "break_glass": account.break_glass,
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
        break_glass=row["break_glass"],
    )
