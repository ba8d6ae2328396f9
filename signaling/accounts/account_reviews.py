"""Stores who reviewed the list of accounts, and when: it is due again after six months (TCVN 14423:2026, 5.6)."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlalchemy import insert, select

from scheduler.directory.points.assessment import later
from signaling.accounts.schema import ACCOUNT_REVIEWS
from signaling.core.account import Account
from signaling.core.sql_rows import SqlRows

MONTHS = 6
MAX_LISTED = 50


@dataclass(frozen=True, slots=True)
class AccountReview:
    """A review of all accounts: how many there were, how many of them disabled, and the digest of what was seen."""

    at: datetime
    by: str
    accounts: int
    disabled: int
    digest: str
    remark: str


def digest(accounts: Iterable[Account], kinds: Mapping[str, str]) -> str:
    """Return the SHA-256 of what a review looks at: names, roles, units, points, states and kinds of accounts."""
    seen = [
        (a.account, a.name, a.roles, a.unit, a.point, a.provider, a.disabled, kinds.get(a.account, "own"))
        for a in accounts
    ]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def due(last: date) -> date:
    """Return the day by which the accounts are reviewed again."""
    return later(last, MONTHS)


class AccountReviewStore(SqlRows):
    """Reads and writes reviews; none is ever changed."""

    async def add(self, review: AccountReview) -> None:
        """Store a review."""
        await self._write(insert(ACCOUNT_REVIEWS).values(asdict(review)))

    async def newest(self) -> list[AccountReview]:
        """Return the last reviews, newest first."""
        columns = [ACCOUNT_REVIEWS.c[name] for name in AccountReview.__slots__]
        query = select(*columns).order_by(ACCOUNT_REVIEWS.c.id.desc()).limit(MAX_LISTED)
        return [AccountReview(**row) for row in await self._all(query)]
