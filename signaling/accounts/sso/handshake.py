"""Makes what one sign-in by OpenID Connect is recognised by: `state`, `nonce` and the verifier of PKCE. Pure.

All three are derived from one random secret that the browser keeps in a cookie: no server has to remember anything, and
no other browser can end what this one began (RFC 6749, 10.12; RFC 7636).
"""

import base64
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Handshake:
    """One sign-in that a browser has begun."""

    secret: str

    @property
    def state(self) -> str:
        """Return what the provider hands back, so that nobody else's answer is taken."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """Return what the ID token must hold, so that no other token is taken."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """Return what only the server that began has with the code: 43 characters (RFC 7636, 4.1)."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """Return the verifier's hash, by the method S256 (RFC 7636, 4.2)."""
        return _base64(hashlib.sha256(self.verifier.encode()).digest())

    def began(self, state: str) -> bool:
        """Return whether an answer belongs to it."""
        return hmac.compare_digest(self.state.encode(), state.encode("utf-8", "surrogatepass"))

    def _derived(self, name: str) -> str:
        return _base64(hmac.digest(self.secret.encode("utf-8", "surrogatepass"), f"sso:{name}".encode(), "sha256"))


def begin() -> Handshake:
    """Return a fresh one."""
    return Handshake(secrets.token_urlsafe(32))


def authorization_url(endpoint: str, client_id: str, redirect: str, scopes: list[str], handshake: Handshake) -> str:
    """Return the address to which a browser is sent (OpenID Connect Core, 3.1.2.1)."""
    asked = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": " ".join(dict.fromkeys(["openid", *scopes])),
        "state": handshake.state,
        "nonce": handshake.nonce,
        "code_challenge": handshake.challenge,
        "code_challenge_method": "S256",
    }
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")
