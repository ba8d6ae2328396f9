"""Implements the header Idempotency-Key (draft-ietf-httpapi-idempotency-key-header): a repeated request acts once.

A key belongs to an account and stands for one request, known by method, address and body. It is claimed before the
request is carried out; each commit of the request notes in the same transaction that it did (`database.alongside`), so
that no crash leaves a doubt whether to carry it out again. The response is stored, encrypted, and sent again when the
request is repeated; a refusal that committed nothing frees the key. A repetition while the request is being carried
out is refused. A request that a dead process began is carried out now, unless it had committed: then its response is
lost.
"""

import hashlib
import logging
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from scheduler.core import code_encryption
from scheduler.core.database import alongside, writing
from scheduler.core.errors import LostKey
from scheduler.core.key_rotation import EncryptedColumn
from signaling.core.errors import BadInput, Fault, InProgress, KeyReused, ResponseLost
from signaling.http.schema import IDEMPOTENCY

log = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
PATTERN = r'"?[A-Za-z0-9_.:-]{16,100}"?'
"""A UUID as a rule; quoted as the draft has it (a string of RFC 9651), or bare."""
LASTS = timedelta(hours=24)
MAX_KEYS = 1000
"""Largest number of keys of one account; older ones are deleted first."""
MAX_RESPONSE = 256 * 1024
REFUSED = 400
"""From this status on a response means that nothing was done."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """Status and JSON text of a response; `replayed` if it is that of an earlier request."""

    status: int
    text: str
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with the key of an account."""

    account: str
    key: str
    fingerprint: str


@dataclass(slots=True)
class _Claim:
    """A request that is being carried out; `token` tells it from another process's attempt at the same."""

    request: Keyed
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    open: bool = True

    async def note(self, db: AsyncConnection) -> None:
        """Note in a transaction of the request that it was carried out. Raises InProgress when another took over."""
        if not self.open:
            return  # of a task that outlived the request
        noted = await db.execute(update(IDEMPOTENCY).where(self.row()).values(done=True))
        if noted.rowcount != 1:
            raise InProgress

    def row(self) -> ColumnElement[bool]:
        return _of(self.request) & (IDEMPOTENCY.c.token == self.token)


def key_of(header: str | None) -> str | None:
    """Return the key in a header; None without one. Raises BadInput."""
    if header is None:
        return None
    if re.fullmatch(PATTERN, header) is None:
        raise BadInput([Fault(HEADER, "bad-key")])
    return header.strip('"')


def fingerprint(method: str, address: str, body: bytes) -> str:
    """Return the fingerprint of a request: SHA-256 over method, path with query, and body."""
    return hashlib.sha256(b"\n".join([method.encode(), address.encode("utf-8", "surrogatepass"), body])).hexdigest()


CarryOut = Callable[[], Awaitable[StoredResponse]]
Refused = Callable[[Exception], StoredResponse | None]
"""Returns the response to an error; None for a server error, after which nobody knows what was done."""


class Idempotency:
    """Carries requests out once for each key."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._active: dict[tuple[str, str], str] = {}
        """Fingerprints of what this process carries out now, by account and key."""

    async def once(self, request: Keyed, now: datetime, carry_out: CarryOut, refused: Refused) -> StoredResponse:
        """Carry a request out, or return its earlier response; `refused` returns the response to an exception.

        Raises KeyReused: the key stands for another request; InProgress; AnswerLost; and what `carry_out` raises.
        """
        name = (request.account, request.key)
        if name in self._active:
            raise InProgress if self._active[name] == request.fingerprint else KeyReused
        self._active[name] = request.fingerprint
        try:
            claim = _Claim(request)
            return await self._begin(claim, now) or await self._carry_out(claim, carry_out, refused)
        finally:
            del self._active[name]

    async def _begin(self, claim: _Claim, now: datetime) -> StoredResponse | None:
        """Claim the key of a request, or return its stored response. Raises KeyReused, AnswerLost."""
        async with writing(self._engine) as db:
            await db.execute(delete(IDEMPOTENCY).where(IDEMPOTENCY.c.created <= now - LASTS))
            row = (await db.execute(select(IDEMPOTENCY).where(_of(claim.request)))).first()
            if row is None:
                await self._add(db, claim, now)
                return None
            if row.fingerprint != claim.request.fingerprint:
                raise KeyReused
            if row.status is not None:
                return StoredResponse(row.status, _opened(db, claim.request, row.answer), replayed=True)
            if row.done:
                raise ResponseLost
            await db.execute(update(IDEMPOTENCY).where(_of(claim.request)).values(token=claim.token))
            return None

    async def _add(self, db: AsyncConnection, claim: _Claim, now: datetime) -> None:
        """Insert a claim; delete the account's oldest keys beyond MAX_KEYS."""
        of, own = claim.request, IDEMPOTENCY.c.account == claim.request.account
        row = {"account": of.account, "key": of.key, "fingerprint": of.fingerprint, "token": claim.token}
        await db.execute(insert(IDEMPOTENCY).values(**row, created=now, done=False))
        newest = (IDEMPOTENCY.c.created.desc(), IDEMPOTENCY.c.key)
        old = (await db.scalars(select(IDEMPOTENCY.c.key).where(own).order_by(*newest).offset(MAX_KEYS))).all()
        if old:
            await db.execute(delete(IDEMPOTENCY).where(own, IDEMPOTENCY.c.key.in_(old)))

    async def _carry_out(self, claim: _Claim, carry_out: CarryOut, refused: Refused) -> StoredResponse:
        try:
            with alongside(claim.note):
                response = await carry_out()
        except BaseException as error:
            claim.open = False
            await self._settle(claim, refused(error) if isinstance(error, Exception) else None)
            raise
        claim.open = False
        await self._settle(claim, response)
        return response

    async def _settle(self, claim: _Claim, response: StoredResponse | None) -> None:
        """Store the response to a request, or free its key when nothing was done; None is that to a server error."""
        try:
            async with writing(self._engine) as db:
                if response is None or response.status >= REFUSED:
                    await db.execute(delete(IDEMPOTENCY).where(claim.row(), IDEMPOTENCY.c.done.is_(False)))
                if response is not None and len(response.text) <= MAX_RESPONSE:
                    encrypted = code_encryption.cipher_of(db).encrypt(response.text, _bound(claim.request))
                    values = {"status": response.status, "answer": encrypted}
                    await db.execute(update(IDEMPOTENCY).where(claim.row()).values(values))
        except SQLAlchemyError:
            log.warning(
                "x %s: a response could not be stored, a repeated request gets the error that it is lost", HEADER
            )


def _of(request: Keyed) -> ColumnElement[bool]:
    return (IDEMPOTENCY.c.account == request.account) & (IDEMPOTENCY.c.key == request.key)


def _bound(request: Keyed) -> str:
    """Return the associated data of the encrypted response: swapped rows do not decrypt."""
    return f"{HEADER} {request.account} {request.key}"


ENCRYPTED = EncryptedColumn(IDEMPOTENCY.c.answer, lambda row: _bound(Keyed(row["account"], row["key"], "")))


def _opened(db: AsyncConnection, request: Keyed, encrypted: str) -> str:
    try:
        return code_encryption.cipher_of(db).decrypt(encrypted, _bound(request))
    except LostKey:
        raise ResponseLost from None
