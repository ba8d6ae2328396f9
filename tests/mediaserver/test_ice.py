"""ICE-lite: who may send to us."""

from contextlib import suppress

import pytest
from aioice import stun as aioice
from hypothesis import given
from hypothesis import strategies as st

from loadtest.checks import Checks, Credentials
from mediaserver.transport import stun
from mediaserver.transport.ice import MAX_VALIDATED, Address, IceLite, local_fragment

HERE: Address = ("192.0.2.7", 40000)


def check(agent: IceLite, *, fragment: str = "", password: str = "", nominate: bool = True) -> stun.Message:
    request = Checks(Credentials("remote", "x" * 24), Credentials(fragment or agent.fragment, agent.password)).request()
    message = aioice.parse_message(request)
    if not nominate:
        del message.attributes["USE-CANDIDATE"]
    message.add_message_integrity((password or agent.password).encode())
    return stun.parse(bytes(message))


@given(st.binary(max_size=100))
def test_any_bytes_validate_nothing(data: bytes) -> None:
    agent = IceLite("remote", "x" * 24)
    with suppress(ValueError):
        message = stun.parse(data)
        assert isinstance(local_fragment(message), str)
        assert agent.request(message, HERE) is None
    assert agent.validated == []


def test_a_check_with_our_password_validates_its_address() -> None:
    agent = IceLite("remote", "x" * 24)
    checks = Checks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    message = stun.parse(checks.request())
    assert local_fragment(message) == agent.fragment
    response = agent.request(message, HERE)
    assert response is not None
    assert checks.response(response)
    assert aioice.parse_message(response).attributes["XOR-MAPPED-ADDRESS"] == HERE
    assert (agent.validated, agent.selected) == ([HERE], HERE)


def test_a_username_that_is_no_text_finds_nobody() -> None:
    message = stun.Message(stun.REQUEST, bytes(12), b"\xff\xfe:remote")
    assert local_fragment(message) == "\ufffd\ufffd"


@pytest.mark.parametrize(("fragment", "password"), [("", "w" * 24), ("someone", "")])
def test_a_forged_check_validates_nothing(fragment: str, password: str) -> None:
    agent = IceLite("remote", "x" * 24)
    assert agent.request(check(agent, fragment=fragment, password=password), HERE) is None
    assert (agent.validated, agent.selected) == ([], None)


def test_a_check_without_integrity_or_of_another_kind_validates_nothing() -> None:
    agent = IceLite("remote", "x" * 24)
    bare = check(agent)
    attributes = {"USERNAME": f"{agent.fragment}:remote"}
    message = aioice.Message(aioice.Method.BINDING, aioice.Class.REQUEST, bare.transaction_id, attributes)
    assert agent.request(stun.parse(bytes(message)), HERE) is None
    indication = aioice.Message(aioice.Method.BINDING, aioice.Class.INDICATION, bare.transaction_id, attributes)
    indication.add_message_integrity(agent.password.encode())
    assert agent.request(stun.parse(bytes(indication)), HERE) is None
    assert agent.validated == []


def test_the_nominated_address_is_sent_to() -> None:
    agent = IceLite("remote", "x" * 24)
    wifi, mobile = ("192.0.2.1", 1), ("198.51.100.1", 2)
    agent.request(check(agent, nominate=False), wifi)
    agent.request(check(agent, nominate=False), mobile)
    assert agent.selected == wifi
    agent.request(check(agent), mobile)
    assert (agent.selected, agent.validated) == (mobile, [wifi, mobile])


def test_the_address_not_checked_for_longest_is_given_up_and_never_the_one_we_send_to() -> None:
    agent = IceLite("remote", "x" * 24)
    addresses: list[Address] = [(f"192.0.2.{host}", 1) for host in range(MAX_VALIDATED + 2)]
    given_up = []

    def come(address: Address, nominate: bool = False) -> None:
        agent.request(check(agent, nominate=nominate), address)
        given_up.append(agent.surplus())

    come(addresses[0], nominate=True)
    for address in addresses[1:MAX_VALIDATED]:
        come(address)
    come(addresses[1])  # it is in use: the one after it is older now
    come(addresses[MAX_VALIDATED])
    come(addresses[MAX_VALIDATED + 1])
    assert given_up == [None] * (MAX_VALIDATED + 1) + addresses[2:4]
    assert agent.selected == addresses[0]
    assert agent.validated == [addresses[0], *addresses[4:MAX_VALIDATED], addresses[1], *addresses[MAX_VALIDATED:]]


def test_credentials_are_long_and_never_the_same() -> None:
    agents = [IceLite("remote", "x" * 24) for _ in range(100)]
    assert {(len(a.fragment), len(a.password)) for a in agents} == {(8, 24)}  # RFC 8445 §5.3: at least 4 and 22
    assert len({a.password for a in agents}) == len({a.fragment for a in agents}) == 100


def asked() -> tuple[IceLite, Checks, bytes]:
    """An agent that asked somebody at second 10, that somebody, and the answer."""
    agent = IceLite("remote", "x" * 24)
    checks = Checks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    answer = checks.answer(agent.ask(10.0))
    assert answer is not None
    return agent, checks, answer


def test_an_answer_tells_the_round_trip_once_and_finds_who_asked() -> None:
    agent, _, answer = asked()
    message = stun.parse(answer)
    assert local_fragment(message) == agent.fragment
    assert agent.answered(message, 10.25) == 0.25
    assert agent.answered(message, 10.5) is None
    assert agent.validated == []


def test_only_the_newest_request_counts() -> None:
    agent, checks, old = asked()
    new = checks.answer(agent.ask(11.0))
    assert new is not None
    assert agent.answered(stun.parse(old), 11.5) is None
    assert agent.answered(stun.parse(new), 11.5) == 0.5


def test_an_answer_with_another_password_or_of_another_kind_tells_nothing() -> None:
    agent, checks, answer = asked()
    number = stun.parse(answer).transaction_id
    forged = stun.write(stun.RESPONSE, number, b"", b"w" * 24)
    assert agent.answered(stun.parse(forged), 10.5) is None
    assert agent.answered(stun.parse(checks.request()), 10.5) is None
    assert agent.answered(stun.parse(answer), 10.5) == 0.5
