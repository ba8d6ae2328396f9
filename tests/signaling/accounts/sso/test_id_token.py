"""ID tokens: which are believed, and what they say of somebody."""

import base64
import hmac
import json
from typing import Any

import pytest
from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, RSAKey

from signaling.accounts.sso import id_token
from signaling.accounts.sso.handshake import Handshake
from signaling.accounts.sso.id_token import BadIdToken, UnknownKey
from signaling.accounts.sso.settings import OidcSettings
from tests.signaling.accounts.sso.provider import EC, RSA
from tests.signaling.world import NOW

ISSUER, CLIENT, BEGUN = "https://sso.example/realms/tinh", "diemcau", Handshake("a secret of the browser")
AT = int(NOW.timestamp())
GOOD = {"iss": ISSUER, "aud": CLIENT, "sub": "s-1", "iat": AT, "exp": AT + 60, "nonce": BEGUN.nonce}
KEYS = [RSA.as_dict(private=False), EC.as_dict(private=False)]


def settings(**fields: Any) -> OidcSettings:
    roles = [{"group": "g", "roles": ["registrant"]}, {"group": "s", "roles": ["supervisor"], "unit": "office"}]
    known = {"label": "Tỉnh", "issuer": ISSUER, "client_id": CLIENT, "roles": roles, **fields}
    return OidcSettings.model_validate(known)


def signed(claims: dict[str, Any], key: RSAKey | ECKey = RSA, **header: Any) -> str:
    algorithm = "RS256" if isinstance(key, RSAKey) else "ES256"
    return jwt.encode({"alg": algorithm, "kid": key.kid, **header}, claims, key, [algorithm])


def _base64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _part(content: dict[str, Any]) -> str:
    return _base64(json.dumps(content).encode())


def judged(token: str, keys: list[dict[str, Any]] = KEYS) -> str:
    try:
        return str(id_token.claims_of(token, keys, settings(), BEGUN, NOW)["sub"])
    except BadIdToken as error:
        return str(error)


@pytest.mark.parametrize("key", [RSA, EC])
def test_tokens_of_both_algorithms_are_believed(key: RSAKey | ECKey) -> None:
    assert judged(signed(GOOD, key)) == "s-1"
    header, payload, signature = signed(GOOD, key).split(".")
    changed = f"{header}.{payload[:-4]}AAAA.{signature}"
    assert judged(changed).startswith("signature")
    assert judged(f"{header}.{payload}.").startswith("signature")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://sso.example/realms/khac"}, "iss"),
        ({"aud": "other"}, "aud"),
        ({"aud": None}, "aud"),
        ({"aud": [CLIENT]}, "s-1"),
        ({"aud": [CLIENT, "other"]}, "azp"),
        ({"aud": [CLIENT, "other"], "azp": CLIENT}, "s-1"),
        ({"aud": [CLIENT, "other"], "azp": "other"}, "aud"),
        ({"azp": "other"}, "aud"),
        ({"exp": AT - 119}, "s-1"),
        ({"exp": AT - 120}, "exp"),
        ({"exp": "soon"}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": 1e300}, "exp"),
        ({"iat": AT + 120}, "s-1"),
        ({"iat": AT + 121}, "iat"),
        ({"iat": AT - 721}, "iat"),
        ({"nbf": AT + 121}, "nbf"),
        ({"nonce": "another"}, "nonce"),
        ({"nonce": None}, "nonce"),
    ],
)
def test_claims_must_be_of_this_sign_in(changes: dict[str, Any], why: str) -> None:
    assert judged(signed({**GOOD, **changes})) == why


def test_no_other_algorithm_is_believed() -> None:
    body = f"{_part({'alg': 'HS256', 'kid': 'r1'})}.{_part(GOOD)}"
    shared = f"{body}.{_base64(hmac.digest(RSA.as_pem(private=False), body.encode(), 'sha256'))}"
    bare = f"{_part({'alg': 'none'})}.{_part(GOOD)}."
    strong = jwt.encode({"alg": "RS512", "kid": "r1"}, GOOD, RSA, ["RS512"])
    assert [judged(token) for token in (shared, bare, strong)] == ["algorithm"] * 3
    assert judged(signed(GOOD, RSA, kid="e1")) == "0 keys fit"  # a key signs by the algorithm of its type alone
    assert judged("x" * 40_000) == "too long"
    assert judged("ă.b.c") == "too long"
    assert judged("").startswith("signature")


def test_the_key_is_the_one_that_the_token_names() -> None:
    with pytest.raises(UnknownKey):
        id_token.claims_of(signed(GOOD), [EC.as_dict(private=False)], settings(), BEGUN, NOW)
    nameless = jwt.encode({"alg": "RS256"}, GOOD, RSA, ["RS256"])
    assert judged(nameless) == "s-1"
    second = RSAKey.generate_key(2048, {"kid": "r2"}).as_dict(private=False)
    assert judged(nameless, [*KEYS, second]) == "2 keys fit"
    assert judged(signed(GOOD), [{**KEYS[0], "use": "enc"}]) == "0 keys fit"
    assert judged(signed(GOOD), [{**KEYS[0], "alg": "RS512"}]) == "0 keys fit"
    assert judged(signed(GOOD), [{"kty": "RSA", "kid": "r1", "n": "AA"}]).startswith("signature")
    with pytest.warns(SecurityWarning):
        short = RSAKey.generate_key(1024, {"kid": "kurz"})
    assert judged(signed(GOOD, short), [short.as_dict(private=False)]) == "a short key"
    curve = ECKey.generate_key("P-384", {"kid": "e3"})
    assert judged(signed(GOOD, EC, kid="e3"), [curve.as_dict(private=False)]).startswith("signature")


def test_claims_become_a_person() -> None:
    claims = {"sub": "s-1", "preferred_username": "an", "name": "An\u202e\n ", "groups": ["g", "s", 7, None]}
    person = id_token.person_of(claims, settings())
    assert (person.subject, person.login, person.name) == ("s-1", "an", "An")
    assert (person.roles, person.unit) == (("supervisor", "registrant"), "office")
    nested = {"sub": "s-1", "realm_access": {"roles": ["g"]}, "don_vi": "568"}
    person = id_token.person_of(nested, settings(groups_claim="realm_access.roles", unit_claim="don_vi"))
    assert (person.roles, person.unit, person.name) == (("registrant",), "568", "s-1")
    assert id_token.person_of({"sub": "s-1", "groups": "g"}, settings()).roles == ("registrant",)
    assert id_token.person_of({"sub": "s-1", "groups": {"g": 1}}, settings()).roles == ()
    for sub in (None, "", 7, "x" * 256):
        with pytest.raises(BadIdToken):
            id_token.person_of({"sub": sub}, settings())


def test_a_second_factor_is_taken_in_the_words_of_the_settings_alone() -> None:
    known = settings(second_factor_acr=["2"], second_factor_amr=["otp", "hwk"])
    for claims, taken in (
        ({"acr": "2"}, True),
        ({"acr": "1"}, False),
        ({"acr": ["2"]}, False),
        ({"amr": ["pwd", "hwk"]}, True),
        ({"amr": ["pwd"]}, False),
        ({}, False),
    ):
        assert id_token.by_second_factor(claims, known) is taken
        assert not id_token.by_second_factor(claims, settings())
