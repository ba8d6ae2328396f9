"""Webhooks go to public addresses, and to the networks that the server's configuration names."""

import socket
from contextlib import suppress
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signaling.core.errors import BadInput
from signaling.webhooks.addresses import NotPermitted, checked_url, permitted, resolve

INTERNAL = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.57.1.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.57.1.1", "64:ff9b::7f00:1", "64:ff9b::a39:101", "2002:7f00:1::", "2002:a39:101::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
]  # fmt: skip
"""The last one is Teredo for 127.0.0.1."""
ALLOWED = (ip_network("10.57.0.0/16"), ip_network("::1/128"))


@pytest.mark.parametrize("address", INTERNAL)
def test_internal_addresses_are_not_permitted(address: str) -> None:
    assert not permitted(address, ())


@pytest.mark.parametrize("address", ["113.160.1.1", "2405:4800::1", "::ffff:113.160.1.1", "64:ff9b::71a0:101"])
def test_public_addresses_are(address: str) -> None:
    assert permitted(address, ())


def test_the_configuration_permits_networks() -> None:
    found = [permitted(each, ALLOWED) for each in ("10.57.1.1", "::1", "10.58.1.1", "127.0.0.1", "fe80::1")]
    assert found == [True, True, False, False, False]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://cong.khanhhoa.gov.vn/hook?x=1", "https://cong.khanhhoa.gov.vn/hook?x=1"),
        (" https://CONG.vn:8443 ", "https://cong.vn:8443"),
        ("https://cổng.vn/", "https://xn--cng-qmz.vn/"),
        ("https://10.57.1.1/hook", "https://10.57.1.1/hook"),
        ("https://[::1]:8443/hook", "https://[::1]:8443/hook"),
        ("http://cong.vn/", "webhook-url"),
        ("https://", "webhook-url"),
        ("https:///hook", "webhook-url"),
        ("hook", "webhook-url"),
        ("https://u@cong.vn/", "webhook-url"),
        ("https://u:p@cong.vn/", "webhook-url"),
        ("https://cong.vn/#x", "webhook-url"),
        ("https://cong.vn:0/", "webhook-url"),
        ("https://cong.vn:99999/", "webhook-url"),
        ("https://2130706433/", "webhook-url"),
        ("https://0x7f000001/", "webhook-url"),
        ("https://127.1/", "webhook-url"),
        ("https://cong.vn/" + "a" * 500, "webhook-url"),
        ("https://[fe80::1%25eth0]/", "webhook-address"),
        ("https://127.0.0.1/", "webhook-address"),
        ("https://[::ffff:127.0.0.1]/", "webhook-address"),
    ],
)
def test_addresses_of_webhooks_are_checked(text: str, url: str) -> None:
    try:
        found = checked_url(text, ALLOWED)
    except BadInput as error:
        found = error.faults[0].detail
    assert found == url


@given(st.text(max_size=60).map("https://".__add__) | st.text(max_size=60))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    with suppress(BadInput):
        assert checked_url(text, ()).startswith("https://")


async def test_a_name_is_judged_by_its_addresses() -> None:
    with pytest.raises(NotPermitted):
        await resolve("localhost", 443, ())
    assert (socket.AF_INET, "127.0.0.1") in await resolve("localhost", 443, (ip_network("127.0.0.0/8"),))
