"""SQL rows of second factors. One method, one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, false, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.code_encryption import cipher_of
from scheduler.core.key_rotation import EncryptedColumn
from signaling.accounts import totp
from signaling.accounts.schema import LOGINS, RECOVERY_CODES, SECOND_FACTOR_CHALLENGES, SECURITY_KEYS, TOTP_SECRETS
from signaling.accounts.security_keys import SecurityKey
from signaling.core.sql_rows import SqlRows


@dataclass(frozen=True, slots=True)
class Factors:
    """The second factors of an account: since when it has an authenticator app, its security keys, codes left."""

    totp: datetime | None
    keys: tuple[SecurityKey, ...]
    recovery_codes: int

    @property
    def any(self) -> bool:
        """Return whether there is one; recovery codes alone are none."""
        return self.totp is not None or bool(self.keys)


@dataclass(frozen=True, slots=True)
class Challenge:
    """Something of an account that was handed out and must come back until it expires."""

    id: str
    account: str
    value: str


class SecondFactorStore(SqlRows):
    """Reads and writes secrets of authenticator apps, security keys, recovery codes and challenges."""

    async def factors(self, account: str) -> Factors:
        """Return the second factors of an account."""
        async with self._engine.connect() as db:
            created = select(TOTP_SECRETS.c.created).where(TOTP_SECRETS.c.account == account)
            keys = select(SECURITY_KEYS).where(SECURITY_KEYS.c.account == account)
            ordered = keys.order_by(SECURITY_KEYS.c.created, SECURITY_KEYS.c.id)
            codes = select(func.count()).select_from(RECOVERY_CODES).where(RECOVERY_CODES.c.account == account)
            rows = (await db.execute(ordered)).mappings()
            found = tuple(SecurityKey(**row) for row in rows)
            return Factors(await db.scalar(created), found, await db.scalar(codes) or 0)

    async def has_any(self, account: str) -> bool:
        """Return whether an account has an authenticator app or a security key."""
        async with self._engine.connect() as db:
            return await _has_any(db, account)

    async def add_challenge(self, challenge: Challenge, now: datetime, expires: datetime) -> None:
        """Store a challenge in place of one with its id; delete those that have expired."""
        async with self._writer.begin() as db:
            await _add_challenge(db, challenge, now, expires)

    async def challenge(self, id_: str, now: datetime) -> Challenge | None:
        """Return a challenge that has not expired."""
        table = SECOND_FACTOR_CHALLENGES
        row = await self._one(select(table).where(table.c.id == id_, table.c.expires > now))
        return None if row is None else Challenge(row["id"], row["account"], row["value"])

    async def end_challenge(self, id_: str) -> bool:
        """Delete a challenge; return False when another request was faster."""
        table = SECOND_FACTOR_CHALLENGES
        async with self._writer.begin() as db:
            return (await db.execute(delete(table).where(table.c.id == id_))).rowcount == 1

    async def add_pending_totp(self, id_: str, account: str, secret: bytes, now: datetime, expires: datetime) -> None:
        """Store the secret of an app that is not confirmed yet, encrypted, under an id."""
        async with self._writer.begin() as db:
            sealed = cipher_of(db).encrypt(totp.text_of(secret), _bound(account))
            await _add_challenge(db, Challenge(id_, account, sealed), now, expires)

    async def pending_totp(self, id_: str, account: str, now: datetime) -> bytes | None:
        """Return the secret of an app that is not confirmed yet. Raises LostKey."""
        table = SECOND_FACTOR_CHALLENGES
        async with self._engine.connect() as db:
            found = table.c.id == id_, table.c.account == account, table.c.expires > now
            sealed = await db.scalar(select(table.c.value).where(*found))
            return None if sealed is None else totp.secret_of(cipher_of(db).decrypt(sealed, _bound(account)))

    async def add_totp(
        self, pending: str, account: str, login: str, step: int, codes: Sequence[str], now: datetime
    ) -> list[str] | None:
        """Make a confirmed app that of an account, in place of an earlier one; `step` is that of the first code.

        `login` becomes a sign-in with a second factor; return the hashes of those of the account without one, which
        are deleted. Return None if another request was faster.
        """
        table = SECOND_FACTOR_CHALLENGES
        async with self._writer.begin() as db:
            taken = delete(table).where(table.c.id == pending).returning(table.c.value)
            sealed = (await db.execute(taken)).scalar()
            if sealed is None:
                return None
            row = {"account": account, "sealed": sealed, "last_step": step, "created": now}
            await db.execute(delete(TOTP_SECRETS).where(TOTP_SECRETS.c.account == account))
            await db.execute(insert(TOTP_SECRETS).values(row))
            return await _enrolled(db, account, login, codes, now)

    async def totp(self, account: str) -> tuple[bytes, int] | None:
        """Return the secret of an account's app, and the time step of the last code accepted. Raises LostKey."""
        async with self._engine.connect() as db:
            row = (await db.execute(select(TOTP_SECRETS).where(TOTP_SECRETS.c.account == account))).first()
            if row is None:
                return None
            return totp.secret_of(cipher_of(db).decrypt(row.sealed, _bound(account))), row.last_step

    async def use_step(self, account: str, step: int) -> bool:
        """Accept the code of a time step; return False when it, or a later one, was accepted already."""
        newer = TOTP_SECRETS.c.account == account, TOTP_SECRETS.c.last_step < step
        async with self._writer.begin() as db:
            return (await db.execute(update(TOTP_SECRETS).where(*newer).values(last_step=step))).rowcount == 1

    async def use_recovery_code(self, account: str, code: str) -> bool:
        """Use up a recovery code; return False if the account has no such code, or no longer."""
        async with self._writer.begin() as db:
            known = RECOVERY_CODES.c.account == account, RECOVERY_CODES.c.mark == _mark(db, account, code)
            return (await db.execute(delete(RECOVERY_CODES).where(*known))).rowcount == 1

    async def replace_recovery_codes(self, account: str, codes: Sequence[str], now: datetime) -> None:
        """Give an account other recovery codes."""
        async with self._writer.begin() as db:
            await _replace_codes(db, account, codes, now)

    async def add_key(self, key: SecurityKey, login: str, codes: Sequence[str], now: datetime) -> list[str]:
        """Add a security key. What happens to sign-ins is as with :meth:`add_totp`."""
        row = {column.name: getattr(key, column.name) for column in SECURITY_KEYS.c}
        async with self._writer.begin() as db:
            await db.execute(insert(SECURITY_KEYS).values(row))
            return await _enrolled(db, key.account, login, codes, now)

    async def use_key(self, key: SecurityKey, sign_count: int, now: datetime) -> bool:
        """Note that a key has signed; return False if its counter did not grow: it may be a copy.

        W3C WebAuthn §6.1.1.
        """
        stored = SECURITY_KEYS.c.sign_count
        grows = stored < sign_count if sign_count else stored == 0  # keys without a counter always say 0
        values = {"sign_count": sign_count, "last_used": now}
        statement = update(SECURITY_KEYS).where(SECURITY_KEYS.c.id == key.id, grows).values(values)
        async with self._writer.begin() as db:
            return (await db.execute(statement)).rowcount == 1

    async def remove_totp(self, account: str) -> bool:
        """Remove the authenticator app of an account; return False if it had none."""
        async with self._writer.begin() as db:
            removed = (await db.execute(delete(TOTP_SECRETS).where(TOTP_SECRETS.c.account == account))).rowcount == 1
            await _tidy(db, account)
            return removed

    async def remove_key(self, account: str, id_: str) -> str | None:
        """Remove a security key of an account; return its name, None if it has no such key."""
        own = SECURITY_KEYS.c.account == account, SECURITY_KEYS.c.id == id_
        async with self._writer.begin() as db:
            name = (await db.execute(delete(SECURITY_KEYS).where(*own).returning(SECURITY_KEYS.c.name))).scalar()
            await _tidy(db, account)
            return name

    async def reset(self, account: str) -> None:
        """Remove all second factors of an account, and end its sign-ins."""
        async with self._writer.begin() as db:
            for table in (TOTP_SECRETS, SECURITY_KEYS, RECOVERY_CODES, SECOND_FACTOR_CHALLENGES, LOGINS):
                await db.execute(delete(table).where(table.c.account == account))


def _bound(account: str) -> str:
    return f"totp {account}"


ENCRYPTED = EncryptedColumn(TOTP_SECRETS.c.sealed, lambda row: _bound(row["account"]))


def _mark(db: AsyncConnection, account: str, code: str) -> str:
    """Return the keyed hash of a recovery code, which nobody can guess from without the key."""
    return cipher_of(db).mark(f"recovery {account} {code}")


async def _has_any(db: AsyncConnection, account: str) -> bool:
    apps = exists().where(TOTP_SECRETS.c.account == account)
    keys = exists().where(SECURITY_KEYS.c.account == account)
    return bool(await db.scalar(select(or_(apps, keys))))


async def _add_challenge(db: AsyncConnection, challenge: Challenge, now: datetime, expires: datetime) -> None:
    table = SECOND_FACTOR_CHALLENGES
    await db.execute(delete(table).where(or_(table.c.expires <= now, table.c.id == challenge.id)))
    row = {"id": challenge.id, "account": challenge.account, "value": challenge.value, "expires": expires}
    await db.execute(insert(table).values(row))


async def _replace_codes(db: AsyncConnection, account: str, codes: Sequence[str], now: datetime) -> None:
    await db.execute(delete(RECOVERY_CODES).where(RECOVERY_CODES.c.account == account))
    rows = [{"account": account, "mark": _mark(db, account, code), "created": now} for code in codes]
    if rows:
        await db.execute(insert(RECOVERY_CODES), rows)


async def _enrolled(db: AsyncConnection, account: str, login: str, codes: Sequence[str], now: datetime) -> list[str]:
    """Store the recovery codes that came with the first factor; a sign-in without a second factor no longer holds."""
    if codes:
        await _replace_codes(db, account, codes, now)
    await db.execute(update(LOGINS).where(LOGINS.c.token == login).values(second_factor=True))
    others = LOGINS.c.account == account, LOGINS.c.second_factor == false()
    return list((await db.execute(delete(LOGINS).where(*others).returning(LOGINS.c.token))).scalars())


async def _tidy(db: AsyncConnection, account: str) -> None:
    """Forget recovery codes with the last factor; no sign-in of the account counts as one with a second factor."""
    if await _has_any(db, account):
        return
    await db.execute(delete(RECOVERY_CODES).where(RECOVERY_CODES.c.account == account))
    await db.execute(update(LOGINS).where(LOGINS.c.account == account).values(second_factor=False))
