"""The chat of a meeting: who may write to whom, how much, and who reads what. Pure: `now` in, values out.

The chair (host and controllers) writes to everyone or to one point; a point writes to the chair, where the chair allows
it. Points do not write to each other: in a session they follow the chair (Điều 14.4.a). What the chair writes to
everyone is read in the meetings of systems below, too, and what it writes to the point of one by the chair there.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from signaling.core.errors import MessageError
from signaling.messages.chat import ChatHistory, ChatMessage
from signaling.messages.neighbours import MAX_SYSTEM_NAME, ChairMessage

KEPT = 50
"""Latest messages that who joins is told; the record of the session has all."""
MOST = 5000
"""Messages of one meeting; more are refused."""
PASSED_ON = 10
"""Latest messages that a system below is told."""
WITHIN = timedelta(minutes=1)
POINT_RATE, CHAIR_RATE = 10, 30
"""Messages within a minute, from one point and from one member of the chair, also of the chair of a system above."""
MOST_WITH_ABOVE = 4000
"""So many messages leave room for those of this meeting alone: the chair above is heard no more."""


@dataclass(frozen=True, slots=True)
class ChatWriter:
    """The writer of a message: a seat's point (None for an observer), its name, and whether it is of the chair."""

    point: str | None
    name: str
    chair: bool


@dataclass(frozen=True, slots=True)
class ChatSnapshot:
    """The stored values of a chat, which `began` with its first message.

    `heard` and `heard_at` are number and time of the latest message from above, where the numbers `heard_began`; the
    latter is None in version 1 of what is stored.
    """

    open: bool = False
    number: int = 0
    messages: tuple[ChatMessage, ...] = ()
    began: datetime | None = None
    heard: int = 0
    heard_at: datetime | None = None
    heard_began: datetime | None = None


class Chat:
    """Keeps the latest messages, and whether points may write to the chair."""

    def __init__(self) -> None:
        self.open = False
        self.began: datetime | None = None
        """When the first message was written."""
        self._number = 0
        self._heard = 0
        self._heard_at: datetime | None = None
        self._heard_began: datetime | None = None
        self._messages: deque[ChatMessage] = deque(maxlen=KEPT)
        self._written: dict[str, deque[datetime]] = defaultdict(deque)
        """When each writer wrote within the last minute."""

    @property
    def snapshot(self) -> ChatSnapshot:
        """The values to store."""
        messages = tuple(self._messages)
        heard = self._heard, self._heard_at, self._heard_began
        return ChatSnapshot(self.open, self._number, messages, self.began, *heard)

    def recover(self, snapshot: ChatSnapshot) -> None:
        """Take the values of another process."""
        self.open, self._number, self.began = snapshot.open, snapshot.number, snapshot.began
        self._heard, self._heard_at = snapshot.heard, snapshot.heard_at
        self._heard_began = snapshot.heard_began
        self._messages.extend(snapshot.messages)

    def write(self, writer: ChatWriter, to: str | None, text: str, now: datetime) -> ChatMessage:
        """Take a message; `to` is the point that the chair writes to, None for everyone.

        Raises MessageError: `forbidden`, `chat-closed`, `too-fast`.
        """
        if not writer.chair and (writer.point is None or to is not None):
            raise MessageError("forbidden")
        if not (writer.chair or self.open):
            raise MessageError("chat-closed")
        if not self._written_within(writer, now) or self._number >= MOST:
            raise MessageError("too-fast")
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
        if self._number == 1:
            self.began = message.at
        self._messages.append(message)
        return message

    def of_chair(self, point: str) -> tuple[ChairMessage, ...]:
        """Return the latest messages of our chair and of those above, as the system that a point stands for is told
        them: those to everyone, and those to it alone."""
        read = [message for message in self._messages if message.chair and message.to in (None, point)]
        return tuple(
            ChairMessage(
                id=each.id,
                at=each.at,
                name=each.name if each.above else "",
                text=each.text,
                alone=each.to is not None,
            )
            for each in read[-PASSED_ON:]
        )

    def hear(
        self, writer: ChatWriter, began: datetime | None, told: Sequence[ChairMessage], now: datetime
    ) -> list[ChatMessage]:
        """Take what the chair of the system above wrote since it was heard last; `writer` stands for that system.

        Its numbers `began` anew with a new meeting there; what is told again of an earlier one is not taken, and what
        is too much within a minute is taken when it is told later.
        """
        known = self._heard_began
        if began is not None and known is not None and began < known:
            return []
        if began is not None and began != known:
            goes_on = known is None and self._heard_at is not None and began <= self._heard_at
            self._heard, self._heard_began = self._heard if goes_on else 0, began
        taken: list[ChatMessage] = []
        for each in sorted(told, key=lambda message: message.id):
            if each.id <= self._heard:
                continue
            if self._number >= MOST_WITH_ABOVE or not self._written_within(writer, now):
                break
            self._heard, self._heard_at = each.id, each.at
            named = replace(writer, name=(each.name or writer.name)[:MAX_SYSTEM_NAME])
            to = writer.point if each.alone else None
            taken.append(self._add(named, to, each.text, min(each.at, now), above=True))
        return taken

    def _written_within(self, writer: ChatWriter, now: datetime) -> bool:
        """Count a message of a writer; return False for one that is too much within a minute."""
        written = self._written[writer.point or writer.name]
        while written and now - written[0] >= WITHIN:
            written.popleft()
        if len(written) >= (CHAIR_RATE if writer.chair else POINT_RATE):
            return False
        written.append(now)
        return True

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
