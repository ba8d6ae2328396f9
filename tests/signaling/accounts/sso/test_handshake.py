"""State, nonce and verifier of one sign-in by a provider."""

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

from signaling.accounts.sso import handshake
from signaling.accounts.sso.handshake import Handshake


def test_all_is_derived_from_one_secret_and_nothing_of_it_is_shown() -> None:
    one, same, other = Handshake("s"), Handshake("s"), Handshake("t")
    parts = one.state, one.nonce, one.verifier
    assert parts == (same.state, same.nonce, same.verifier)
    assert len({*parts, other.state, other.nonce, other.verifier}) == 6
    assert {len(part) for part in parts} == {43}  # RFC 7636: 43 to 128 characters
    assert (one.began(one.state), one.began(other.state), one.began(""), one.began("\ud800")) == (True, *[False] * 3)
    assert handshake.begin() != handshake.begin()


def test_the_address_asks_for_a_code_by_pkce() -> None:
    begun = Handshake("s")
    url = handshake.authorization_url("https://a.example/auth?x=1", "id", "https://b/", ["profile", "openid"], begun)
    challenge = base64.urlsafe_b64encode(hashlib.sha256(begun.verifier.encode()).digest()).decode().rstrip("=")
    assert parse_qs(urlsplit(url).query) == {
        "x": ["1"],
        "response_type": ["code"],
        "client_id": ["id"],
        "redirect_uri": ["https://b/"],
        "scope": ["openid profile"],
        "state": [begun.state],
        "nonce": [begun.nonce],
        "code_challenge": [challenge],
        "code_challenge_method": ["S256"],
    }
    assert begun.verifier not in url
