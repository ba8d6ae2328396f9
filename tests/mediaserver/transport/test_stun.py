"""Tests of STUN messages, against aioice's and the RFC's."""

from contextlib import suppress
from hashlib import md5
from ipaddress import IPv4Address, IPv6Address
from struct import pack
from zlib import crc32

import pytest
from aioice import stun as aioice
from hypothesis import example, given
from hypothesis import strategies as st

from mediaserver.transport import stun

NUMBER = bytes(range(12))
KEY = b"p" * 24
SAMPLE = bytes.fromhex(
    "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff80290008932ff9b1"
    "51263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf"
)
SAMPLE_KEY = b"VOkJxbRl1RmTxUk/WvJxBt"
"""RFC 5769 §2.1."""
RESPONSE_4 = bytes.fromhex(
    "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f722000200008"
    "0001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96"
)
RESPONSE_6 = bytes.fromhex(
    "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9faa5d3f179bc25f4b5"
    "bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c"
)
LONG_TERM = bytes.fromhex(
    "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c662f2f3439396b39"
    "353464364f4c33346f4c39465354767936347341"
    "0014000b6578616d706c652e6f72670000080014f67024656dd64a3e02b8e0712e85c9a28ca89666"
)
LONG_TERM_KEY = md5("マトリックス:example.org:TheMatrIX".encode()).digest()
VECTORS = [(SAMPLE, SAMPLE_KEY), (RESPONSE_4, SAMPLE_KEY), (RESPONSE_6, SAMPLE_KEY), (LONG_TERM, LONG_TERM_KEY)]
"""RFC 5769 §2.1 to §2.4."""


def bare(data: bytes) -> bytes:
    """Return a message without its fingerprint."""
    return data[:2] + (len(data) - 28).to_bytes(2) + data[4:-8]


@st.composite
def almost_stun(draw: st.DrawFn) -> bytes:
    """Return a header that fits, known attribute types with any content, a fingerprint that is right or not."""
    kinds = st.sampled_from(list(aioice.ATTRIBUTES_BY_TYPE)) | st.integers(0, 0xFFFF)
    body = b""
    for kind, value in draw(st.lists(st.tuples(kinds, st.binary(max_size=24)), max_size=5)):
        body += pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
    with_fingerprint = draw(st.booleans())
    head = pack("!HHI", draw(st.integers(0, 0x3FFF)), len(body) + 8 * with_fingerprint, stun.COOKIE) + NUMBER
    if with_fingerprint:
        body += pack("!HHI", 0x8028, 4, crc32(head + body) ^ 0x5354554E)
    return head + body + draw(st.sampled_from([b"", b"\x00"]))


@given(st.binary(max_size=100) | almost_stun())
def test_any_bytes_are_a_message_without_integrity_or_a_value_error(data: bytes) -> None:
    with suppress(ValueError):
        assert not stun.parse(data).has_integrity(KEY)


def test_the_sample_of_the_rfc() -> None:
    message = stun.parse(SAMPLE)
    assert (message.kind, message.username, message.nominates) == (stun.REQUEST, b"evtj:h6vY", False)
    assert message.has_integrity(SAMPLE_KEY)
    assert not message.has_integrity(SAMPLE_KEY[:-1])


@pytest.mark.parametrize(("data", "key"), VECTORS, ids=("2.1", "2.2", "2.3", "2.4"))
def test_the_vectors_of_rfc_5769_have_integrity(data: bytes, key: bytes) -> None:
    message = stun.parse(data)
    assert message.has_integrity(key)
    assert not message.has_integrity(key[:-1])


@pytest.mark.parametrize(
    ("data", "address"), [(RESPONSE_4, "192.0.2.1"), (RESPONSE_6, "2001:db8:1234:5678:11:2233:4455:6677")]
)
def test_an_address_is_told_as_rfc_5769_does(data: bytes, address: str) -> None:
    assert stun.mapped(address, 32853, data[8:20]) in data


@given(st.text("ab:+/", max_size=30), st.booleans(), st.binary(min_size=12, max_size=12))
def test_requests_that_aioice_writes_are_read(username: str, nominates: bool, number: bytes) -> None:
    written = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST, number)
    written.attributes["USERNAME"] = username
    if nominates:
        written.attributes["USE-CANDIDATE"] = None
    written.add_message_integrity(KEY)
    message = stun.parse(bytes(written))
    assert (message.kind, message.transaction_id) == (stun.REQUEST, number)
    assert (message.username, message.nominates) == (username.encode(), nominates)
    assert message.has_integrity(KEY) and not message.has_integrity(KEY[1:])


@given(st.text("ab:+/", max_size=30), st.binary(min_size=12, max_size=12), st.binary(max_size=40))
def test_a_request_is_what_aioice_writes(username: str, number: bytes, key: bytes) -> None:
    written = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST, number)
    written.attributes["USERNAME"] = username
    written.attributes["PRIORITY"] = 77
    written.add_message_integrity(key)
    attributes = stun.attribute(stun.USERNAME, username.encode()) + stun.attribute(stun.PRIORITY, pack("!I", 77))
    assert stun.write(stun.REQUEST, number, attributes, key) == bytes(written)


@given(st.ip_addresses(), st.integers(1, 65535), st.binary(min_size=12, max_size=12))
@example(IPv6Address("fe80::1%7"), 9, NUMBER)
def test_an_address_is_what_aioice_reads(ip: IPv4Address | IPv6Address, port: int, number: bytes) -> None:
    written = stun.write(stun.RESPONSE, number, stun.mapped(str(ip), port, number), KEY)
    read = aioice.parse_message(written)
    assert (read.message_class, read.transaction_id) == (aioice.Class.RESPONSE, number)
    assert read.attributes["XOR-MAPPED-ADDRESS"] == (str(ip).partition("%")[0], port)
    assert read.check_message_integrity(KEY)


def test_attributes_after_message_integrity_are_ignored() -> None:
    attributes = stun.attribute(stun.USERNAME, b"mine:theirs")
    after = stun.attribute(stun.USERNAME, b"other:theirs") + stun.attribute(stun.USE_CANDIDATE, b"")
    data = bare(stun.write(stun.REQUEST, NUMBER, attributes, KEY)) + after
    message = stun.parse(data[:2] + (len(data) - 20).to_bytes(2) + data[4:])
    assert (message.username, message.nominates, message.has_integrity(KEY)) == (b"mine:theirs", False, True)


@given(st.integers(0, len(SAMPLE) - 9), st.integers(1, 255))
def test_message_integrity_covers_every_byte_before_it(at: int, by: int) -> None:
    data = bare(SAMPLE)
    assert stun.parse(data).has_integrity(SAMPLE_KEY)
    with suppress(ValueError):
        assert not stun.parse(data[:at] + bytes([data[at] ^ by]) + data[at + 1 :]).has_integrity(SAMPLE_KEY)


@pytest.mark.parametrize(
    "data",
    [
        SAMPLE[:19],
        SAMPLE[:-1],
        SAMPLE + bytes(4),
        SAMPLE[:-1] + b"\0",
        pack("!HHI", 1, 4, 0x2112A443) + NUMBER + bytes(4),
        pack("!HHI", 1, 6, stun.COOKIE) + NUMBER + bytes(6),
        pack("!HHI", 1, 4, stun.COOKIE) + NUMBER + pack("!HH", stun.USERNAME, 1),
    ],
)
def test_malformed_messages_are_a_value_error(data: bytes) -> None:
    with pytest.raises(ValueError, match="STUN"):
        stun.parse(data)


@given(st.integers(0, 255))
def test_first_bytes_up_to_three_are_stun(first: int) -> None:
    assert stun.is_stun(first) is (first <= 3)
