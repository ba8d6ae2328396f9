"""Posts deliveries over HTTPS, to addresses that are permitted and were looked up once."""

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from signaling.webhooks.addresses import Network, NotPermitted, resolve

SECONDS = 15.0
"""Time for a delivery, from the look-up of its address to the status of the answer."""
GONE = 410
"""The other system wants no more deliveries."""


@dataclass(frozen=True, slots=True)
class WebhookSettings:
    """Networks that webhooks may go to beside public addresses, and certificates (PEM) of an authority of the site."""

    networks: tuple[Network, ...] = ()
    authority: Path | None = None


class NotDelivered(Exception):
    """A delivery was not taken; with `final` it is not tried again."""

    def __init__(self, reason: str, final: bool = False) -> None:
        super().__init__(reason)
        self.final = final


class WebhookClient:
    """Posts to one URL at a time; each delivery has a connection of its own, and no answer is read."""

    def __init__(self, settings: WebhookSettings) -> None:
        self._networks = settings.networks
        if settings.authority is not None:
            self._trusted.load_verify_locations(settings.authority)

    @cached_property
    def _trusted(self) -> ssl.SSLContext:
        """Authorities of certificates; those of the system are read once they are needed."""
        return ssl.create_default_context()

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        """Deliver a body. Raises NotDelivered unless it is answered with a status of 200 to 299."""
        try:
            async with asyncio.timeout(SECONDS):
                status = await self._status(URL(url), body, headers)
        except NotPermitted:
            raise NotDelivered("address-not-permitted") from None
        except aiohttp.ClientSSLError as error:
            raise NotDelivered(f"tls: {error.__cause__ or type(error).__name__}") from None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise NotDelivered(f"http: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise NotDelivered(f"http {status}", status == GONE)

    async def _status(self, url: URL, body: bytes, headers: Mapping[str, str]) -> int:
        found = await resolve(url.raw_host or "", url.port or 0, self._networks)
        connector = aiohttp.TCPConnector(
            resolver=_Pinned(found), use_dns_cache=False, ssl=self._trusted, force_close=True
        )
        sent = {"Content-Type": "application/json", "User-Agent": "Diemcau", **headers}
        async with (
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as client,
            client.post(url, data=body, headers=sent, allow_redirects=False) as response,
        ):
            response.close()
            return response.status


class _Pinned(AbstractResolver):
    """Knows the addresses that were looked up before, so that no other answer of the DNS counts."""

    def __init__(self, addresses: Sequence[tuple[socket.AddressFamily, str]]) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses."""
        return [
            ResolveResult(hostname=host, host=address, port=port, family=own, proto=0, flags=socket.AI_NUMERICHOST)
            for own, address in self._addresses
            if family in (own, socket.AF_UNSPEC)
        ]

    async def close(self) -> None:
        """Close nothing."""
