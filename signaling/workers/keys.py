"""Stores the keys of media workers on other machines: `<name>.<secret>`, of which only a hash is kept."""

import hmac
import re
import secrets
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.exc import IntegrityError

from signaling.core.account import digest
from signaling.core.errors import BadInput, Fault
from signaling.core.sql_rows import SqlRows
from signaling.workers.schema import WORKER_KEYS

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
NOTHING = "0" * 64
"""The hash that stands for an unknown name, so that the comparison takes as long."""


class WorkerKeys(SqlRows):
    """Makes, withdraws and checks the keys, one for each machine."""

    async def make(self, name: str, now: datetime) -> str:
        """Return a new key, which is stored only as a hash. Raises BadInput for a name that is taken or invalid."""
        if not NAME.fullmatch(name):
            raise BadInput([Fault("name", "Small letters, digits, dots and dashes, 32 at most")])
        secret = secrets.token_urlsafe(32)
        try:
            await self._write(insert(WORKER_KEYS).values(name=name, digest=digest(secret), created=now))
        except IntegrityError:
            raise BadInput([Fault("name", f"{name} has a key; withdraw it first")]) from None
        return f"{name}.{secret}"

    async def withdraw(self, name: str) -> None:
        """Delete the key of a name. Raises BadInput when it has none."""
        if await self._digest(name) is None:
            raise BadInput([Fault("name", f"{name} has no key")])
        await self._write(delete(WORKER_KEYS).where(WORKER_KEYS.c.name == name))

    async def names(self) -> list[str]:
        """Return the names that have a key."""
        return [row["name"] for row in await self._all(select(WORKER_KEYS).order_by(WORKER_KEYS.c.name))]

    async def owner(self, key: str) -> str | None:
        """Return the name of a key's machine; None for an unknown key."""
        name, _, secret = key.rpartition(".")
        stored = await self._digest(name) if NAME.fullmatch(name) else None
        return name if hmac.compare_digest(digest(secret), stored or NOTHING) else None

    async def _digest(self, name: str) -> str | None:
        row = await self._one(select(WORKER_KEYS.c.digest).where(WORKER_KEYS.c.name == name))
        return None if row is None else row["digest"]
