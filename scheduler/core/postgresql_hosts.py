"""Finds the one of several PostgreSQL servers that takes writes: `postgresql://10.0.0.1:5432,10.0.0.2:5432/diemcau`.

The form is libpq's (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-MULTIPLE-HOSTS). asyncpg tries
such hosts in turn, too, but within one time limit: a machine without power would use it up, and the next one never be
asked.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import unquote

import asyncpg

from scheduler.core import host_address

PORT = 5432

Address = tuple[str, int]


def split(url: str) -> tuple[str, tuple[Address, ...]]:
    """Split a URL of several hosts into one of the first host, and the addresses of all; without any for one host.

    Raises ValueError.
    """
    scheme, separator, rest = url.partition("://")
    end = min((rest.index(mark) for mark in "/?" if mark in rest), default=len(rest))
    account, at, hosts = rest[:end].rpartition("@")
    if "," not in hosts:
        return url, ()
    addresses = tuple(map(_address, hosts.split(",")))
    return f"{scheme}{separator}{account}{at}{hosts.partition(',')[0]}{rest[end:]}", addresses


def _address(text: str) -> Address:
    """Parse a host, or a directory of sockets as `%2Frun%2Fpostgresql`."""
    host, port = host_address.parse(text, PORT)
    return unquote(host), port


class Hosts:
    """Servers of one database. The last one that took writes is asked first."""

    def __init__(self, addresses: Sequence[Address], connect: Callable[..., Awaitable[Any]] = asyncpg.connect) -> None:
        self._addresses = list(addresses)
        self._connect = connect

    async def connect(self, *, timeout: float, **options: Any) -> Any:  # noqa: ASYNC109 - asyncpg's name for it
        """Connect to the server that takes writes, as `asyncpg.connect` does.

        Each gets an equal part of `timeout`, in seconds. Raises what the last one raised.
        """
        options |= {"timeout": timeout / len(self._addresses), "target_session_attrs": "read-write"}
        error: Exception | None = None
        for address in list(self._addresses):
            try:
                connection = await self._connect(**options | {"host": address[0], "port": address[1]})
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InternalClientError) as raised:
                error = raised
            else:
                self._addresses.remove(address)
                self._addresses.insert(0, address)
                return connection
        assert error is not None
        raise error
