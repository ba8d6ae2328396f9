"""Authentication-Results: the fields of the own server count, and are parsed (RFC 8601)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.inbound_mail.sender_authentication import Result, results, verdict

SERVER, SENDER = "mx.khanhhoa.gov.vn", "ubnd.vanninh@khanhhoa.gov.vn"
PASSED = f"{SERVER}; spf=pass smtp.mailfrom={SENDER}; dkim=pass (2048-bit; ok) header.d=khanhhoa.gov.vn; dmarc=pass"


def test_results_of_the_own_server_are_read() -> None:
    assert results([PASSED], SERVER) == (
        Result("spf", "pass", "khanhhoa.gov.vn"),
        Result("dkim", "pass", "khanhhoa.gov.vn"),
        Result("dmarc", "pass", ""),
    )
    assert (
        " ".join(map(str, results([PASSED], SERVER)))
        == "spf=pass (khanhhoa.gov.vn) dkim=pass (khanhhoa.gov.vn) dmarc=pass"
    )


@pytest.mark.parametrize(
    "field", ["", ";", "none", f"mx.evil.vn; {PASSED}", f"{SERVER}.evil.vn; spf=pass", f"({SERVER}) x; spf=pass"]
)
def test_results_of_other_servers_do_not_count(field: str) -> None:
    assert results([field], SERVER) == ()


def test_no_word_counts_when_no_server_is_named() -> None:
    assert results([PASSED, "; spf=pass"], "") == ()


def test_the_topmost_word_counts() -> None:
    found = results([f"{SERVER} 1; spf=fail smtp.mailfrom=x.vn", PASSED], SERVER)
    assert found[0] == Result("spf", "fail", "x.vn")


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (PASSED, "pass"),
        (f"{SERVER}; spf=pass smtp.mailfrom=a@gmail.com", "fail"),
        (f"{SERVER}; spf=pass smtp.mailfrom=a@gmail.com; dkim=pass header.d=khanhhoa.gov.vn", "pass"),
        (f"{SERVER}; spf=softfail smtp.mailfrom={SENDER}", "fail"),
        (f"{SERVER}; spf=none; dkim=none", "none"),
        (f"{SERVER}; spf=temperror", "none"),
        (f"{SERVER}; spf=fail smtp.mailfrom=a@x.vn; dkim=fail header.d=khanhhoa.gov.vn; dmarc=fail", "fail"),
        (f"{SERVER}; spf=pass smtp.mailfrom=a@gmail.com; dmarc=pass", "pass"),
        (f"{SERVER}; none", "none"),
    ],
)
def test_verdicts(field: str, expected: str) -> None:
    assert verdict(results([field], SERVER), SENDER) == expected


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("vanninh.khanhhoa.gov.vn", "pass"),
        ("khanhhoa.gov.vn", "pass"),
        ("vn", "fail"),
        ("ninh.khanhhoa.gov.vn", "fail"),
        ("a.vanninh.khanhhoa.gov.vn", "fail"),
    ],
)
def test_a_parent_domain_vouches_for_its_subdomains(domain: str, expected: str) -> None:
    found = results([f"{SERVER}; dkim=pass header.d={domain}"], SERVER)
    assert verdict(found, "ubnd@vanninh.khanhhoa.gov.vn") == expected


@given(st.lists(st.text(max_size=200) | st.text("();=. spfdkimpass@", max_size=200).map(f"{SERVER};{{}}".format)))
def test_any_field_can_be_read(fields: list[str]) -> None:
    found = results(fields, SERVER)
    assert [each.method for each in found] == [m for m in ("spf", "dkim", "dmarc") if m in {e.method for e in found}]
