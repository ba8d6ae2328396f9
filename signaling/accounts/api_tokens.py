"""Tokens by which other systems call the REST API (RFC 6750): rules, SQL rows, and the check of each request.

A token is `dct_` and 256 random bits. It is told once, when it is made; only its SHA-256 is stored. It acts as an
account of its own, `token:NAME`, with the role of its owner, and within its scopes alone (decision 128).
"""

import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import cast

from sqlalchemy import insert, or_, select, update
from sqlalchemy.engine import RowMapping
from sqlalchemy.exc import IntegrityError

from signaling.accounts import throttle
from signaling.accounts.schema import API_TOKENS
from signaling.accounts.throttle import Throttle
from signaling.core.account import Account, Role, Scope, digest, network_of
from signaling.core.errors import BadInput, Fault, InvalidToken, Locked
from signaling.core.sql_rows import SqlRows

PREFIX = "dct_"
TOKEN_BYTES = 32
TOKEN_PATTERN = re.compile(r"dct_[A-Za-z0-9_-]{43}")
LONGEST = timedelta(days=366)
"""Longest time for which a token is valid: until the same day of the next year."""
NOTED_EVERY = timedelta(minutes=1)
"""The last use is stored at most so often."""
MAX_NETWORKS = 20
ACCOUNT_PREFIX = "token:"
"""The colon keeps the accounts of tokens apart from those of people."""

Network = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True)
class ApiToken:
    """A token of a unit, or of the centre (None), with where and when it was last used."""

    name: str
    scopes: tuple[Scope, ...]
    unit: str | None
    networks: tuple[str, ...]
    """The networks that it may be used from; none: from everywhere."""
    created: datetime
    made_by: str
    expires: datetime
    revoked: datetime | None = None
    used: datetime | None = None
    used_address: str = ""

    def valid(self, address: str, now: datetime) -> bool:
        """Return whether the token is neither expired nor revoked, and may be used from an address."""
        return self.revoked is None and now < self.expires and within(address, self.networks)

    def account(self) -> Account:
        """Return the account that acts: a registrant of the unit, or a technician of the centre."""
        role: Role = "technician" if self.unit is None else "registrant"
        return Account(ACCOUNT_PREFIX + self.name, self.name, (role,), self.unit, None, scopes=self.scopes)


def within(address: str, networks: Sequence[str]) -> bool:
    """Return whether an address lies in one of the networks, or there are none."""
    if not networks:
        return True
    try:
        ip = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    return any(ip in ip_network(network) for network in networks)


def networks_of(texts: Sequence[str]) -> tuple[str, ...]:
    """Return networks in CIDR notation, in their usual form. Raises BadInput."""
    try:
        parsed: list[Network] = [ip_network(text.strip()) for text in texts]
    except ValueError:
        raise BadInput([Fault("networks", "bad-network")]) from None
    return tuple(map(str, dict.fromkeys(parsed)))


def check_expiry(expires: datetime, now: datetime) -> None:
    """Check that a token is to expire within a year. Raises BadInput."""
    if not now < expires <= now + LONGEST:
        raise BadInput([Fault("expires", "token-expiry")])


class ApiTokenStore(SqlRows):
    """Reads and writes tokens. One method, one transaction."""

    async def make(self, token: ApiToken) -> str:
        """Store a token; return its secret. Raises BadInput when the name is or was in use."""
        secret = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
        row = {
            "name": token.name,
            "digest": digest(secret),
            "scopes": ",".join(token.scopes),
            "unit": token.unit,
            "networks": ",".join(token.networks),
            "created": token.created,
            "made_by": token.made_by,
            "expires": token.expires,
            "used_address": "",
        }
        try:
            await self._write(insert(API_TOKENS).values(row))
        except IntegrityError:
            raise BadInput([Fault("name", "token-name-taken")]) from None
        return secret

    async def all(self) -> list[ApiToken]:
        """Return all tokens by name, also expired and revoked ones: the audit log names them."""
        return [_token(row) for row in await self._all(select(API_TOKENS).order_by(API_TOKENS.c.name))]

    async def revoke(self, name: str, now: datetime) -> bool:
        """Revoke a token; return whether it was not revoked before."""
        valid = (API_TOKENS.c.name == name) & API_TOKENS.c.revoked.is_(None)
        async with self._writer.begin() as connection:
            revoked = await connection.execute(update(API_TOKENS).where(valid).values(revoked=now))
        return revoked.rowcount > 0

    async def known_by(self, secret: str) -> ApiToken | None:
        """Return the token of a secret, None if there is none."""
        if not TOKEN_PATTERN.fullmatch(secret):
            return None
        row = await self._one(select(API_TOKENS).where(API_TOKENS.c.digest == digest(secret)))
        return None if row is None else _token(row)

    async def note_use(self, name: str, address: str, now: datetime) -> None:
        """Store the last use, unless one was stored within the minute, by whatever server."""
        due = or_(API_TOKENS.c.used.is_(None), API_TOKENS.c.used <= now - NOTED_EVERY)
        values = {"used": now, "used_address": address}
        await self._write(update(API_TOKENS).where(API_TOKENS.c.name == name, due).values(values))


class TokenCheck:
    """Finds the accounts of tokens; `operator` returns the unit that operates the system at a time."""

    def __init__(self, tokens: ApiTokenStore, throttle: Throttle, operator: Callable[[datetime], str]) -> None:
        self._tokens = tokens
        self._throttle = throttle
        self._operator = operator

    async def account(self, secret: str, address: str, now: datetime) -> Account:
        """Return the account of a token, and note its use. Raises InvalidToken, Locked.

        Only secrets of no token count as guesses: a system whose token has expired does not lock its address.
        """
        network = network_of(address)
        if await self._throttle.locked(throttle.API_TOKEN, network):
            raise Locked(throttle.API_TOKEN.lock)
        token = await self._tokens.known_by(secret)
        if token is None:
            attempt = await self._throttle.attempt(throttle.API_TOKEN, network)
            raise Locked(attempt.locked) if attempt.locked else InvalidToken
        if not token.valid(address, now):
            raise InvalidToken
        if token.used is None or now - token.used >= NOTED_EVERY:
            await self._tokens.note_use(token.name, address, now)
        return token.account().under(self._operator(now))


def _token(row: RowMapping) -> ApiToken:
    return ApiToken(
        name=row["name"],
        scopes=cast("tuple[Scope, ...]", tuple(row["scopes"].split(","))),
        unit=row["unit"],
        networks=tuple(filter(None, row["networks"].split(","))),
        created=row["created"],
        made_by=row["made_by"],
        expires=row["expires"],
        revoked=row["revoked"],
        used=row["used"],
        used_address=row["used_address"],
    )
