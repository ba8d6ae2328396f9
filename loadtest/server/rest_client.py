"""A client of the REST API, signed in with one account by cookies as a browser is."""

import ipaddress
from types import TracebackType
from typing import Any, Self

import aiohttp
from yarl import URL

from loadtest.server.machines import NETWORK


class Refused(Exception):
    """The server responded with a problem (RFC 9457): its HTTP `status`, and `word`, the end of its type URI."""

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.word = str(problem.get("type", "")).rpartition(":")[2]
        super().__init__(f"{request}: {status} {problem.get('title', '')} {problem.get('detail', '')}".rstrip())


class Client:
    """Calls the REST API; certificates are checked unless the server is this machine, in whichever namespace, or
    `insecure` is set."""

    def __init__(self, base: str, *, insecure: bool = False) -> None:
        self.base = URL(base)
        host = self.base.host or ""
        check = not (insecure or is_loopback(host) or host.startswith(f"{NETWORK}."))
        self.http = aiohttp.ClientSession(
            self.base,
            connector=aiohttp.TCPConnector(ssl=check),
            cookie_jar=aiohttp.CookieJar(unsafe=True),  # also for addresses instead of names
            headers={"Accept-Language": "en"},
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        await self.close()

    async def login(self, account: str, password: str) -> dict[str, Any]:
        """Sign in; return the account. Raises Refused."""
        me: dict[str, Any] = await self.post("/api/v1/login", {"account": account, "password": password})
        return me

    async def get(self, path: str, **query: str) -> Any:
        """GET JSON. Raises Refused, TimeoutError."""
        return await self._request("GET", path, params=query)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """POST JSON. Raises Refused, TimeoutError."""
        return await self._request("POST", path, json=body)

    async def _request(self, method: str, path: str, **options: Any) -> Any:
        try:
            async with self.http.request(method, path, **options) as response:
                return await _body(f"{method} {path}", response)
        except TimeoutError as error:  # of aiohttp, which has no text
            raise TimeoutError(f"no response to {method} {path}") from error

    async def close(self) -> None:
        """Drop the cookies and close the connections."""
        await self.http.close()


async def _body(request: str, response: aiohttp.ClientResponse) -> Any:
    if response.status == 204:
        return None
    if response.content_type not in ("application/json", "application/problem+json"):
        raise Refused(request, response.status, {"title": f"not JSON but {response.content_type}"})
    body = await response.json(content_type=None)
    if response.status >= 400:
        raise Refused(request, response.status, body if isinstance(body, dict) else {})
    return body


def is_loopback(host: str) -> bool:
    """Return True if a host name or address is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
