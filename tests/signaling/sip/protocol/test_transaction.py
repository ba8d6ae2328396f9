"""The four transaction machines, with a scripted clock (RFC 3261 §17, RFC 6026).

Also tests `transaction_layer.py`.
"""

import pytest

from signaling.sip.protocol.message import Request, Response, parse, respond
from signaling.sip.protocol.transaction import (
    T1,
    T2,
    T4,
    TIMEOUT,
    Client,
    ClientInvite,
    ClientRequest,
    Deliver,
    Send,
    Server,
    ServerInvite,
    ServerRequest,
    State,
    TimedOut,
    cancellation,
)
from tests.fuzz.sip import INVITE, OPTIONS

TAGGED = "t"


def invite() -> Request:
    request = parse(INVITE)
    assert isinstance(request, Request)
    return request


def options() -> Request:
    request = parse(OPTIONS)
    assert isinstance(request, Request)
    return request


def make_response(request: Request, status: int) -> Response:
    return respond(request, status, TAGGED)


def repeat_times(machine: Client | Server, until: float) -> list[float]:
    """Return the times at which a transaction repeats its message, up to a time."""
    times = []
    while machine.deadline is not None and machine.deadline <= until:
        now = machine.deadline
        if [output for output in machine.due(now) if isinstance(output, Send)]:
            times.append(now)
    return times


def ends(machine: Client | Server, at: float) -> list[object]:
    """Let time pass; it must end at that moment and not before."""
    repeat_times(machine, at - 0.001)
    assert (machine.state is not State.TERMINATED, machine.deadline) == (True, at)
    outputs: list[object] = list(machine.due(at))
    assert machine.state is State.TERMINATED and machine.deadline is None
    return outputs


def test_an_invite_is_repeated_until_time_is_over() -> None:
    machine = ClientInvite(invite(), reliable=False)
    assert machine.start(0.0) == [Send(invite())]
    assert repeat_times(machine, 31.9) == [0.5, 1.5, 3.5, 7.5, 15.5, 31.5]
    assert ends(machine, TIMEOUT) == [TimedOut()]


def test_an_invite_over_tcp_is_not_repeated() -> None:
    machine = ClientInvite(invite(), reliable=True)
    machine.start(0.0)
    assert ends(machine, TIMEOUT) == [TimedOut()]


def test_a_ringing_invite_waits() -> None:
    machine = ClientInvite(invite(), reliable=False)
    machine.start(0.0)
    ringing = make_response(invite(), 180)
    assert machine.received(ringing, 0.2) == [Deliver(ringing)]
    assert machine.state is State.PROCEEDING and machine.deadline is None


def test_a_refusal_is_acknowledged_each_time() -> None:
    machine = ClientInvite(invite(), reliable=False)
    machine.start(0.0)
    busy = make_response(invite(), 486)
    (ack, delivered) = machine.received(busy, 1.0)
    assert delivered == Deliver(busy)
    assert isinstance(ack, Send) and isinstance(ack.message, Request)
    assert ack.message.write() == (
        b"ACK sip:1234567890@10.0.0.1 SIP/2.0\r\n"
        b"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bK1;rport, SIP/2.0/TCP 10.0.0.8\r\nMax-Forwards: 70\r\n"
        + 'From: "Phòng họp" <sip:room@10.0.0.9>;tag=f\r\n'.encode()
        + b"Call-ID: c@10.0.0.9\r\nCSeq: 7 ACK\r\nTo: <sip:1234567890@10.0.0.1>;tag=t\r\nContent-Length: 0\r\n\r\n"
    )
    assert machine.received(busy, 2.0) == [ack]
    assert machine.received(make_response(invite(), 180), 2.0) == []
    assert ends(machine, 1.0 + TIMEOUT) == []


def test_a_refusal_over_tcp_is_the_end() -> None:
    machine = ClientInvite(invite(), reliable=True)
    machine.start(0.0)
    machine.received(make_response(invite(), 486), 1.0)
    assert machine.state is State.TERMINATED


def test_every_success_goes_up() -> None:
    machine = ClientInvite(invite(), reliable=False)
    machine.start(0.0)
    accepted = make_response(invite(), 200)
    for now in (1.0, 1.5, 30.0):
        assert machine.received(accepted, now) == [Deliver(accepted)]
    assert machine.received(make_response(invite(), 486), 2.0) == []
    assert ends(machine, 1.0 + TIMEOUT) == []
    assert machine.received(accepted, 99.0) == []


@pytest.mark.parametrize("rings_on", [False, True])
def test_a_cancelled_invite_ends(rings_on: bool) -> None:
    machine = ClientInvite(invite(), reliable=False)
    machine.start(0.0)
    machine.received(make_response(invite(), 180), 1.0)
    machine.cancelled(5.0)
    if rings_on:
        machine.received(make_response(invite(), 180), 6.0)
    assert ends(machine, 5.0 + TIMEOUT) == [TimedOut()]


def test_a_cancellation_is_of_the_same_branch() -> None:
    cancel = cancellation(invite())
    assert (cancel.method, cancel.uri, cancel.sequence) == ("CANCEL", invite().uri, (7, "CANCEL"))
    assert cancel.via == invite().via and cancel.recipient == invite().recipient and not cancel.body


def test_other_requests_are_repeated_until_time_is_over() -> None:
    machine = ClientRequest(options(), reliable=False)
    assert machine.start(0.0) == [Send(options())]
    assert repeat_times(machine, 31.9) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert ends(machine, TIMEOUT) == [TimedOut()]


def test_other_requests_under_way_are_repeated_slowly() -> None:
    machine = ClientRequest(options(), reliable=False)
    machine.start(0.0)
    trying = make_response(options(), 100)
    assert machine.received(trying, 0.2) == [Deliver(trying)]
    assert repeat_times(machine, 13.0) == [T1, T1 + T2, T1 + 2 * T2, T1 + 3 * T2]
    assert ends(machine, TIMEOUT) == [TimedOut()]


@pytest.mark.parametrize("reliable", [False, True])
def test_other_requests_are_answered_once(reliable: bool) -> None:
    machine = ClientRequest(options(), reliable)
    machine.start(0.0)
    okay = make_response(options(), 200)
    assert machine.received(okay, 1.0) == [Deliver(okay)]
    assert machine.received(okay, 1.1) == []
    if reliable:
        assert machine.state is State.TERMINATED
    else:
        assert ends(machine, 1.0 + T4) == []


def test_an_invite_of_theirs_is_answered_again() -> None:
    machine = ServerInvite(invite(), reliable=False)
    assert machine.repeated() == []
    trying = make_response(invite(), 100)
    assert machine.respond(trying, 0.0) == [Send(trying)]
    assert machine.repeated() == [Send(trying)]
    assert machine.deadline is None
    assert machine.due(9.0) == []


def test_a_refusal_is_repeated_until_its_ack() -> None:
    machine = ServerInvite(invite(), reliable=False)
    busy = make_response(invite(), 486)
    assert machine.respond(busy, 0.0) == [Send(busy)]
    assert machine.respond(make_response(invite(), 200), 0.1) == []
    assert machine.repeated() == [Send(busy)]
    assert repeat_times(machine, 8.0) == [0.5, 1.5, 3.5, 7.5]
    assert machine.acknowledged(8.0) is False
    assert machine.repeated() == []
    assert ends(machine, 8.0 + T4) == []


def test_a_refusal_without_ack_ends() -> None:
    machine = ServerInvite(invite(), reliable=True)
    machine.respond(make_response(invite(), 486), 0.0)
    assert machine.deadline == TIMEOUT
    assert ends(machine, TIMEOUT) == [TimedOut()]


@pytest.mark.parametrize("reliable", [False, True])
def test_a_success_is_repeated_until_its_ack(reliable: bool) -> None:
    machine = ServerInvite(invite(), reliable)
    machine.respond(make_response(invite(), 200), 0.0)
    assert machine.repeated() == []
    assert repeat_times(machine, 12.0) == [0.5, 1.5, 3.5, 7.5, 11.5]
    assert [machine.acknowledged(now) for now in (12.0, 12.1)] == [True, False]
    assert repeat_times(machine, 31.9) == []
    assert ends(machine, TIMEOUT) == []


def test_a_success_without_ack_is_told() -> None:
    machine = ServerInvite(invite(), reliable=False)
    machine.respond(make_response(invite(), 200), 0.0)
    assert ends(machine, TIMEOUT) == [TimedOut()]


@pytest.mark.parametrize("reliable", [False, True])
def test_other_requests_of_theirs_are_answered_again(reliable: bool) -> None:
    machine = ServerRequest(options(), reliable)
    assert machine.repeated() == []
    okay = make_response(options(), 200)
    assert machine.respond(okay, 0.0) == [Send(okay)]
    assert machine.respond(make_response(options(), 500), 0.1) == []
    assert machine.repeated() == [Send(okay)]
    if reliable:
        assert machine.state is State.TERMINATED
    else:
        assert ends(machine, TIMEOUT) == []


def test_a_provisional_response_without_its_prack() -> None:
    """It is repeated at doubling intervals for 64·T1; then the INVITE still waits for its final response (RFC 3262)."""
    machine = ServerInvite(invite(), reliable=True)
    ringing = make_response(machine.request, 180)
    ringing.add("rseq", "1")
    assert machine.respond(ringing, 0.0) == [Send(ringing)]
    assert repeat_times(machine, TIMEOUT - 0.01) == [0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5]
    assert machine.due(TIMEOUT) == [TimedOut()]
    assert (machine.state, machine.deadline) == (State.PROCEEDING, None)
    refusal = make_response(machine.request, 504)
    assert machine.respond(refusal, TIMEOUT) == [Send(refusal)]


def test_a_provisional_response_with_its_prack() -> None:
    machine = ServerInvite(invite(), reliable=False)
    ringing = make_response(machine.request, 180)
    ringing.add("rseq", "1")
    machine.respond(ringing, 0.0)
    assert not machine.acknowledged_provisional("1 8 INVITE")
    assert machine.acknowledged_provisional("1 7 INVITE")
    assert machine.deadline is None
    assert not machine.acknowledged_provisional("1 7 INVITE")
