"""A floor control server with one floor and one client: the room system of one call, and its slides (RFC 8855 §13).

It decides nothing: what the client wants is passed on, and whose slides are shown comes back. Over UDP its
notifications are repeated until they are acknowledged, and its responses when requests are repeated (§8). Pure: bytes
in, bytes out, `now` in seconds.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from mediaserver.bfcp.message import (
    Attribute,
    BadBfcp,
    ErrorCode,
    Head,
    Message,
    Primitive,
    Reassembly,
    Status,
    Type,
    group,
    number,
    read_attributes,
    read_fragment,
    write,
)

Holder = Literal["client", "other"]
"""Whose slides are shown: the client's, or another's."""

FIRST_REPEAT_S = 0.5
"""T1: seconds after which a notification is repeated; then twice as long, and so on (§8.3.1)."""
TRANSMISSIONS = 4
"""How often a notification is sent before the client counts as one that acknowledges nothing."""
MAX_UNACKNOWLEDGED = 8
MAX_REMEMBERED = 8
"""Responses that are kept for repeated requests; a client has one request under way (§8.1)."""
OTHER_REQUEST = 0xFFFF
"""Id of the floor request that stands for another's slides; those of the client count from 1."""
SERVED = (
    Primitive.FLOOR_REQUEST,
    Primitive.FLOOR_RELEASE,
    Primitive.FLOOR_REQUEST_QUERY,
    Primitive.FLOOR_REQUEST_STATUS,
    Primitive.USER_QUERY,
    Primitive.USER_STATUS,
    Primitive.FLOOR_QUERY,
    Primitive.FLOOR_STATUS,
    Primitive.HELLO,
    Primitive.HELLO_ACK,
    Primitive.ERROR,
    Primitive.FLOOR_REQUEST_STATUS_ACK,
    Primitive.FLOOR_STATUS_ACK,
    Primitive.GOODBYE,
    Primitive.GOODBYE_ACK,
)
_ACKNOWLEDGES = {
    Primitive.FLOOR_REQUEST_STATUS_ACK,
    Primitive.FLOOR_STATUS_ACK,
    Primitive.HELLO_ACK,
    Primitive.GOODBYE_ACK,
    Primitive.ERROR,
}
"""What is answered by nothing."""


@dataclass(slots=True)
class _Notification:
    """A notification that waits for its acknowledgement; `due` is when it is repeated."""

    data: bytes
    due: float
    sent: int = 1


class _Refused(Exception):
    """A request that is answered with an Error message."""

    def __init__(self, code: ErrorCode, details: bytes = b"") -> None:
        self.code = code
        self.details = details


class FloorServer:
    """Serves the client of one call, known by `confid`; `send` takes messages to it.

    `asked` hears whether it wants the floor. Over a `reliable` transport (TCP) nothing is acknowledged or repeated.
    `first_transaction` numbers the first notification: a client that calls again within ten seconds may take one with
    the number of the call before for its repetition, as libre does, which does not look where it comes from.
    """

    def __init__(
        self,
        confid: int,
        floor: int,
        *,
        reliable: bool,
        send: Callable[[bytes], None],
        asked: Callable[[bool], None],
        first_transaction: int = 1,
    ) -> None:
        self._confid = confid
        self._floor = floor
        self._reliable = reliable
        self._send = send
        self._asked = asked
        self._client: Head | None = None
        """Of its newest request: notifications go to its user in its version."""
        self._request: int | None = None
        self._status = Status.PENDING
        """Of the client's floor request, which there is one of at most."""
        self._last_request = 0
        self._holder: Holder | None = None
        self._watches = False
        """Whether the client queried the floor, and is told of its changes (§13.5)."""
        self._next_transaction = first_transaction
        self._unacknowledged: dict[int, _Notification] = {}
        self._responses: deque[tuple[Head, bytes]] = deque(maxlen=MAX_REMEMBERED)
        self._reassembly = Reassembly()

    # What the client sends

    def receive(self, data: bytes) -> None:
        """Take a datagram, or one message over TCP."""
        try:
            fragment = read_fragment(data)
            payload = self._reassembly.put(fragment)
            if payload is not None:
                self._take(read_attributes(fragment.head, payload))
        except BadBfcp as bad:
            if bad.head is not None and not bad.head.responder and bad.head.primitive != Primitive.ERROR:
                self._respond(bad.head, Primitive.ERROR, _error(bad.code))

    def _take(self, message: Message) -> None:
        head = message.head
        if head.responder or head.primitive in _ACKNOWLEDGES:
            self._unacknowledged.pop(head.transaction, None)
            return
        repeated = next((response for request, response in self._responses if request == head), None)
        if repeated is not None and not self._reliable:
            self._send(repeated)
            return
        try:
            self._serve(message)
        except _Refused as refused:
            self._respond(head, Primitive.ERROR, _error(refused.code, refused.details))

    def _serve(self, message: Message) -> None:
        """Answer a request. Raises _Refused."""
        head = message.head
        if head.confid != self._confid:
            raise _Refused(ErrorCode.CONFID)
        unknown = [each.type for each in message.attributes if each.mandatory and each.type not in list(Type)]
        if unknown:
            raise _Refused(ErrorCode.UNKNOWN_MANDATORY_ATTRIBUTE, bytes(each << 1 for each in unknown))
        self._client = head
        match head.primitive:
            case Primitive.HELLO:
                self._respond(head, Primitive.HELLO_ACK, _supported())
            case Primitive.FLOOR_REQUEST:
                self._ask(message)
            case Primitive.FLOOR_RELEASE:
                self._release(message)
            case Primitive.FLOOR_REQUEST_QUERY:
                self._require_request(message)
                self._respond(head, Primitive.FLOOR_REQUEST_STATUS, (self._own_request(),))
            case Primitive.USER_QUERY:
                self._respond(head, Primitive.USER_STATUS, () if self._request is None else (self._own_request(),))
            case Primitive.FLOOR_QUERY:
                self._watches = self._names_floor(message)  # a query for no floor ends the notifications (§12.1.2)
                self._respond(head, Primitive.FLOOR_STATUS, self._floor_status() if self._watches else ())
            case Primitive.CHAIR_ACTION:
                raise _Refused(ErrorCode.UNAUTHORIZED)
            case Primitive.GOODBYE:
                self._respond(head, Primitive.GOODBYE_ACK)
                self._watches = False
                self._unacknowledged.clear()
                self._forget()
            case _:
                raise _Refused(ErrorCode.UNKNOWN_PRIMITIVE)

    def _names_floor(self, message: Message) -> bool:
        """Return whether a message names the floor, and not nothing. Raises _Refused if it names another."""
        floors = [each.number for each in message.attributes if each.type == Type.FLOOR_ID]
        if any(each != self._floor for each in floors):
            raise _Refused(ErrorCode.INVALID_FLOOR)
        return bool(floors)

    def _ask(self, message: Message) -> None:
        if not self._names_floor(message):
            raise _Refused(ErrorCode.UNPARSABLE)
        if self._request is not None:
            raise _Refused(ErrorCode.TOO_MANY_FLOOR_REQUESTS)
        self._last_request = self._last_request % (OTHER_REQUEST - 1) + 1
        self._request, self._status = self._last_request, Status.PENDING
        self._respond(message.head, Primitive.FLOOR_REQUEST_STATUS, (self._own_request(),))
        self._asked(True)

    def _release(self, message: Message) -> None:
        self._require_request(message)
        self._status = Status.CANCELLED if self._status == Status.PENDING else Status.RELEASED
        self._respond(message.head, Primitive.FLOOR_REQUEST_STATUS, (self._own_request(),))
        self._forget()

    def _require_request(self, message: Message) -> None:
        if self._request is None or message.number(Type.FLOOR_REQUEST_ID) != self._request:
            raise _Refused(ErrorCode.UNKNOWN_FLOOR_REQUEST)

    def _forget(self) -> None:
        """Forget the client's floor request, and pass on that it does not want the floor."""
        if self._request is not None:
            self._request = None
            self._asked(False)

    def _respond(self, head: Head, primitive: Primitive, attributes: tuple[Attribute, ...] = ()) -> None:
        version = head.version if head.version in (1, 2) else 2
        responder = version == 2  # version 1 has no such flag
        answered = Head(version, primitive, head.confid, head.transaction, head.user, responder)
        data = write(Message(answered, attributes))
        self._responses.append((head, data))
        self._send(data)

    # What is decided

    def show(self, holder: Holder | None, now: float) -> None:
        """Tell the client whose slides are shown: nobody's, its own (its request is granted), or another's.

        A request that was granted is revoked when they are its own no longer; one that waits goes on waiting.
        """
        changed, self._holder = holder != self._holder, holder
        if self._request is not None and self._status == Status.GRANTED and holder != "client":
            self._tell_request(Status.REVOKED, now)
            self._request = None
        elif self._request is not None and self._status == Status.PENDING and holder == "client":
            self._tell_request(Status.GRANTED, now)
        if changed:
            self._tell_floor(now)

    def refuse(self, now: float) -> None:
        """Deny a floor request that waits."""
        if self._request is not None and self._status == Status.PENDING:
            self._tell_request(Status.DENIED, now)
            self._request = None

    def tick(self, now: float) -> None:
        """Repeat what was not acknowledged in time; give it up after `TRANSMISSIONS`."""
        for transaction, notification in list(self._unacknowledged.items()):
            if now < notification.due:
                continue
            if notification.sent == TRANSMISSIONS:
                del self._unacknowledged[transaction]
                continue
            notification.due = now + FIRST_REPEAT_S * 2**notification.sent
            notification.sent += 1
            self._send(notification.data)

    def _tell_request(self, status: Status, now: float) -> None:
        self._status = status
        self._notify(Primitive.FLOOR_REQUEST_STATUS, (self._own_request(),), now)

    def _tell_floor(self, now: float) -> None:
        if self._watches:
            self._notify(Primitive.FLOOR_STATUS, self._floor_status(), now)

    def _notify(self, primitive: Primitive, attributes: tuple[Attribute, ...], now: float) -> None:
        """Begin a transaction of ours; over TCP it has the number 0 and no end (§8.1)."""
        if self._client is None:
            return
        transaction = 0
        if not self._reliable:
            transaction, self._next_transaction = self._next_transaction, self._next_transaction % 0xFFFF + 1
        version, user = self._client.version, self._client.user
        head = Head(version, primitive, self._confid, transaction, user)
        data = write(Message(head, attributes))
        if not self._reliable:
            while len(self._unacknowledged) >= MAX_UNACKNOWLEDGED:
                del self._unacknowledged[next(iter(self._unacknowledged))]
            self._unacknowledged[transaction] = _Notification(data, now + FIRST_REPEAT_S)
        self._send(data)

    def _floor_status(self) -> tuple[Attribute, ...]:
        """Return who has the floor and who wants it (§5.3.8)."""
        found = [number(Type.FLOOR_ID, self._floor)]
        if self._request is not None:
            found.append(self._own_request())
        if self._holder == "other":
            user = 0 if self._client is None else self._client.user
            found.append(self._information(OTHER_REQUEST, Status.GRANTED, user ^ 1))
        return tuple(found)

    def _own_request(self) -> Attribute:
        assert self._request is not None and self._client is not None
        return self._information(self._request, self._status, self._client.user)

    def _information(self, request: int, status: Status, user: int) -> Attribute:
        state = Attribute(Type.REQUEST_STATUS, bytes((status, 0)))  # its second byte would be a place in a queue
        parts = (
            group(Type.OVERALL_REQUEST_STATUS, request, (state,)),
            group(Type.FLOOR_REQUEST_STATUS, self._floor, (state,)),
            group(Type.BENEFICIARY_INFORMATION, user),
        )
        return group(Type.FLOOR_REQUEST_INFORMATION, request, parts)


def _error(code: ErrorCode, details: bytes = b"") -> tuple[Attribute, ...]:
    return (Attribute(Type.ERROR_CODE, bytes((code,)) + details),)


def _supported() -> tuple[Attribute, ...]:
    """Return the primitives and the attributes that are known here (§5.2.10, §5.2.11)."""
    return (
        Attribute(Type.SUPPORTED_PRIMITIVES, bytes(SERVED)),
        Attribute(Type.SUPPORTED_ATTRIBUTES, bytes(each << 1 for each in Type)),
    )
