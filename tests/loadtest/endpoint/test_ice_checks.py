"""Our checks against the server's ICE-lite agent."""

from hypothesis import given
from hypothesis import strategies as st

from loadtest.endpoint.ice_checks import Credentials, IceChecks
from mediaserver.transport import stun
from mediaserver.transport.ice import IceLite

ADDRESS = ("127.0.0.1", 50000)


def pair() -> tuple[IceChecks, IceLite]:
    local = Credentials()
    server = IceLite(local.fragment, local.password)
    return IceChecks(local, Credentials(server.fragment, server.password)), server


def test_a_check_nominates_us_and_its_response_is_recognised() -> None:
    checks, server = pair()
    response = server.request(stun.parse(checks.request()), ADDRESS)
    assert server.selected == ADDRESS
    assert response is not None
    assert checks.accepts(response)


def test_a_response_counts_once() -> None:
    checks, server = pair()
    response = server.request(stun.parse(checks.request()), ADDRESS)
    assert response is not None
    assert [checks.accepts(response), checks.accepts(response)] == [True, False]


def test_a_response_to_somebody_else_is_not_accepted() -> None:
    checks, _ = pair()
    others, server = pair()
    checks.request()
    response = server.request(stun.parse(others.request()), ADDRESS)
    assert response is not None
    assert not checks.accepts(response)


def test_a_wrong_password_validates_nothing() -> None:
    local = Credentials()
    server = IceLite(local.fragment, local.password)
    checks = IceChecks(local, Credentials(server.fragment, "wrong" * 5))
    assert server.request(stun.parse(checks.request()), ADDRESS) is None
    assert server.validated == []


def test_requests_to_somebody_else_get_no_response() -> None:
    checks, server = pair()
    _, stranger = pair()
    assert checks.respond(server.round_trip_request(0.0)) is not None
    assert checks.respond(stranger.round_trip_request(0.0)) is None
    assert checks.respond(checks.request()) is None


@given(st.binary(max_size=200))
def test_garbage_is_no_response_and_gets_none(data: bytes) -> None:
    checks, _ = pair()
    checks.request()
    assert not checks.accepts(data)
    assert checks.respond(data) is None
