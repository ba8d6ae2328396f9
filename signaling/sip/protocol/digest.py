"""Digest authentication (RFC 3261 §22, RFC 7616): reads challenges and answers them. Pure.

MD5 and SHA-256 (RFC 8760), with qop `auth` or, for old servers, without qop. The text of quoted values is hashed as it
stands between the quotes (`unq` of RFC 7616 §3.4.1).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

from signaling.sip.protocol.address import split
from signaling.sip.protocol.message import Response

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_ANSWERS = {"www-authenticate": "authorization", "proxy-authenticate": "proxy-authorization"}
FIRST_USE = "00000001"
"""The nonce count: each nonce is used once."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    """The question of a server: `header` is the name of its header, `qop` is `auth` or empty."""

    header: str
    realm: str
    nonce: str
    algorithm: str
    qop: str
    opaque: str | None
    stale: bool


def challenge(response: Response) -> Challenge | None:
    """Return the first challenge of a 401 or 407 that can be answered, as the server prefers it (RFC 8760 §2.4)."""
    found = (_challenge(name, value) for name, value in response.headers if name in _ANSWERS)
    return next((each for each in found if each is not None), None)


def authorization(
    asked: Challenge, credentials: Credentials, method: str, uri: str, client_nonce: str
) -> tuple[str, str]:
    """Return the header that answers a challenge for a request with this method and Request-URI."""
    counted = {"qop": asked.qop, "nc": FIRST_USE, "cnonce": client_nonce} if asked.qop else {}
    proof = response_of(asked.algorithm, credentials, asked.realm, method, uri, asked.nonce, counted)
    quoted = {"username": credentials.user, "realm": asked.realm, "nonce": asked.nonce, "uri": uri, "response": proof}
    parts = [f'{name}="{value}"' for name, value in quoted.items()]
    parts += [f"algorithm={asked.algorithm}"]
    parts += [f'cnonce="{value}"' if name == "cnonce" else f"{name}={value}" for name, value in counted.items()]
    parts += [f'opaque="{asked.opaque}"'] if asked.opaque is not None else []
    return _ANSWERS[asked.header], f"Digest {', '.join(parts)}"


def response_of(
    algorithm: str,
    credentials: Credentials,
    realm: str,
    method: str,
    uri: str,
    nonce: str,
    counted: Mapping[str, str],
) -> str:
    """Return the `response` of a digest (RFC 7616 §3.4.1); `counted` has `nc`, `cnonce` and `qop`, or nothing."""

    def digest(*parts: str) -> str:
        return _HASHES[algorithm](":".join(parts).encode("utf-8", "replace")).hexdigest()

    secret, request = digest(credentials.user, realm, credentials.password), digest(method, uri)
    more = [counted[name] for name in ("nc", "cnonce", "qop")] if counted else []
    return digest(secret, nonce, *more, request)


def _challenge(header: str, value: str) -> Challenge | None:
    """Read a challenge; None for one that cannot be answered."""
    values = digest_parameters(value)
    algorithm = values.get("algorithm", "MD5").upper()
    offered = [each.strip().lower() for each in values["qop"].split(",")] if "qop" in values else [""]
    if algorithm not in _HASHES or not {"auth", ""} & set(offered) or not values.keys() >= {"realm", "nonce"}:
        return None
    stale = values.get("stale", "").lower() == "true"
    qop = "auth" if "auth" in offered else ""
    return Challenge(header, values["realm"], values["nonce"], algorithm, qop, values.get("opaque"), stale)


def digest_parameters(value: str) -> dict[str, str]:
    """Parse `Digest name=value, name="value"`, names in lower case; empty for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    pairs = (part.partition("=") for part in split(rest, ","))
    return {name.strip().lower(): _unquoted(text.strip()) for name, _, text in pairs}


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] == '"' else text
