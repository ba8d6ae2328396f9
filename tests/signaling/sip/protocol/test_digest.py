"""Digest authentication by the examples of RFC 7616 and RFC 2617."""

from dataclasses import replace

import pytest

from signaling.sip.protocol import digest
from signaling.sip.protocol.digest import Challenge, Credentials, Nonces
from signaling.sip.protocol.message import Request, Response

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


def answer(
    asked: Challenge, credentials: Credentials = MUFASA, method: str = "INVITE", uri: str = "sip:1@h"
) -> Request:
    """Return a request with the answer to a challenge of ours."""
    proof = digest.authorization(asked, credentials, method, uri, CLIENT_NONCE)
    return Request(method, uri, headers=[("authorization", "Basic eA=="), proof])


@pytest.mark.parametrize("algorithm", ["MD5", "SHA-256"])
def test_an_answer_proves_the_password_for_its_method_and_user(algorithm: str) -> None:
    asked = digest.challenge(Response(401, "", headers=[digest.our_challenge("n", stale=False)]))
    assert asked == Challenge("www-authenticate", "diemcau", "n", "MD5", "auth", None, stale=False)
    asked = replace(asked, algorithm=algorithm)
    request = answer(asked)
    given = digest.proof(request)
    assert given is not None and given.user == "Mufasa"
    assert digest.proves(given, MUFASA, request)
    assert digest.proves(given, MUFASA, Request("INVITE", "sip:1@rewritten"))
    assert not digest.proves(given, Credentials("Mufasa", "other"), request)
    assert not digest.proves(given, Credentials("Scar", "Circle of Life"), request)
    assert not digest.proves(given, MUFASA, Request("BYE", "sip:1@h"))
    assert not digest.proves(given, MUFASA, Request("INVITE", "sip:2@h"))


def test_what_answers_no_challenge_of_ours_is_none() -> None:
    other = Challenge("www-authenticate", "elsewhere", "n", "MD5", "auth", None, stale=False)
    old = Challenge("www-authenticate", digest.REALM, "n", "MD5", "", None, stale=False)
    assert [digest.proof(answer(each)) for each in (other, old)] == [None, None]
    assert digest.proof(Request("INVITE", "sip:1@h")) is None


def test_a_nonce_is_answered_within_a_minute_from_where_it_was_sent_to() -> None:
    nonces = Nonces(b"key")
    nonce = nonces.make("10.57.1.20", 1000.5)
    assert [nonces.fresh(nonce, "10.57.1.20", now) for now in (1000.5, 1060.0, 1061.0, 999.0)] == [
        *(True, True, False, False)
    ]
    assert not nonces.fresh(nonce, "10.57.1.21", 1000.5)
    assert not Nonces(b"other").fresh(nonce, "10.57.1.20", 1000.5)
    assert not any(nonces.fresh(each, "10.57.1.20", 1000.5) for each in ("", ".", "x.y", nonce[:-1], f"{nonce}\u2028"))
