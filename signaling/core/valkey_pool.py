"""Makes connections to the server of a Redis URL, or to the primary that Sentinels name.

`redis+sentinel://a,b:26380/NAME` asks the Sentinels `a` (port 26379) and `b` which server is the primary of NAME now:
https://valkey.io/topics/sentinel-clients/.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote

from redis.asyncio import ConnectionPool
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel, SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError

from scheduler.core import host_address

PLAIN = ("redis://", "rediss://", "unix://")
SENTINEL = {"redis+sentinel": False, "rediss+sentinel": True}
"""Schemes of Sentinels, and whether they and the servers are reached by TLS."""
SENTINEL_PORT = 26379
SENTINEL_SECONDS = 0.5
"""Longest wait for one Sentinel; the next one is asked then."""


@dataclass(frozen=True, slots=True)
class SentinelUrl:
    """Sentinels, the name of the primary that they watch, and how it is connected to."""

    sentinels: tuple[tuple[str, int], ...]
    name: str
    tls: bool
    options: Mapping[str, str | int]
    """User, password and number of the database, as :class:`redis.asyncio.Connection` takes them."""
    sentinel_password: str | None

    @classmethod
    def parse(cls, text: str) -> "SentinelUrl":
        """Parse `redis+sentinel://[[USER]:PASSWORD@]HOST[:PORT],…/NAME[/DATABASE][?sentinel_password=…]`.

        Raises ValueError.
        """
        scheme, _, rest = text.partition("://")
        rest, mark, words = rest.partition("?")
        authority, _, path = rest.partition("/")
        account, _, hosts = authority.rpartition("@")
        user, _, password = account.partition(":")
        name, _, database = path.partition("/")
        query = parse_qs(words, strict_parsing=bool(mark))
        if scheme not in SENTINEL or not name or query.keys() - {"sentinel_password"}:
            raise ValueError("must look like redis+sentinel://10.0.0.1,10.0.0.2,10.0.0.3/NAME")
        options: dict[str, str | int] = {"db": _database(database)}
        options |= {key: unquote(value) for key, value in (("username", user), ("password", password)) if value}
        return cls(
            tuple(host_address.parse(each, SENTINEL_PORT) for each in hosts.split(",")),
            unquote(name),
            SENTINEL[scheme],
            options,
            query.get("sentinel_password", [None])[0],
        )


def _database(text: str) -> int:
    if text and not (text.isascii() and text.isdecimal()):
        raise ValueError(f"has {text!r} where the number of a database is expected")
    return int(text or 0)


def check(text: str) -> str:
    """Return a URL that :func:`pool` takes. Raises ValueError."""
    if text.partition("://")[0] in SENTINEL:
        SentinelUrl.parse(text)
    elif not text.startswith(PLAIN):
        raise ValueError("must start with redis://, rediss://, unix:// or redis+sentinel://")
    return text


class _Gate:
    """Gives out no connection while the server is known to be away."""

    away = False

    async def get_connection(self, command_name: Any = None, *keys: Any, **options: Any) -> AbstractConnection:
        """Get a connection. Raises ConnectionError, at once when the server is away."""
        if self.away:
            raise RedisConnectionError("Valkey is away")
        connection: AbstractConnection = await super().get_connection()  # type: ignore[misc]
        return connection


class PlainPool(_Gate, ConnectionPool):
    """Connections to one server."""


class PrimaryPool(_Gate, SentinelConnectionPool):
    """Connections to the server that is the primary now."""

    async def aclose(self) -> None:
        """Close all connections, those to Sentinels as well."""
        await super().aclose()
        await self.sentinel_manager.aclose()


Pool = PlainPool | PrimaryPool


def pool(url: str, timeout_s: float, retries: int) -> Pool:
    """Return a pool whose requests wait so long, and are sent again at once, so often, when a connection was lost."""
    options: dict[str, Any] = {
        "decode_responses": True,
        "socket_timeout": timeout_s,
        "socket_connect_timeout": timeout_s,
        "retry": Retry(NoBackoff(), retries, (RedisConnectionError,)),
    }
    if url.startswith(PLAIN):
        return PlainPool.from_url(url, **options)
    found = SentinelUrl.parse(url)
    sentinel_options = {
        "password": found.sentinel_password,
        "ssl": found.tls,
        "socket_timeout": SENTINEL_SECONDS,
        "socket_connect_timeout": SENTINEL_SECONDS,
        "retry": Retry(NoBackoff(), 0),
    }
    sentinel = Sentinel(found.sentinels, sentinel_kwargs=sentinel_options)  # type: ignore[no-untyped-call]
    options |= found.options
    return PrimaryPool(found.name, sentinel, ssl=found.tls, **options)  # type: ignore[no-untyped-call]
