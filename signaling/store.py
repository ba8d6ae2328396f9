"""The record of people and what they did: accounts, logins, recordings, audit. One method, one transaction."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, cast

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from signaling.accounts import Account, Role
from signaling.errors import BadInput, Fault
from signaling.tables import ACCOUNTS, AUDIT, LOGINS, RECORDINGS

RecordingPhase = Literal["running", "finished", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class Recording:
    """One part of a session's recording; a lost worker ends a part and the next goes on. Open ones lack a length."""

    id: str
    session: str
    part: int
    path: str
    title: str
    host: str
    host_unit: str
    started: datetime
    seconds: int | None = None
    bytes: int | None = None
    state: RecordingPhase = "running"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what from where."""

    at: datetime
    actor: str
    action: str
    subject: str
    detail: str = ""
    address: str = ""
    port: int = 0


class Store:
    """The roof's tables."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite: take the write lock at BEGIN, so that a writer waits for its turn instead of failing midway.
        self._writer = engine.execution_options(diemcau_immediate=True)

    # --- accounts

    async def add_account(self, account: Account, password: str, now: datetime) -> None:
        """Add an account with its password hash. Raises BadInput when the name is taken."""
        row = {**_account_row(account), "password": password, "created": _seconds(now)}
        try:
            await self._write(insert(ACCOUNTS).values(row))
        except IntegrityError:
            raise BadInput([Fault("account", f"{account.account} exists")]) from None

    async def account(self, name: str) -> tuple[Account, str] | None:
        """Return an account and its password hash."""
        row = await self._one(select(ACCOUNTS).where(ACCOUNTS.c.account == name))
        return None if row is None else (_account(row), row["password"])

    async def accounts(self) -> list[Account]:
        """Return all accounts by name."""
        return [_account(row) for row in await self._all(select(ACCOUNTS).order_by(ACCOUNTS.c.account))]

    async def set_password(self, name: str, password: str, must_change: bool) -> None:
        """Set the password hash of an account and end all its logins."""
        async with self._writer.begin() as connection:
            values = {"password": password, "must_change": must_change}
            await connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account == name).values(values))
            await connection.execute(delete(LOGINS).where(LOGINS.c.account == name))

    # --- logins

    async def add_login(self, token: str, account: str, now: datetime, expires: datetime) -> None:
        """Keep a login under the hash of its token; forget those that are over."""
        async with self._writer.begin() as connection:
            await connection.execute(delete(LOGINS).where(LOGINS.c.expires <= _seconds(now)))
            row = {"token": token, "account": account, "created": _seconds(now), "expires": _seconds(expires)}
            await connection.execute(insert(LOGINS).values(row))

    async def login(self, token: str, now: datetime) -> Account | None:
        """Return whose login it is, if it still holds."""
        joined = select(ACCOUNTS).join(LOGINS, LOGINS.c.account == ACCOUNTS.c.account)
        row = await self._one(joined.where(LOGINS.c.token == token, LOGINS.c.expires > _seconds(now)))
        return None if row is None else _account(row)

    async def end_login(self, token: str) -> None:
        """Forget a login."""
        await self._write(delete(LOGINS).where(LOGINS.c.token == token))

    # --- recordings

    async def next_part(self, session: str) -> int:
        """Return the number of the next part of a session's recording, from 1."""
        row = await self._one(select(func.max(RECORDINGS.c.part).label("last")).where(RECORDINGS.c.session == session))
        return 1 + ((row["last"] or 0) if row is not None else 0)

    async def add_recording(self, recording: Recording) -> None:
        """Note a recording that begins."""
        await self._write(insert(RECORDINGS).values(_recording_row(recording)))

    async def close_recording(self, path: str, seconds: int, size: int, state: RecordingPhase) -> None:
        """Note the end of the running recording in a file; one that is closed stays as it is."""
        running = update(RECORDINGS).where(RECORDINGS.c.path == path, RECORDINGS.c.state == "running")
        await self._write(running.values(seconds=seconds, bytes=size, state=state))

    async def recordings(self, host_unit: str | None = None) -> list[Recording]:
        """Return recordings of a host unit, or all, newest first."""
        query = select(RECORDINGS).order_by(RECORDINGS.c.started.desc(), RECORDINGS.c.part.desc())
        rows = await self._all(query if host_unit is None else query.where(RECORDINGS.c.host_unit == host_unit))
        return [_recording(row) for row in rows]

    async def running_recordings(self) -> list[Recording]:
        """Return recordings that are not closed."""
        return [_recording(row) for row in await self._all(select(RECORDINGS).where(RECORDINGS.c.state == "running"))]

    async def recording(self, recording_id: str) -> Recording | None:
        """Return one recording."""
        row = await self._one(select(RECORDINGS).where(RECORDINGS.c.id == recording_id))
        return None if row is None else _recording(row)

    # --- audit

    async def audit(self, entry: AuditEntry) -> None:
        """Append to the audit log."""
        row = {
            "at": _seconds(entry.at),
            "actor": entry.actor[:64],
            "action": entry.action,
            "subject": entry.subject[:200],
            "detail": entry.detail[:1000],
            "address": entry.address,
            "port": entry.port,
        }
        await self._write(insert(AUDIT).values(row))

    async def audit_log(self, limit: int) -> list[AuditEntry]:
        """Return the newest audit entries, newest first."""
        rows = await self._all(select(AUDIT).order_by(AUDIT.c.id.desc()).limit(limit))
        return [_audit(row) for row in rows]

    # --- own

    async def ping(self) -> None:
        """Raise when the database does not answer."""
        await self._one(select(func.count()).select_from(ACCOUNTS))

    async def _write(self, statement: Any) -> None:
        async with self._writer.begin() as connection:
            await connection.execute(statement)

    async def _one(self, query: Any) -> RowMapping | None:
        async with self._engine.connect() as connection:
            return (await connection.execute(query)).mappings().first()

    async def _all(self, query: Any) -> list[RowMapping]:
        async with self._engine.connect() as connection:
            return list((await connection.execute(query)).mappings())


def _seconds(value: datetime) -> int:
    return int(value.timestamp())


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _account_row(account: Account) -> dict[str, object]:
    return {
        "account": account.account,
        "name": account.name,
        "roles": ",".join(account.roles),
        "unit": account.unit,
        "point": account.point,
        "language": account.language,
        "must_change": account.must_change,
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
    )


def _recording_row(recording: Recording) -> dict[str, object]:
    columns = (column.name for column in RECORDINGS.columns if column.name != "started")
    return {**{name: getattr(recording, name) for name in columns}, "started": _seconds(recording.started)}


def _recording(row: RowMapping) -> Recording:
    return Recording(**{**row, "started": _instant(row["started"])})


def _audit(row: RowMapping) -> AuditEntry:
    return AuditEntry(**{**{name: row[name] for name in row if name != "id"}, "at": _instant(row["at"])})
