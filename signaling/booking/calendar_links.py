"""Secret links of calendar feeds: who has one, and whose sessions a link shows.

Each account and each unit has one link at most. Its token is told once, when the link is made; only its SHA-256 is
stored, so that a stolen database shows no calendar. A new link takes the place of the old one.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncEngine

from signaling.accounts.store import AccountStore
from signaling.booking.schema import CALENDAR_LINKS
from signaling.core.account import Account, digest
from signaling.core.sql_rows import SqlRows

TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class Owner:
    """The account, or the unit, whose sessions a link shows."""

    account: str | None = None
    unit: str | None = None

    @property
    def condition(self) -> ColumnElement[bool]:
        """The condition of the owner's row."""
        account, unit = CALENDAR_LINKS.c.account, CALENDAR_LINKS.c.unit
        return account == self.account if self.unit is None else unit == self.unit


@dataclass(frozen=True, slots=True)
class CalendarLink:
    """A link: the time when it was made, and the account that made it."""

    created: datetime
    made_by: str


class CalendarLinks(SqlRows):
    """Makes and revokes links; `operator` returns the unit that operates the system at a time."""

    def __init__(self, engine: AsyncEngine, accounts: AccountStore, operator: Callable[[datetime], str]) -> None:
        super().__init__(engine)
        self._accounts = accounts
        self._operator = operator

    async def make(self, owner: Owner, by: str, now: datetime) -> str:
        """Make the one link of an owner, in place of an earlier one; return its token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        row = {"token": digest(token), "account": owner.account, "unit": owner.unit, "created": now, "made_by": by}
        async with self._writer.begin() as connection:
            await connection.execute(delete(CALENDAR_LINKS).where(owner.condition))
            await connection.execute(insert(CALENDAR_LINKS).values(row))
        return token

    async def revoke(self, owner: Owner) -> bool:
        """Delete the link of an owner; return whether there was one."""
        async with self._writer.begin() as connection:
            deleted = await connection.execute(delete(CALENDAR_LINKS).where(owner.condition))
        return deleted.rowcount > 0

    async def of(self, owner: Owner) -> CalendarLink | None:
        """Return the link of an owner, None without one."""
        row = await self._one(select(CALENDAR_LINKS).where(owner.condition))
        return None if row is None else CalendarLink(row["created"], row["made_by"])

    async def reader(self, token: str, now: datetime) -> Account | None:
        """Return the account that sees what a link shows, None for an unknown link or a disabled account.

        For the link of a unit it is an account of that unit without any role.
        """
        row = await self._one(select(CALENDAR_LINKS).where(CALENDAR_LINKS.c.token == digest(token)))
        if row is None:
            return None
        if row["unit"] is not None:
            return Account("", "", (), row["unit"], None)
        stored = await self._accounts.account(row["account"])
        return None if stored is None or stored[0].disabled else stored[0].under(self._operator(now))
