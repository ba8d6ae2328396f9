"""Checks of whoever was told the password are answered for a while, and no others."""

import pytest

from loadtest.endpoint.ice_checks import Credentials, IceChecks
from mediaserver.transport import stun
from mediaserver.transport.ice import Address
from mediaserver.transport.probe import ANSWERS_PER_S, OPEN_S, Probe
from mediaserver.transport.udp_mux import Port, UdpMux

BROWSER: Address = ("10.0.0.9", 50_000)


class Sent(Port):
    """A port that keeps what is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, Address]] = []

    def send(self, data: bytes | memoryview, address: Address) -> None:
        self.sent.append((bytes(data), address))


@pytest.fixture
def port() -> Sent:
    return Sent()


@pytest.fixture
def probe() -> Probe:
    """Return a probe that was opened at 100 s."""
    made = Probe(UdpMux())
    made.open(100.0)
    return made


def checks(probe: Probe, password: str = "") -> IceChecks:
    return IceChecks(Credentials("page", "x" * 24), Credentials(probe.fragment, password or probe.password))


def test_a_check_is_answered_by_no_more_bytes_than_it_has(probe: Probe, port: Sent) -> None:
    browser = checks(probe)
    request = browser.request()
    probe.stun(stun.parse(request), BROWSER, port, 100.0)
    [(answer, address)] = port.sent
    assert browser.accepts(answer)
    assert address == BROWSER
    assert len(answer) <= len(request)


def test_a_check_that_is_shorter_than_its_answer_gets_none(probe: Probe, port: Sent) -> None:
    username = stun.attribute(stun.USERNAME, f"{probe.fragment}:p".encode())
    short = stun.write(stun.REQUEST, bytes(12), username, probe.password.encode())
    probe.stun(stun.parse(short), ("fd00::9", 50_000), port, 100.0)
    assert port.sent == []


def test_no_answer_to_another_password_or_to_an_answer(probe: Probe, port: Sent) -> None:
    probe.stun(stun.parse(checks(probe, "y" * 32).request()), BROWSER, port, 100.0)
    response = stun.write(stun.RESPONSE, bytes(12), bytes(40), probe.password.encode())
    probe.stun(stun.parse(response), BROWSER, port, 100.0)
    assert port.sent == []


def test_checks_are_answered_until_it_closes(probe: Probe, port: Sent) -> None:
    for second, answered in ((100.0, 1), (99.9 + OPEN_S, 2), (100.0 + OPEN_S, 2)):
        probe.stun(stun.parse(checks(probe).request()), BROWSER, port, second)
        assert len(port.sent) == answered
    assert probe.is_open(99.9 + OPEN_S)
    assert not probe.is_open(100.0 + OPEN_S)


def test_so_many_checks_are_answered_in_a_second(probe: Probe, port: Sent) -> None:
    request = stun.parse(checks(probe).request())
    for second, answered in ((100.0, ANSWERS_PER_S), (100.9, ANSWERS_PER_S), (101.0, 2 * ANSWERS_PER_S)):
        for _ in range(ANSWERS_PER_S + 5):
            probe.stun(request, BROWSER, port, second)
        assert len(port.sent) == answered
