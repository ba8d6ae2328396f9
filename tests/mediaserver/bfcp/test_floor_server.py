"""Tests of the floor control server: requests, decisions, notifications and their repetition, and errors."""

from functools import partial

import pytest

from mediaserver.bfcp.floor_server import OTHER_REQUEST, SERVED, FloorServer
from mediaserver.bfcp.message import Attribute, ErrorCode, Head, Message, Primitive, Status, Type, number, write
from tests.mediaserver.bfcp.client import Client, requests

CONFID, USER, FLOOR = 7, 18, 2
QUESTION = (Primitive.FLOOR_QUERY, number(Type.FLOOR_ID, FLOOR))


class Pair:
    """A server and its client; what either sends arrives at once."""

    def __init__(self, version: int = 2, *, reliable: bool = False) -> None:
        self.sent: list[bytes] = []
        """By the server."""
        self.wishes: list[bool] = []
        self.server = FloorServer(CONFID, FLOOR, reliable=reliable, send=self._deliver, asked=self.wishes.append)
        self.client = Client(self.server.receive, CONFID, USER, FLOOR, version)

    def _deliver(self, data: bytes) -> None:
        self.sent.append(data)
        self.client.receive(data)

    def error(self) -> bytes:
        """Return code and details of the error that came last."""
        (attribute,) = self.client.came[-1].attributes
        assert self.client.kinds[-1] == Primitive.ERROR and attribute.type == Type.ERROR_CODE
        return attribute.value


def test_a_client_hears_what_is_served() -> None:
    pair = Pair()
    pair.client.hello()
    primitives, attributes = pair.client.came[0].attributes
    assert pair.client.came[0].head == Head(2, Primitive.HELLO_ACK, CONFID, 1, USER, True)
    assert primitives.value == bytes(SERVED)
    assert list(attributes.value) == [each * 2 for each in range(1, 19)]


@pytest.mark.parametrize(("version", "reliable"), [(1, False), (2, False), (1, True)])
def test_slides_are_asked_for_granted_and_released(version: int, reliable: bool) -> None:
    pair = Pair(version, reliable=reliable)
    pair.client.ask()
    assert (pair.client.states, pair.wishes) == ([Status.PENDING], [True])
    pair.server.show("client", 0.0)
    pair.server.show("client", 0.0)
    assert pair.client.states == [Status.PENDING, Status.GRANTED]
    assert requests(pair.client.came[-1]) == {1: (Status.GRANTED, FLOOR, USER)}
    assert pair.client.came[-1].head == Head(version, Primitive.FLOOR_REQUEST_STATUS, CONFID, not reliable, USER)
    pair.client.release(1)
    assert pair.client.states[2:] == [Status.RELEASED]
    assert pair.wishes == [True, False]
    pair.client.ask()
    assert requests(pair.client.came[-1]) == {2: (Status.PENDING, FLOOR, USER)}
    pair.client.release(2)
    assert pair.client.states[-1] == Status.CANCELLED


def test_a_request_that_waits_is_denied_and_one_that_was_granted_is_revoked() -> None:
    pair = Pair()
    pair.server.refuse(0.0)
    pair.client.ask()
    pair.server.show("other", 0.0)
    pair.server.refuse(0.0)
    assert pair.client.states == [Status.PENDING, Status.DENIED]
    pair.client.ask()
    pair.server.show("client", 0.0)
    pair.server.refuse(0.0)
    pair.server.show(None, 0.0)
    assert pair.client.states[2:] == [Status.PENDING, Status.GRANTED, Status.REVOKED]
    assert pair.wishes == [True, True]


def test_who_asked_for_it_is_told_whose_slides_are_shown() -> None:
    pair = Pair()
    pair.server.show("other", 0.0)
    assert pair.sent == []
    pair.client.request(*QUESTION)
    assert requests(pair.client.came[0]) == {OTHER_REQUEST: (Status.GRANTED, FLOOR, USER ^ 1)}
    pair.server.show(None, 0.0)
    pair.client.ask()
    pair.server.show("client", 0.0)
    status = [message for message in pair.client.came if message.head.primitive == Primitive.FLOOR_STATUS]
    assert [requests(each) for each in status[1:]] == [{}, {1: (Status.GRANTED, FLOOR, USER)}]
    assert {each.number(Type.FLOOR_ID) for each in status} == {FLOOR}
    pair.client.request(Primitive.FLOOR_QUERY)
    seen = len(pair.client.came)
    pair.server.show("other", 0.0)
    assert pair.client.kinds[seen:] == [Primitive.FLOOR_REQUEST_STATUS]  # its own request is revoked


def test_a_notification_is_repeated_until_it_is_acknowledged() -> None:
    pair = Pair()
    pair.client.acknowledges = False
    pair.client.request(*QUESTION)
    pair.server.show("other", 0.0)
    first = len(pair.sent)
    times = [0.4, 0.5, 1.4, 1.5, 3.4, 3.5, 7.4, 7.5, 100.0]
    counts = []
    for now in times:
        pair.server.tick(now)
        counts.append(len(pair.sent) - first)
    assert counts == [0, 1, 1, 2, 2, 3, 3, 3, 3]
    assert len(set(pair.sent[first - 1 :])) == 1
    pair.server.show(None, 100.0)
    pair.client.acknowledges = True
    pair.server.tick(100.5)
    last = len(pair.sent)
    pair.server.tick(101.5)
    assert len(pair.sent) == last


def test_notifications_of_a_client_that_acknowledges_none_do_not_pile_up() -> None:
    pair = Pair()
    pair.client.acknowledges = False
    pair.client.request(*QUESTION)
    for each in range(100):
        pair.server.show("other" if each % 2 else None, 0.0)
    before = len(pair.sent)
    pair.server.tick(0.5)
    assert len(pair.sent) - before == 8


def test_a_repeated_request_gets_the_same_response_and_is_served_once() -> None:
    pair = Pair()
    data = pair.client.request(Primitive.FLOOR_REQUEST, number(Type.FLOOR_ID, FLOOR))
    pair.server.receive(data)
    assert pair.sent[0] == pair.sent[1] and len(pair.sent) == 2
    assert pair.wishes == [True]


def test_a_client_that_says_goodbye_wants_nothing_any_more() -> None:
    pair = Pair()
    pair.client.request(*QUESTION)
    pair.client.ask()
    pair.client.request(Primitive.GOODBYE)
    assert (pair.client.kinds[-1], pair.wishes) == (Primitive.GOODBYE_ACK, [True, False])
    pair.server.show("other", 0.0)
    assert pair.client.kinds[-1] == Primitive.GOODBYE_ACK


def test_a_client_is_told_the_state_of_its_request() -> None:
    pair = Pair()
    pair.client.request(Primitive.USER_QUERY)
    assert pair.client.came[0].attributes == ()
    pair.client.ask()
    pair.client.request(Primitive.USER_QUERY)
    pair.client.request(Primitive.FLOOR_REQUEST_QUERY, number(Type.FLOOR_REQUEST_ID, 1))
    assert [requests(each) for each in pair.client.came[-2:]] == [{1: (Status.PENDING, FLOOR, USER)}] * 2
    assert pair.client.kinds[-2:] == [Primitive.USER_STATUS, Primitive.FLOOR_REQUEST_STATUS]


OTHER_FLOOR = number(Type.FLOOR_ID, 9)


@pytest.mark.parametrize(
    ("primitive", "attributes", "error"),
    [
        (Primitive.FLOOR_REQUEST, (OTHER_FLOOR,), bytes((ErrorCode.INVALID_FLOOR,))),
        (Primitive.FLOOR_QUERY, (OTHER_FLOOR,), bytes((ErrorCode.INVALID_FLOOR,))),
        (Primitive.FLOOR_REQUEST, (), bytes((ErrorCode.UNPARSABLE,))),
        (Primitive.FLOOR_REQUEST, QUESTION[1:], bytes((ErrorCode.TOO_MANY_FLOOR_REQUESTS,))),
        (Primitive.FLOOR_RELEASE, (number(Type.FLOOR_REQUEST_ID, 5),), bytes((ErrorCode.UNKNOWN_FLOOR_REQUEST,))),
        (Primitive.FLOOR_REQUEST_QUERY, (), bytes((ErrorCode.UNKNOWN_FLOOR_REQUEST,))),
        (Primitive.CHAIR_ACTION, (), bytes((ErrorCode.UNAUTHORIZED,))),
        (99, (), bytes((ErrorCode.UNKNOWN_PRIMITIVE,))),
        (Primitive.HELLO, (Attribute(99, b""),), bytes((ErrorCode.UNKNOWN_MANDATORY_ATTRIBUTE, 198))),
    ],
)
def test_requests_that_cannot_be_served_are_answered_with_an_error(
    primitive: Primitive, attributes: tuple[Attribute, ...], error: bytes
) -> None:
    pair = Pair()
    pair.client.ask()
    pair.client.request(primitive, *attributes)
    assert (pair.error(), pair.wishes) == (error, [True])


def test_another_confid_and_broken_messages_are_named_and_errors_are_not_answered() -> None:
    pair = Pair()
    pair.server.receive(write(Message(Head(2, Primitive.HELLO, CONFID + 1, 1, USER))))
    assert pair.error() == bytes((ErrorCode.CONFID,))
    pair.server.receive(b"\x60\x0b\0\0" + bytes(8))
    assert pair.error() == bytes((ErrorCode.VERSION,))
    pair.server.receive(b"\x40\x01\0\x01" + bytes(8))
    assert pair.error() == bytes((ErrorCode.LENGTH,))
    send = partial(Head, 2, confid=CONFID, transaction=1, user=USER)
    for head in (send(primitive=Primitive.ERROR), send(primitive=Primitive.HELLO, responder=True)):
        pair.server.receive(write(Message(head)))
    pair.server.receive(b"\x40")
    assert len(pair.sent) == 3
