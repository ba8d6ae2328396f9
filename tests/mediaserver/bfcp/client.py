"""A BFCP client for tests: writes requests, reads what a floor control server sends, groups included."""

from collections.abc import Callable
from dataclasses import dataclass
from struct import unpack

from mediaserver.bfcp.message import (
    Attribute,
    Head,
    Message,
    Primitive,
    Status,
    Type,
    number,
    read_attributes,
    read_fragment,
    write,
)

GROUPS = range(Type.BENEFICIARY_INFORMATION, Type.OVERALL_REQUEST_STATUS + 1)
ACKS = {
    Primitive.FLOOR_REQUEST_STATUS: Primitive.FLOOR_REQUEST_STATUS_ACK,
    Primitive.FLOOR_STATUS: Primitive.FLOOR_STATUS_ACK,
}


@dataclass(frozen=True, slots=True)
class Group:
    """A grouped attribute."""

    id: int
    attributes: tuple[Attribute, ...]


def read_group(attribute: Attribute) -> Group:
    (id_,) = unpack("!H", attribute.value[:2])
    nothing = Head(1, 0, 0, 0, 0)
    return Group(id_, read_attributes(nothing, attribute.value[2:]).attributes)


def requests(message: Message) -> dict[int, tuple[Status, int, int]]:
    """Return status, floor and user of each floor request in a message, by its id."""
    found = {}
    for attribute in message.attributes:
        if attribute.type == Type.FLOOR_REQUEST_INFORMATION:
            whole = read_group(attribute)
            overall, floor, user = (read_group(each) for each in whole.attributes)
            assert overall.id == whole.id and overall.attributes == floor.attributes
            found[whole.id] = Status(overall.attributes[0].value[0]), floor.id, user.id
    return found


class Client:
    """A client; acknowledges notifications unless it is told not to. `send` takes its bytes."""

    def __init__(self, send: Callable[[bytes], None], confid: int, user: int, floor: int, version: int) -> None:
        self._send, self._confid, self._user, self._floor, self.version = send, confid, user, floor, version
        self._transaction = 0
        self.acknowledges = version == 2
        self.came: list[Message] = []
        """What the server sent, oldest first."""

    def request(self, primitive: Primitive, *attributes: Attribute) -> bytes:
        """Send a request; return its bytes."""
        self._transaction += 1
        head = Head(self.version, primitive, self._confid, self._transaction, self._user)
        data = write(Message(head, attributes))
        self._send(data)
        return data

    def hello(self) -> None:
        self.request(Primitive.HELLO)

    def ask(self) -> None:
        """Request the floor."""
        self.request(Primitive.FLOOR_REQUEST, number(Type.FLOOR_ID, self._floor))

    def release(self, request: int) -> None:
        self.request(Primitive.FLOOR_RELEASE, number(Type.FLOOR_REQUEST_ID, request))

    def query(self) -> None:
        """Ask who has the floor, now and at each change."""
        self.request(Primitive.FLOOR_QUERY, number(Type.FLOOR_ID, self._floor))

    def receive(self, data: bytes) -> None:
        """Take one message of the server."""
        fragment = read_fragment(data)
        self.came.append(read_attributes(fragment.head, fragment.payload))
        head = fragment.head
        if self.acknowledges and not head.responder and head.primitive in ACKS:
            ack = Head(head.version, ACKS[Primitive(head.primitive)], head.confid, head.transaction, head.user, True)
            self._send(write(Message(ack)))

    @property
    def kinds(self) -> list[Primitive]:
        """Return the kinds of all messages that came."""
        return [Primitive(message.head.primitive) for message in self.came]

    @property
    def states(self) -> list[Status]:
        """Return the states that its own floor request went through, as it was told."""
        return [
            status
            for message in self.came
            if message.head.primitive == Primitive.FLOOR_REQUEST_STATUS
            for status, _, user in requests(message).values()
            if user == self._user
        ]
