"""Tests of ICE-lite: which addresses may send to us."""

from contextlib import suppress

import pytest
from aioice import stun as aioice
from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.ice_checks import Credentials, IceChecks
from mediaserver.transport import stun
from mediaserver.transport.ice import MAX_VALIDATED, Address, IceLite, local_fragment

HERE: Address = ("192.0.2.7", 40000)


def check(agent: IceLite, *, fragment: str = "", password: str = "", nominate: bool = True) -> stun.Message:
    remote = Credentials(fragment or agent.fragment, agent.password)
    request = IceChecks(Credentials("remote", "x" * 24), remote).request()
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
    checks = IceChecks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    message = stun.parse(checks.request())
    assert local_fragment(message) == agent.fragment
    response = agent.request(message, HERE)
    assert response is not None
    assert checks.accepts(response)
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


WIFI, MOBILE, VICTIM = ("192.0.2.1", 1), ("198.51.100.1", 2), ("203.0.113.9", 3)


def test_the_nominated_address_is_sent_to_once_it_has_answered() -> None:
    agent, checks, _ = agent_with_request()
    agent.request(check(agent, nominate=False), WIFI)
    assert (agent.selected, agent.verification_request(WIFI)) == (WIFI, None)
    agent.request(check(agent, nominate=False), MOBILE)
    assert agent.verification_request(MOBILE) is None
    agent.request(check(agent), MOBILE)
    request = agent.verification_request(MOBILE)
    assert request is not None
    response = checks.respond(request)
    assert response is not None
    agent.request(check(agent), MOBILE)  # browsers check anew before a response can be here
    assert (agent.selected, agent.verification_request(MOBILE), agent.verification_request(WIFI)) == (
        WIFI,
        request,
        None,
    )
    assert agent.moved(stun.parse(response), MOBILE)
    assert (agent.selected, agent.verification_request(MOBILE), agent.validated) == (MOBILE, None, [WIFI, MOBILE])
    assert not agent.moved(stun.parse(response), MOBILE)


def test_an_address_that_does_not_respond_is_not_sent_to() -> None:
    agent, checks, _ = agent_with_request()
    for address in (WIFI, VICTIM):
        agent.request(check(agent), address)
    request = agent.verification_request(VICTIM)
    assert request is not None
    forged = stun.write(stun.RESPONSE, agent.fragment.encode() + bytes(4), b"", b"x" * 24)
    stranger = stun.write(stun.RESPONSE, stun.parse(request).transaction_id, b"", b"w" * 24)
    response = checks.respond(request)
    assert response is not None
    agent.request(check(agent, nominate=False), WIFI)
    for data, address in (
        (forged, VICTIM),
        (stranger, VICTIM),
        (request, VICTIM),
        (response, WIFI),
        (response, MOBILE),
    ):
        assert not agent.moved(stun.parse(data), address)
    assert agent.selected == WIFI


def test_a_peer_that_returns_to_its_former_address_is_not_moved_any_more() -> None:
    agent, checks, _ = agent_with_request()
    for address in (WIFI, MOBILE):
        agent.request(check(agent), address)
    response = checks.respond(agent.verification_request(MOBILE) or b"")
    agent.request(check(agent), WIFI)
    assert response is not None
    assert not agent.moved(stun.parse(response), MOBILE)
    assert agent.selected == WIFI


def test_only_the_address_nominated_last_is_moved_to() -> None:
    agent, checks, _ = agent_with_request()
    requests = []
    for address in (WIFI, MOBILE, VICTIM):
        agent.request(check(agent), address)
        requests.append(agent.verification_request(address))
    old, new = (checks.respond(request or b"") for request in requests[1:])
    assert old is not None and new is not None
    assert (agent.moved(stun.parse(old), MOBILE), agent.moved(stun.parse(new), VICTIM)) == (False, True)
    assert agent.selected == VICTIM


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


def agent_with_request() -> tuple[IceLite, IceChecks, bytes]:
    """Return an agent that sent a request at second 10, the peer's side, and its response."""
    agent = IceLite("remote", "x" * 24)
    checks = IceChecks(Credentials("remote", "x" * 24), Credentials(agent.fragment, agent.password))
    response = checks.respond(agent.round_trip_request(10.0))
    assert response is not None
    return agent, checks, response


def test_a_response_gives_the_round_trip_once_and_finds_its_peer() -> None:
    agent, _, response = agent_with_request()
    message = stun.parse(response)
    assert local_fragment(message) == agent.fragment
    assert agent.round_trip(message, 10.25) == 0.25
    assert agent.round_trip(message, 10.5) is None
    assert agent.validated == []


def test_only_the_newest_request_counts() -> None:
    agent, checks, old = agent_with_request()
    new = checks.respond(agent.round_trip_request(11.0))
    assert new is not None
    assert agent.round_trip(stun.parse(old), 11.5) is None
    assert agent.round_trip(stun.parse(new), 11.5) == 0.5


def test_a_response_with_another_password_or_of_another_kind_is_ignored() -> None:
    agent, checks, response = agent_with_request()
    number = stun.parse(response).transaction_id
    forged = stun.write(stun.RESPONSE, number, b"", b"w" * 24)
    assert agent.round_trip(stun.parse(forged), 10.5) is None
    assert agent.round_trip(stun.parse(checks.request()), 10.5) is None
    assert agent.round_trip(stun.parse(response), 10.5) == 0.5
