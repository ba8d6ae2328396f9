"""Stores neighbouring systems with their keys, and reservations."""

import hmac
import re
import secrets
from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, delete, insert, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from scheduler.core.code_encryption import cipher_of
from scheduler.core.database import writing
from scheduler.core.key_rotation import EncryptedColumn
from scheduler.core.note import Note, no_note
from signaling.cascade.model import Neighbour, Reservation
from signaling.cascade.schema import NEIGHBOURS, RESERVATIONS
from signaling.core.account import digest
from signaling.core.errors import BadInput, Fault
from signaling.core.sql_rows import SqlRows

NAME = re.compile(r"[a-z0-9][a-z0-9.-]{0,31}")
NOTHING = "0" * 64
"""The hash that stands for an unknown name, so that the comparison takes as long."""
MAX_KEY = 100
MAX_DETAIL = 500
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
"""Hosts that may be reached without TLS."""
_SHOWN = [column for column in NEIGHBOURS.c if column.name not in {"digest", "sealed", "created"}]


def check_points(neighbour: Neighbour, known: Collection[str], *, above: bool) -> None:
    """Check which points a neighbour is registered with: one stands for it, ours sits in sessions of one above.

    Raises BadInput.
    """
    ours = {"our_point": neighbour.our_point} if above else {}
    wanted = {"point": neighbour.point, **ours}
    if faults := [Fault(field, "neighbour-point") for field, point in wanted.items() if point not in known]:
        raise BadInput(faults)
    if neighbour.point == neighbour.our_point:
        raise BadInput([Fault("our_point", "neighbour-own-point")])


class Neighbours(SqlRows):
    """Registers neighbouring systems and checks the keys of those above."""

    async def add_above(self, neighbour: Neighbour, now: datetime) -> str:
        """Register a system above; return the key that it needs, which is stored only as a hash. Raises BadInput."""
        secret = secrets.token_urlsafe(32)
        await self._add(neighbour, digest(secret), "", now)
        return f"{neighbour.name}.{secret}"

    async def add_below(self, neighbour: Neighbour, key: str, now: datetime) -> None:
        """Register a system below, with the key that it gave us. Raises BadInput."""
        if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
            raise BadInput([Fault("key", "neighbour-key")])
        parts = urlsplit(neighbour.url)
        secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        if not secure or not parts.hostname or parts.path.strip("/") or parts.query or len(neighbour.url) > 200:
            raise BadInput([Fault("url", "neighbour-url")])
        await self._add(neighbour, "", key, now)

    async def _add(self, neighbour: Neighbour, hashed: str, key: str, now: datetime) -> None:
        if not NAME.fullmatch(neighbour.name):
            raise BadInput([Fault("name", "neighbour-name")])
        try:
            async with self._writer.begin() as db:
                sealed = cipher_of(db).encrypt(key, _bound_key(neighbour.name)) if key else ""
                values = {**asdict(neighbour), "digest": hashed, "sealed": sealed, "created": now}
                await db.execute(insert(NEIGHBOURS).values(values))
        except IntegrityError:
            raise BadInput([Fault("name", "neighbour-known")]) from None

    async def remove(self, name: str) -> None:
        """Forget a neighbour with its key; sessions stay as they are. Raises BadInput for an unknown one."""
        if await self._one(select(NEIGHBOURS.c.name).where(NEIGHBOURS.c.name == name)) is None:
            raise BadInput([Fault("name", f"{name} is no neighbour")])
        async with self._writer.begin() as db:
            await db.execute(delete(RESERVATIONS).where(RESERVATIONS.c.neighbour == name))
            await db.execute(delete(NEIGHBOURS).where(NEIGHBOURS.c.name == name))

    async def all(self) -> list[Neighbour]:
        """Return all neighbours by name."""
        return [Neighbour(**row) for row in await self._all(select(*_SHOWN).order_by(NEIGHBOURS.c.name))]

    async def key(self, name: str) -> str:
        """Return the key that a system below gave us. Raises LostKey, LookupError."""
        async with self._engine.connect() as db:
            sealed = await db.scalar(select(NEIGHBOURS.c.sealed).where(NEIGHBOURS.c.name == name))
            if not sealed:
                raise LookupError(name)
            return cipher_of(db).decrypt(sealed, _bound_key(name))

    async def owner(self, key: str) -> Neighbour | None:
        """Return the system above that a key was given to; None for an unknown key."""
        name, _, secret = key.rpartition(".")
        query = select(*_SHOWN, NEIGHBOURS.c.digest).where(NEIGHBOURS.c.name == name)
        row = await self._one(query) if NAME.fullmatch(name) else None
        stored = row["digest"] if row is not None and row["digest"] else NOTHING
        if row is None or not hmac.compare_digest(digest(secret), stored):
            return None
        return Neighbour(**{each: row[each] for each in row if each != "digest"})


class Reservations(SqlRows):
    """Stores what was reserved between this system and its neighbours."""

    async def put(self, reservation: Reservation, note: Note[Reservation] = no_note) -> None:
        """Store a reservation, in the place of what was known of it."""
        async with writing(self._engine) as db:
            values = asdict(reservation) | {"detail": reservation.detail[:MAX_DETAIL]}
            code = values.pop("code")
            sealed = cipher_of(db).encrypt(code, _bound(reservation.session, reservation.neighbour)) if code else ""
            await db.execute(delete(RESERVATIONS).where(*_same(reservation.neighbour, reservation.session)))
            await db.execute(insert(RESERVATIONS).values({**values, "sealed": sealed}))
            await note(db, reservation)

    async def one(self, neighbour: str, session: str) -> Reservation | None:
        """Return the reservation of a session with a neighbour. Raises LostKey."""
        return next(iter(await self._read(*_same(neighbour, session))), None)

    async def current(self, now: datetime) -> list[Reservation]:
        """Return those that are not over. Raises LostKey."""
        return await self._read(RESERVATIONS.c.ends > now)

    async def of_session(self, session: str) -> list[Reservation]:
        """Return the reservations of a session of ours at systems below. Raises LostKey."""
        return await self._read(RESERVATIONS.c.session == session, RESERVATIONS.c.ours == "")

    async def _read(self, *where: ColumnElement[bool]) -> list[Reservation]:
        query = select(RESERVATIONS).where(*where).order_by(RESERVATIONS.c.neighbour)
        async with self._engine.connect() as db:
            return [_reservation(db, row) for row in (await db.execute(query)).mappings()]


def _reservation(db: AsyncConnection, row: RowMapping) -> Reservation:
    values = {name: row[name] for name in row if name != "sealed"}
    bound = _bound(row["session"], row["neighbour"])
    return Reservation(**values, code=cipher_of(db).decrypt(row["sealed"], bound) if row["sealed"] else "")


def _same(neighbour: str, session: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return RESERVATIONS.c.neighbour == neighbour, RESERVATIONS.c.session == session


def _bound(session: str, neighbour: str) -> str:
    return f"cascade {session} {neighbour}"


def _bound_key(neighbour: str) -> str:
    return f"neighbour {neighbour}"


ENCRYPTED = (
    EncryptedColumn(NEIGHBOURS.c.sealed, lambda row: _bound_key(row["name"])),
    EncryptedColumn(RESERVATIONS.c.sealed, lambda row: _bound(row["session"], row["neighbour"])),
)
