"""A provider of OpenID Connect of the tests' own: real keys, HTTPS, PKCE and single-use codes, as Keycloak's are."""

import base64
import hashlib
import secrets
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiohttp import web
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from yarl import URL

from loadtest.rooms.certificates import Authority

CLIENT, SECRET = "diemcau", "b:í mật %"
REALM = "/realms/tinh"
RSA = RSAKey.generate_key(2048, {"kid": "r1"})
EC = ECKey.generate_key("P-256", {"kid": "e1"})


@dataclass
class Provider:
    """A running provider: `keys` are published, `signing` signs, `changes` are made to each ID token."""

    clock: Callable[[], datetime]
    folder: Path
    origin: str = ""
    keys: list[RSAKey | ECKey] = field(default_factory=lambda: [RSA, EC])
    signing: RSAKey | ECKey = field(default_factory=lambda: RSA)
    changes: dict[str, Any] = field(default_factory=dict)
    described: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    person: dict[str, Any] = field(default_factory=dict)
    down: bool = False
    _codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """Return its name."""
        return self.origin + REALM

    def settings(self, **fields: Any) -> dict[str, Any]:
        """Return the section [oidc] for it."""
        return {
            "label": "Đăng nhập bằng tài khoản của tỉnh",
            "issuer": self.issuer,
            "client_id": CLIENT,
            "client_secret_file": str(self.folder / "secret"),
            "ca": str(self.folder / "authority.pem"),
            "roles": [{"group": "/quan-tri", "roles": ["administrator"]}],
            **fields,
        }

    def sign_in(self, url: str, sub: str, **claims: Any) -> dict[str, str]:
        """Let somebody sign in at an address that our page opens; return what the browser brings back."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert (asked["response_type"], asked["client_id"], asked["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked, {"sub": sub, **claims}
        return {"code": code, "state": asked["state"], "issuer": self.issuer}

    async def auth(self, request: web.Request) -> web.Response:
        """Show `person` a page whose link signs in, and leads the browser back."""
        answer = self.sign_in(str(request.url), **self.person)
        back = {"code": answer["code"], "state": answer["state"], "iss": answer["issuer"]}
        link = escape(str(URL(request.query["redirect_uri"]).with_query(back)))
        return web.Response(text=f'<h1>Cổng của tỉnh</h1><a href="{link}">Đồng ý</a>', content_type="text/html")

    async def logout(self, request: web.Request) -> web.Response:
        """Sign out, and lead the browser back."""
        self.asked.append("logout")
        raise web.HTTPFound(request.query["post_logout_redirect_uri"])

    async def discovery(self, request: web.Request) -> web.Response:
        """Describe the provider."""
        self.asked.append("discovery")
        if self.down:
            return web.Response(status=502)
        ends = {
            "authorization_endpoint": "auth",
            "token_endpoint": "token",
            "jwks_uri": "certs",
            "end_session_endpoint": "logout",
        }
        urls = {name: f"{self.issuer}/protocol/openid-connect/{end}" for name, end in ends.items()}
        return web.json_response(
            {"issuer": self.issuer, **urls, "code_challenge_methods_supported": ["plain", "S256"], **self.described}
        )

    async def certs(self, request: web.Request) -> web.Response:
        """Publish the keys."""
        self.asked.append("certs")
        return web.json_response({"keys": [{**key.as_dict(private=False), "use": "sig"} for key in self.keys]})

    async def token(self, request: web.Request) -> web.Response:
        """Exchange a code."""
        self.asked.append("token")
        form = await request.post()
        asked, claims = self._codes.pop(str(form["code"]), ({}, {}))
        verifier = hashlib.sha256(str(form["code_verifier"]).encode()).digest()
        right = (
            asked.get("code_challenge") == base64.urlsafe_b64encode(verifier).decode().rstrip("=")
            and asked["redirect_uri"] == form["redirect_uri"]
            and base64.b64decode(request.headers["Authorization"][6:]) == b"diemcau:b%3A%C3%AD+m%E1%BA%ADt+%25"
        )
        if not right:
            return web.json_response({"error": "invalid_grant"}, status=400)
        now = int(self.clock().timestamp())
        known = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"]}
        algorithm = "RS256" if isinstance(self.signing, RSAKey) else "ES256"
        header = {"alg": algorithm, "kid": self.signing.kid}
        token = jwt.encode(header, {**known, **claims, **self.changes}, self.signing, [algorithm])
        return web.json_response({"access_token": "x", "token_type": "Bearer", "id_token": token})


@asynccontextmanager
async def provider(folder: Path, clock: Callable[[], datetime]) -> AsyncIterator[Provider]:
    """Run a provider on the loopback address."""
    authority = Authority("tinh")
    authority.folder(folder, "127.0.0.1", trusts=authority)
    (folder / "secret").write_text(f"{SECRET}\n", encoding="utf-8")
    running = Provider(clock, folder)
    application = web.Application()
    at = f"{REALM}/protocol/openid-connect"
    application.router.add_get(f"{REALM}/.well-known/openid-configuration", running.discovery)
    application.router.add_get(f"{at}/certs", running.certs)
    application.router.add_get(f"{at}/auth", running.auth)
    application.router.add_get(f"{at}/logout", running.logout)
    application.router.add_post(f"{at}/token", running.token)
    runner = web.AppRunner(application)
    await runner.setup()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    running.origin = f"https://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield running
    finally:
        await runner.cleanup()
