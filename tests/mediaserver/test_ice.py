"""ICE-lite: who may send to us."""

import zlib
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address
from struct import pack

import pytest
from aioice import stun
from hypothesis import given
from hypothesis import strategies as st

from loadtest.checks import Checks, Credentials
from mediaserver.transport import ice
from mediaserver.transport.ice import Address, IceLite

HERE: Address = ("192.0.2.7", 40000)


def check(agent: IceLite, *, fragment: str = "", password: str = "", nominate: bool = True) -> stun.Message:
    request = Checks(Credentials("remote", "x" * 24), Credentials(fragment or agent.fragment, agent.password)).request()
    message = ice.parse(request)
    if not nominate:
        del message.attributes["USE-CANDIDATE"]
    message.add_message_integrity((password or agent.password).encode())
    return ice.parse(bytes(message))


@st.composite
def almost_stun(draw: st.DrawFn) -> bytes:
    """A header that fits, known attribute types with any content, a fingerprint that is right or not."""
    kinds = st.sampled_from(list(stun.ATTRIBUTES_BY_TYPE)) | st.integers(0, 0xFFFF)
    body = b""
    for kind, value in draw(st.lists(st.tuples(kinds, st.binary(max_size=24)), max_size=5)):
        body += pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)
    seal = draw(st.booleans())
    head = pack("!HHI", draw(st.integers(0, 0x3FFF)), len(body) + 8 * seal, 0x2112A442) + bytes(12)
    if seal:
        body += pack("!HHI", 0x8028, 4, zlib.crc32(head + body) ^ 0x5354554E)
    return head + body + draw(st.sampled_from([b"", b"\x00"]))


@given(st.binary(max_size=100) | almost_stun())
def test_any_bytes_are_a_message_or_a_value_error(data: bytes) -> None:
    agent = IceLite("remote", "x" * 24)
    with suppress(ValueError):
        message = ice.parse(data)
        assert isinstance(ice.local_fragment(message), str)
        assert agent.request(message, HERE) is None
    assert agent.validated == []


def test_a_check_with_our_password_validates_its_address() -> None:
    agent = IceLite("remote", "x" * 24)
    checks = Checks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    message = ice.parse(checks.request())
    assert ice.local_fragment(message) == agent.fragment
    response = agent.request(message, HERE)
    assert response is not None
    assert checks.response(response)
    assert ice.parse(response).attributes["XOR-MAPPED-ADDRESS"] == HERE
    assert (agent.validated, agent.selected) == ([HERE], HERE)


@given(st.ip_addresses(), st.integers(1, 65535))
def test_an_answer_is_what_aioice_writes(ip: IPv4Address | IPv6Address, port: int) -> None:
    agent = IceLite("remote", "x" * 24)
    message = check(agent)
    response = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
    response.attributes["XOR-MAPPED-ADDRESS"] = (str(ip), port)
    response.add_message_integrity(agent.password.encode())
    assert agent.request(message, (str(ip), port)) == bytes(response)


@pytest.mark.parametrize(("fragment", "password"), [("", "w" * 24), ("someone", "")])
def test_a_forged_check_validates_nothing(fragment: str, password: str) -> None:
    agent = IceLite("remote", "x" * 24)
    assert agent.request(check(agent, fragment=fragment, password=password), HERE) is None
    assert (agent.validated, agent.selected) == ([], None)


def test_a_check_without_integrity_or_of_another_kind_validates_nothing() -> None:
    agent = IceLite("remote", "x" * 24)
    bare = check(agent)
    message = stun.Message(bare.message_method, bare.message_class, attributes={"USERNAME": f"{agent.fragment}:remote"})
    assert agent.request(ice.parse(bytes(message)), HERE) is None
    indication = stun.Message(stun.Method.BINDING, stun.Class.INDICATION, attributes=dict(message.attributes))
    indication.add_message_integrity(agent.password.encode())
    assert agent.request(ice.parse(bytes(indication)), HERE) is None
    assert agent.validated == []


def test_the_nominated_address_is_sent_to() -> None:
    agent = IceLite("remote", "x" * 24)
    wifi, mobile = ("192.0.2.1", 1), ("198.51.100.1", 2)
    agent.request(check(agent, nominate=False), wifi)
    agent.request(check(agent, nominate=False), mobile)
    assert agent.selected == wifi
    agent.request(check(agent), mobile)
    assert (agent.selected, agent.validated) == (mobile, [wifi, mobile])


def test_credentials_are_long_and_never_the_same() -> None:
    agents = [IceLite("remote", "x" * 24) for _ in range(100)]
    assert {(len(a.fragment), len(a.password)) for a in agents} == {(8, 24)}  # RFC 8445 §5.3: at least 4 and 22
    assert len({a.password for a in agents}) == len({a.fragment for a in agents}) == 100


@given(st.integers(0, 255))
def test_first_bytes_up_to_three_are_stun(first: int) -> None:
    assert ice.is_stun(first) is (first <= 3)


def asked() -> tuple[IceLite, Checks, bytes]:
    """An agent that asked somebody at second 10, that somebody, and the answer."""
    agent = IceLite("remote", "x" * 24)
    checks = Checks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    answer = checks.answer(agent.ask(10.0))
    assert answer is not None
    return agent, checks, answer


def test_an_answer_tells_the_round_trip_once_and_finds_who_asked() -> None:
    agent, _, answer = asked()
    message = ice.parse(answer)
    assert ice.local_fragment(message) == agent.fragment
    assert agent.answered(message, 10.25) == 0.25
    assert agent.answered(message, 10.5) is None
    assert agent.validated == []


def test_only_the_newest_request_counts() -> None:
    agent, checks, old = asked()
    new = checks.answer(agent.ask(11.0))
    assert new is not None
    assert agent.answered(ice.parse(old), 11.5) is None
    assert agent.answered(ice.parse(new), 11.5) == 0.5


def test_an_answer_with_another_password_or_of_another_kind_tells_nothing() -> None:
    agent, checks, answer = asked()
    forged = ice.parse(answer)
    forged.attributes.clear()
    forged.add_message_integrity(b"w" * 24)
    assert agent.answered(forged, 10.5) is None
    assert agent.answered(ice.parse(checks.request()), 10.5) is None
    assert agent.answered(ice.parse(answer), 10.5) == 0.5
