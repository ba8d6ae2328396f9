"""Checks ID tokens (OpenID Connect Core, 3.1.3.7), by the keys that their provider publishes. Pure.

Signatures are those of RS256 and ES256 alone, and a key signs only by the algorithm of its own type: neither `none` nor
a public key taken for a shared secret passes. joserfc reads keys and verifies.
"""

import warnings
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from signaling.accounts.sso.handshake import Handshake
from signaling.accounts.sso.roles import MAX_NAME, MAX_SUBJECT, Person, granted
from signaling.accounts.sso.settings import OidcSettings

KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}
"""The algorithms that are accepted, with the types of their keys (RFC 7518)."""
MIN_RSA_BITS = 2048
MAX_TOKEN = 1 << 15
MAX_KEYS = 64
MAX_GROUPS = 2000
SKEW = timedelta(minutes=2)
"""By so much the clocks of provider and server may differ."""
MAX_AGE = timedelta(minutes=10)
"""An ID token comes straight from the provider: it is not older."""

Claims = Mapping[str, Any]
Jwk = Mapping[str, Any]


class BadIdToken(Exception):
    """An ID token that is not to be believed; the text says why, for the log."""


class UnknownKey(BadIdToken):
    """An ID token of a key that is not among those known: the provider may have others by now."""


def claims_of(token: str, keys: Sequence[Jwk], known: OidcSettings, handshake: Handshake, now: datetime) -> Claims:
    """Return the claims of an ID token. Raises BadIdToken, UnknownKey."""
    if len(token) > MAX_TOKEN or not token.isascii():
        raise BadIdToken("too long")
    try:
        header = jws.extract_compact(token.encode()).headers()
        algorithm, key_id = header.get("alg"), header.get("kid")
        if algorithm not in KEY_TYPES:
            raise BadIdToken("algorithm")
        claims = jwt.decode(token, _key(keys, str(algorithm), key_id), algorithms=[str(algorithm)]).claims
    except BadIdToken:
        raise
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadIdToken(f"signature: {type(error).__name__}") from None
    _check(claims, known, handshake, now)
    return claims


def person_of(claims: Claims, known: OidcSettings) -> Person:
    """Return whom an ID token is of. Raises BadIdToken."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT:
        raise BadIdToken("sub")
    unit = _text(claims, known.unit_claim) if known.unit_claim else ""
    roles, of_unit = granted(known.mappings, _texts(_claim(claims, known.groups_claim)), unit or None)
    login = _text(claims, known.account_claim)
    name = _text(claims, known.name_claim) or login or subject
    return Person("oidc", known.issuer, subject, login, name[:MAX_NAME], roles, of_unit)


def by_second_factor(claims: Claims, known: OidcSettings) -> bool:
    """Return whether the provider says that a second factor was given, in words that the settings name."""
    methods = _texts(claims.get("amr"))
    return claims.get("acr") in known.second_factor_acr or not methods.isdisjoint(known.second_factor_amr)


def _key(keys: Sequence[Jwk], algorithm: str, key_id: object) -> RSAKey | ECKey:
    """Return the one key that a token names, or that may sign it if it names none. Raises UnknownKey, BadIdToken."""
    kind = KEY_TYPES[algorithm]
    fitting = [
        each
        for each in keys[:MAX_KEYS]
        if each.get("kty") == kind
        and each.get("use", "sig") == "sig"
        and each.get("alg", algorithm) == algorithm
        and (key_id is None or each.get("kid") == key_id)
    ]
    if len(fitting) != 1:
        raise UnknownKey(f"{len(fitting)} keys fit")
    public = {name: value for name, value in fitting[0].items() if name in {"kty", "n", "e", "crv", "x", "y"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of short keys, which are refused below
        found = RSAKey.import_key(public) if kind == "RSA" else ECKey.import_key(public)
    if isinstance(found, RSAKey) and found.public_key.key_size < MIN_RSA_BITS:
        raise BadIdToken("a short key")
    return found


def _check(claims: Claims, known: OidcSettings, handshake: Handshake, now: datetime) -> None:
    """Check issuer, audience, times and nonce. Raises BadIdToken."""
    if claims.get("iss") != known.issuer:
        raise BadIdToken("iss")
    audience = claims.get("aud")
    listed = audience if isinstance(audience, list) else [audience]
    if known.client_id not in listed or claims.get("azp", known.client_id) != known.client_id:
        raise BadIdToken("aud")
    if len(listed) > 1 and "azp" not in claims:
        raise BadIdToken("azp")
    seconds, skew = now.timestamp(), SKEW.total_seconds()
    if _time(claims, "exp") <= seconds - skew:
        raise BadIdToken("exp")
    if not seconds - MAX_AGE.total_seconds() - skew <= _time(claims, "iat") <= seconds + skew:
        raise BadIdToken("iat")
    if "nbf" in claims and _time(claims, "nbf") > seconds + skew:
        raise BadIdToken("nbf")
    if claims.get("nonce") != handshake.nonce:
        raise BadIdToken("nonce")


def _time(claims: Claims, name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1 << 40:
        raise BadIdToken(name)
    return float(value)


def _claim(claims: Claims, name: str) -> object:
    """Return a claim; a name with dots may lead into others (Keycloak's `realm_access.roles`)."""
    found: object = claims
    for part in [name] if name in claims else name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _text(claims: Claims, name: str) -> str:
    """Return a claim as text of one line, empty if it is none."""
    found = _claim(claims, name)
    return "".join(filter(str.isprintable, found))[:MAX_SUBJECT].strip() if isinstance(found, str) else ""


def _texts(found: object) -> set[str]:
    listed = found if isinstance(found, list) else [found]
    return {each for each in listed[:MAX_GROUPS] if isinstance(each, str)}
