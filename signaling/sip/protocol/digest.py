"""Digest authentication (RFC 3261 §22, RFC 7616): makes challenges, reads and answers them, checks answers. Pure.

MD5 and SHA-256 (RFC 8760), with qop `auth` or, for old servers, without qop. The text of quoted values is hashed as it
stands between the quotes (`unq` of RFC 7616 §3.4.1).
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from signaling.sip.protocol.address import Uri, split
from signaling.sip.protocol.errors import BadMessage
from signaling.sip.protocol.message import Request

_HASHES = {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}
_ANSWERS = {"www-authenticate": "authorization", "proxy-authenticate": "proxy-authorization"}
REALM = "diemcau"
NONCE_LIFE_S = 60
"""Seconds for which a nonce of ours can be answered."""
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


class Headers(Protocol):
    """A response of SIP or RTSP."""

    @property
    def headers(self) -> Iterable[tuple[str, str]]:
        """Its headers, names in lower case."""


def challenge(response: Headers) -> Challenge | None:
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


@dataclass(frozen=True, slots=True)
class Proof:
    """The answer of a remote party to a challenge of ours; `counted` has `nc`, `cnonce` and `qop`."""

    user: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    counted: Mapping[str, str]


def our_challenge(nonce: str, *, stale: bool) -> tuple[str, str]:
    """Return the header of a 401. MD5 alone: devices give up at an algorithm that they do not know, also beside it."""
    ending = ", stale=true" if stale else ""
    return "www-authenticate", f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5, qop="auth"{ending}'


def proof(request: Request) -> Proof | None:
    """Return the answer to a challenge of ours that a request carries, or None."""
    for name, value in request.headers:
        values = digest_parameters(value) if name == "authorization" else {}
        algorithm, qop = values.get("algorithm", "MD5").upper(), values.get("qop", "").lower()
        needed = {"username", "realm", "nonce", "uri", "response", "nc", "cnonce"}
        if values.keys() >= needed and values["realm"] == REALM and algorithm in _HASHES and qop == "auth":
            counted = {"nc": values["nc"], "cnonce": values["cnonce"], "qop": values["qop"]}
            about = values["username"], values["nonce"], values["uri"], values["response"].lower()
            return Proof(*about, algorithm, counted)
    return None


def proves(given: Proof, credentials: Credentials, request: Request) -> bool:
    """Return whether an answer was made with the password, for this method and user part.

    The rest of the Request-URI may have been rewritten on the way, as SBCs do.
    """
    about = (given.algorithm, credentials, REALM, request.method, given.uri, given.nonce, given.counted)
    return _user(given.uri) == _user(request.uri) and hmac.compare_digest(
        response_of(*about).encode(), given.response.encode("utf-8", "replace")
    )


def _user(uri: str) -> str | None:
    try:
        return Uri.parse(uri).user
    except BadMessage:
        return None


class Nonces:
    """Makes nonces and recognises its own, without keeping any: each is a time with a keyed hash.

    The hash covers the address that asked, so who answers in time receives there: its address is not forged.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, address: str, now: float) -> str:
        """Return a nonce for an address."""
        time = f"{int(now):x}"
        return f"{time}.{hmac.digest(self._key, f'{time} {address}'.encode(), 'sha256').hex()[:32]}"

    def fresh(self, nonce: str, address: str, now: float) -> bool:
        """Return whether a nonce was made for this address within the last minute."""
        time, _, _ = nonce.partition(".")
        try:
            age = now - int(time[:16], 16)
        except ValueError:
            return False
        expected = self.make(address, now - age).encode()
        return 0 <= age <= NONCE_LIFE_S and hmac.compare_digest(expected, nonce.encode("utf-8", "replace"))
