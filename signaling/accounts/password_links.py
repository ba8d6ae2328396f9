"""One-time links by which the holder of an account sets its first password (Điều 9.3, R-047).

A link's token is `<id>.<signature>`. The signature is an HMAC-SHA-256 of the id under a key outside the database, and
is computed whenever it is needed: neither the database nor the outbox holds anything that opens an account.
"""

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scheduler.core.database import writing
from signaling.accounts.schema import ACCOUNT_LINKS
from signaling.core.errors import LinkDead

PAGE = "index.html"
MAX_TOKEN = 128


@dataclass(frozen=True, slots=True)
class Link:
    """A link of an account that works once, until `expires`."""

    id: str
    account: str
    expires: datetime


class PasswordLinks:
    """Issues links and checks which still work."""

    def __init__(self, engine: AsyncEngine, key: bytes) -> None:
        self._engine = engine
        self._key = key

    async def issue(self, account: str, lasts: timedelta, by: str, now: datetime) -> Link:
        """Make the one valid link of an account; earlier unused ones are deleted. `by` is the issuing account."""
        link = Link(secrets.token_hex(16), account, now + lasts)
        row = {"id": link.id, "account": account, "issued_by": by, "created": now}
        async with writing(self._engine) as db:
            unused = (ACCOUNT_LINKS.c.account == account) & ACCOUNT_LINKS.c.used.is_(None)
            await db.execute(delete(ACCOUNT_LINKS).where(unused))
            await db.execute(insert(ACCOUNT_LINKS).values(**row, expires=link.expires))
        return link

    def token(self, link_id: str) -> str:
        """Return the token of a link: its id and its HMAC."""
        signature = hmac.new(self._key, b"account-link:" + link_id.encode(), hashlib.sha256).hexdigest()
        return f"{link_id}.{signature[:32]}"

    def url(self, bare: str) -> str:
        """Complete a URL that ends in the link's id; the token stands behind #, which browsers never send."""
        page, _, link_id = bare.rpartition("#")
        return f"{page}#{self.token(link_id)}"

    async def account(self, token: str, now: datetime) -> Link:
        """Return the link of a token. Raises LinkDead if it is unknown, used or expired."""
        link_id = token[:MAX_TOKEN].partition(".")[0]
        if not (link_id.isascii() and link_id.isalnum()) or not hmac.compare_digest(
            self.token(link_id).encode(), token.encode("utf-8", "surrogatepass")
        ):
            raise LinkDead
        working = (ACCOUNT_LINKS.c.id == link_id) & ACCOUNT_LINKS.c.used.is_(None)
        async with self._engine.connect() as db:
            row = (await db.execute(select(ACCOUNT_LINKS).where(working))).first()
        if row is None or row.expires <= now:
            raise LinkDead
        return Link(row.id, row.account, row.expires)

    async def use(self, link: Link, now: datetime) -> None:
        """Mark a link as used. Raises LinkDead when another request was faster."""
        working = (ACCOUNT_LINKS.c.id == link.id) & ACCOUNT_LINKS.c.used.is_(None)
        async with writing(self._engine) as db:
            used = await db.execute(update(ACCOUNT_LINKS).where(working).values(used=now))
            if not used.rowcount:
                raise LinkDead
