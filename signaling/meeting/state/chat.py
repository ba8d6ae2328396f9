"""The chat of a meeting: who may write to whom, how much, and who reads what. Pure: `now` in, values out.

The chair (host and controllers) writes to everyone or to one point; a point writes to the chair, where the chair allows
it. Points do not write to each other: in a session they follow the chair (Điều 14.4.a). What the chair writes to
everyone is read in the meetings of systems below, too.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signaling.core.errors import MessageError
from signaling.messages.chat import ChatHistory, ChatMessage
from signaling.messages.neighbours import ChairMessage

KEPT = 50
"""Latest messages that who joins is told; the record of the session has all."""
MOST = 5000
"""Messages of one meeting; more are refused."""
PASSED_ON = 10
"""Latest messages to everyone that systems below are told."""
WITHIN = timedelta(minutes=1)
POINT_RATE, CHAIR_RATE = 10, 30
"""Messages within a minute, from one point and from one member of the chair."""


@dataclass(frozen=True, slots=True)
class ChatWriter:
    """The writer of a message: a seat's point (None for an observer), its name, and whether it is of the chair."""

    point: str | None
    name: str
    chair: bool


@dataclass(frozen=True, slots=True)
class ChatSnapshot:
    """The stored values of a chat; `heard` and `heard_at` are number and time of the latest message from above."""

    open: bool = False
    number: int = 0
    messages: tuple[ChatMessage, ...] = ()
    heard: int = 0
    heard_at: datetime | None = None


class Chat:
    """Keeps the latest messages, and whether points may write to the chair."""

    def __init__(self) -> None:
        self.open = False
        self._number = 0
        self._heard = 0
        self._heard_at: datetime | None = None
        self._messages: deque[ChatMessage] = deque(maxlen=KEPT)
        self._written: dict[str, deque[datetime]] = defaultdict(deque)
        """When each writer wrote within the last minute."""

    @property
    def snapshot(self) -> ChatSnapshot:
        """The values to store."""
        return ChatSnapshot(self.open, self._number, tuple(self._messages), self._heard, self._heard_at)

    def recover(self, snapshot: ChatSnapshot) -> None:
        """Take the values of another process."""
        self.open, self._number = snapshot.open, snapshot.number
        self._heard, self._heard_at = snapshot.heard, snapshot.heard_at
        self._messages.extend(snapshot.messages)

    def write(self, writer: ChatWriter, to: str | None, text: str, now: datetime) -> ChatMessage:
        """Take a message; `to` is the point that the chair writes to, None for everyone.

        Raises MessageError: `forbidden`, `chat-closed`, `too-fast`.
        """
        if not writer.chair and (writer.point is None or to is not None):
            raise MessageError("forbidden")
        if not (writer.chair or self.open):
            raise MessageError("chat-closed")
        self._limit(writer, now)
        return self._add(writer, to, text, now)

    def _add(self, writer: ChatWriter, to: str | None, text: str, at: datetime, *, above: bool = False) -> ChatMessage:
        self._number += 1
        message = ChatMessage(
            id=self._number,
            at=at,
            point=writer.point,
            name=writer.name,
            chair=writer.chair,
            to=to,
            text=text,
            above=above,
        )
        self._messages.append(message)
        return message

    @property
    def of_chair(self) -> tuple[ChairMessage, ...]:
        """The latest messages to everyone, of our chair and of those above, as systems below are told them."""
        to_all = [message for message in self._messages if message.chair and message.to is None]
        return tuple(
            ChairMessage(id=each.id, at=each.at, name=each.name if each.above else "", text=each.text)
            for each in to_all[-PASSED_ON:]
        )

    def hear(self, writer: ChatWriter, told: Sequence[ChairMessage], now: datetime) -> list[ChatMessage]:
        """Take what the chair of the system above wrote since it was heard last; `writer` stands for that system.

        Its numbers begin anew with a new meeting there, whose messages are later ones.
        """
        heard, at = self._heard, self._heard_at
        new = [each for each in told if at is None or each.id > heard or each.at > at]
        if new:
            self._heard, self._heard_at = new[-1].id, new[-1].at
        taken = new[: MOST - self._number]
        return [
            self._add(replace(writer, name=each.name or writer.name), None, each.text, min(each.at, now), above=True)
            for each in taken
        ]

    def _limit(self, writer: ChatWriter, now: datetime) -> None:
        written = self._written[writer.point or writer.name]
        while written and now - written[0] >= WITHIN:
            written.popleft()
        if len(written) >= (CHAIR_RATE if writer.chair else POINT_RATE) or self._number >= MOST:
            raise MessageError("too-fast")
        written.append(now)

    def history(self, point: str | None, *, chair: bool) -> ChatHistory:
        """Return what a seat that joins is told."""
        return ChatHistory(open=self.open, messages=readable(self._messages, point, chair=chair))


def readable(
    messages: Sequence[ChatMessage] | deque[ChatMessage], point: str | None, *, chair: bool
) -> list[ChatMessage]:
    """Return the messages that a seat of a point may read: the chair all, others theirs and those to everyone."""
    return [message for message in messages if chair or may_read(message, point)]


def may_read(message: ChatMessage, point: str | None) -> bool:
    """Return whether a point outside the chair may read a message."""
    to_all = message.chair and message.to is None
    return to_all or (point is not None and point in (message.to, message.point))
