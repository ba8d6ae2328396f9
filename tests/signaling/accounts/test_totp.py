"""Codes of authenticator apps: the values of RFC 4226 and RFC 6238, and each step accepted once."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.accounts import totp

SECRET = b"12345678901234567890"
RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]
RFC_6238 = {
    59: "94287082",
    1111111109: "07081804",
    1111111111: "14050471",
    1234567890: "89005924",
    2000000000: "69279037",
    20000000000: "65353130",
}
NOW = datetime.fromtimestamp(1234567890, UTC)
STEP = timedelta(seconds=30)


def test_codes_are_those_of_rfc_4226() -> None:
    assert [totp.code_at(SECRET, counter) for counter in range(10)] == RFC_4226


def test_codes_are_those_of_rfc_6238() -> None:
    """Appendix B has eight digits, of which an app with six shows the last."""
    for seconds, code in RFC_6238.items():
        assert totp.code_at(SECRET, totp.step_at(datetime.fromtimestamp(seconds, UTC))) == code[2:]


@pytest.mark.parametrize(("late", "accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_one_step_early_or_late_is_accepted(late: int, accepted: bool) -> None:
    code = totp.code_at(SECRET, totp.step_at(NOW) - late)
    step = totp.step_at(NOW) - late if accepted else None
    assert totp.accepted_step(SECRET, code, NOW, -1) == step


def test_no_step_is_accepted_twice_nor_one_before_it() -> None:
    step = totp.step_at(NOW)
    earlier, present, next_ = [totp.code_at(SECRET, each) for each in (step - 1, step, step + 1)]
    assert [totp.accepted_step(SECRET, code, NOW, step) for code in (earlier, present, next_)] == [None, None, step + 1]


def test_an_app_reads_secret_account_and_issuer_from_the_uri() -> None:
    parts = urlsplit(totp.uri(SECRET, "truc.ban", "hop.khanhhoa.gov.vn"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert unquote(parts.path) == "/Điểm cầu hop.khanhhoa.gov.vn:truc.ban"
    issuer = ["Điểm cầu hop.khanhhoa.gov.vn"]
    assert parse_qs(parts.query) == {"secret": ["GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"], "issuer": issuer}
    assert totp.secret_of("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ") == SECRET


@given(st.text(max_size=12))
def test_only_six_digits_are_a_code(text: str) -> None:
    assert totp.is_code(text) == (len(text) == 6 and set(text) <= set("0123456789"))
    assert totp.accepted_step(SECRET, text, NOW, totp.step_at(NOW) + 1) is None
