"""Talks to a provider of OpenID Connect: its discovery document, its keys, and ID tokens for codes (decision 131).

The provider's address is in the settings. What its discovery document names is of the same origin, and no redirect is
followed: nothing that comes from outside decides where the server connects to.
"""

import asyncio
import base64
import json
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode, urlsplit

import aiohttp
from aiohttp import ClientSession, ClientTimeout, TCPConnector

from signaling.accounts.sso import handshake, id_token
from signaling.accounts.sso.handshake import Handshake
from signaling.accounts.sso.id_token import BadIdToken, Claims, Jwk, UnknownKey
from signaling.accounts.sso.settings import OidcSettings
from signaling.core.errors import SsoFailed, SsoUnavailable

log = logging.getLogger(__name__)

SECONDS = 8.0
"""For each question to the provider."""
MAX_BYTES = 1 << 18
KEPT = timedelta(hours=1)
"""So long the discovery document and the keys count."""
RETRY = timedelta(seconds=30)
"""After so long they are asked for again: an unknown key, or no answer, does not lead to more questions."""
DISCOVERY = "/.well-known/openid-configuration"
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


@dataclass(frozen=True, slots=True)
class _Described:
    """The provider as it described itself, at a time."""

    authorization: str
    token: str
    jwks: str
    end_session: str | None
    at: datetime


class OidcProvider:
    """A provider, as Keycloak is one."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._context = settings.tls()
        self._secret = settings.secret()
        self._turn = asyncio.Lock()
        self._described: _Described | None = None
        self._keys: list[Jwk] = []
        self._keys_at: datetime | None = None
        self._failed_at: datetime | None = None

    @property
    def settings(self) -> OidcSettings:
        """The settings, which also say what claims mean."""
        return self._settings

    async def url(self, begun: Handshake, redirect: str, now: datetime) -> str:
        """Return where a browser signs in. Raises SsoUnavailable."""
        known, described = self._settings, await self._description(now)
        return handshake.authorization_url(described.authorization, known.client_id, redirect, known.scopes, begun)

    async def end_url(self, redirect: str, now: datetime) -> str | None:
        """Return where a browser ends its sign-in at the provider, None where it says of no such place.

        Raises SsoUnavailable.
        """
        end = (await self._description(now)).end_session
        if end is None:
            return None
        asked = urlencode({"client_id": self._settings.client_id, "post_logout_redirect_uri": redirect})
        return f"{end}{'&' if '?' in end else '?'}{asked}"

    async def claims(self, code: str, begun: Handshake, redirect: str, now: datetime) -> Claims:
        """Return the claims of the ID token that the provider gives for a code. Raises SsoUnavailable, SsoFailed."""
        described = await self._description(now)
        token = await self._token(described.token, code, begun, redirect)
        try:
            try:
                return id_token.claims_of(token, await self._known_keys(now), self._settings, begun, now)
            except UnknownKey:
                keys = await self._known_keys(now, unknown=True)
                return id_token.claims_of(token, keys, self._settings, begun, now)
        except BadIdToken as error:
            raise SsoFailed(f"id_token: {error}") from None

    async def check(self, now: datetime) -> None:
        """Ask for the description and the keys. Raises SsoUnavailable, whose cause says why; ValueError."""
        described = await self._discovered(now)
        await self._published(described.jwks)

    async def _token(self, endpoint: str, code: str, begun: Handshake, redirect: str) -> str:
        """Return the ID token for a code (RFC 6749, 4.1.3). Raises SsoUnavailable, SsoFailed."""
        known = self._settings
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
        form |= {"client_id": known.client_id, "code_verifier": begun.verifier}
        login = {"Authorization": _basic(known.client_id, self._secret)} if self._secret else {}
        status, found = await self._asked("POST", endpoint, form, login)
        if status >= 500:
            raise SsoUnavailable
        token = found.get("id_token") if status == 200 else None
        if not isinstance(token, str):
            error = found.get("error")
            raise SsoFailed(f"token endpoint {status}: {error if isinstance(error, str) else '?'}"[:200])
        return token

    async def _description(self, now: datetime) -> _Described:
        """Return the provider's description; an old one is better than none. Raises SsoUnavailable."""
        async with self._turn:
            known = self._described
            if known is not None and now - known.at < KEPT:
                return known
            if self._failed_at is not None and now - self._failed_at < RETRY:
                return self._or_unavailable(known)
            try:
                self._described = await self._discovered(now)
            except (SsoUnavailable, ValueError) as error:
                log.warning("x sign-in by %s: %s", self._settings.issuer, error or "no answer")
                self._failed_at = now
                return self._or_unavailable(known)
            return self._described

    @staticmethod
    def _or_unavailable(known: _Described | None) -> _Described:
        if known is None:
            raise SsoUnavailable
        return known

    async def _discovered(self, now: datetime) -> _Described:
        """Ask for the discovery document. Raises SsoUnavailable, ValueError."""
        issuer = self._settings.issuer
        status, found = await self._asked("GET", issuer.rstrip("/") + DISCOVERY)
        if status != 200 or found.get("issuer") != issuer:
            raise ValueError(f"discovery: status {status}, issuer {str(found.get('issuer'))[:200]}")
        methods = found.get("code_challenge_methods_supported")
        if isinstance(methods, list) and "S256" not in methods:
            raise ValueError("discovery: no PKCE by S256")
        authorization, token, jwks = (self._own(found.get(name), name) for name in ENDPOINTS)
        end = found.get("end_session_endpoint")
        return _Described(authorization, token, jwks, None if end is None else self._own(end, "end_session"), now)

    def _own(self, url: object, name: str) -> str:
        """Return an address if it is of the provider's origin. Raises ValueError."""
        if not isinstance(url, str) or _origin(url) != _origin(self._settings.issuer) or "#" in url:
            raise ValueError(f"discovery: {name} is not of the issuer's origin")
        return url

    async def _known_keys(self, now: datetime, unknown: bool = False) -> list[Jwk]:
        """Return the keys of the provider, fresh ones where one is `unknown`. Raises SsoUnavailable."""
        jwks = (await self._description(now)).jwks
        async with self._turn:
            age = None if self._keys_at is None else now - self._keys_at
            if age is not None and age < (RETRY if unknown else KEPT):
                return self._keys
            self._keys, self._keys_at = await self._published(jwks), now
            return self._keys

    async def _published(self, jwks: str) -> list[Jwk]:
        """Ask for the keys. Raises SsoUnavailable."""
        status, found = await self._asked("GET", jwks)
        keys = found.get("keys")
        if status != 200 or not isinstance(keys, list):
            raise SsoUnavailable from ValueError(f"keys: status {status}")
        return [each for each in keys if isinstance(each, dict)]

    async def _asked(
        self, method: str, url: str, form: dict[str, str] | None = None, login: dict[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and JSON object of a response, an empty object where it has none. Raises SsoUnavailable."""
        timeout, connector = ClientTimeout(total=SECONDS), TCPConnector(ssl=self._context)
        headers = {"Accept": "application/json", "Accept-Encoding": "identity", **(login or {})}
        try:
            async with (
                ClientSession(timeout=timeout, connector=connector, trust_env=False, headers=headers) as session,
                session.request(method, url, data=form, allow_redirects=False) as response,
            ):
                content = await _read(response)
                status = response.status
        except (aiohttp.ClientError, OSError) as error:
            log.warning("x %s: %s %s", urlsplit(url).netloc, type(error).__name__, error)
            raise SsoUnavailable from error
        try:
            found = json.loads(content)
        except (ValueError, RecursionError):
            return status, {}
        return status, found if isinstance(found, dict) else {}


def _basic(client_id: str, secret: str) -> str:
    """Return the header by which a client with a secret is known (RFC 6749, 2.3.1)."""
    return f"Basic {base64.b64encode(f'{quote_plus(client_id)}:{quote_plus(secret)}'.encode()).decode()}"


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the body. Raises ClientPayloadError where it is too long."""
    content = bytearray()
    async for piece in response.content.iter_any():
        content += piece
        if len(content) > MAX_BYTES:
            raise aiohttp.ClientPayloadError(f"more than {MAX_BYTES} bytes")
    return bytes(content)


def _origin(url: str) -> tuple[str, str | None, int]:
    """Return scheme, host and port. Raises ValueError."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or 443
