"""Digest authentication by the examples of RFC 7616 and RFC 2617."""

import pytest

from signaling.sip.protocol import digest
from signaling.sip.protocol.digest import Challenge, Credentials
from signaling.sip.protocol.message import Response

MUFASA = Credentials("Mufasa", "Circle of Life")
NONCE, CLIENT_NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"


@pytest.mark.parametrize(
    ("algorithm", "response"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_example_of_rfc_7616(algorithm: str, response: str) -> None:
    asked = Challenge("www-authenticate", "http-auth@example.org", NONCE, algorithm, "auth", "FQhe/qaU925", stale=False)
    name, value = digest.authorization(asked, MUFASA, "GET", "/dir/index.html", CLIENT_NONCE)
    assert (name, digest.digest_parameters(value)) == (
        "authorization",
        {
            "username": "Mufasa",
            "realm": "http-auth@example.org",
            "nonce": NONCE,
            "uri": "/dir/index.html",
            "response": response,
            "algorithm": algorithm,
            "qop": "auth",
            "nc": "00000001",
            "cnonce": CLIENT_NONCE,
            "opaque": "FQhe/qaU925",
        },
    )


def test_a_server_without_qop_is_answered_as_before_rfc_2617() -> None:
    asked = Challenge("proxy-authenticate", "testrealm@host.com", "dcd98b7102dd", "MD5", "", None, stale=False)
    name, value = digest.authorization(asked, Credentials("Mufasa", "x"), "GET", "/", "unused")
    assert (name, set(digest.digest_parameters(value))) == (
        "proxy-authorization",
        {"username", "realm", "nonce", "uri", "response", "algorithm"},
    )


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (['Digest realm="a", nonce="n", algorithm=SHA-512-256', 'Digest realm="b", nonce="n"'], ("b", "MD5", "")),
        (['Digest realm="a, b", nonce="n", algorithm="sha-256", qop="auth-int,auth"'], ("a, b", "SHA-256", "auth")),
        (['Digest realm="a", nonce="n", qop="auth-int"'], None),
        (['Digest realm="a"', 'Basic realm="a"', "Digest", ""], None),
    ],
)
def test_the_first_challenge_that_can_be_answered_is(values: list[str], found: tuple[str, str, str] | None) -> None:
    response = Response(401, "", headers=[("www-authenticate", value) for value in values])
    asked = digest.challenge(response)
    assert (asked and (asked.realm, asked.algorithm, asked.qop)) == found
