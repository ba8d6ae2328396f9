"""WebSocket messages by which clients enter and leave a meeting, and its session. Pure."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, SeatId
from signaling.messages.words import Farewell


class Join(BaseClientMessage):
    """Enter the session of a code; `resume` is the token of an earlier seat; `accepted` says that the notice was.

    `dedicated` declares that nothing shares the point's line (R-028); `tried` says how many seconds ago it was tried in
    vain to come back (R-099).
    """

    type: Literal["join"]
    code: Annotated[str, StringConstraints(max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    accepted: bool = False
    dedicated: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = Field(default_factory=list)


class JoinAsDisplay(BaseClientMessage):
    """Enter a session of one's point as its room display, which knows no code.

    With `take` also when somebody of the point sits at this device, who leaves then.
    """

    type: Literal["display"]
    session: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    take: bool = False
    tried: Annotated[list[Annotated[int, Field(ge=0, le=86_400)]], Field(max_length=100)] = Field(default_factory=list)


class EnterTestRoom(BaseClientMessage):
    """Try the devices of one's point, at any hour and without a code; `point` is one of one's unit (Điều 17.2.a)."""

    type: Literal["test-room"]
    point: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    resume: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class End(BaseClientMessage):
    """End the meeting for everyone (controller)."""

    type: Literal["end"]


class Admit(BaseClientMessage):
    """Admit a client of the waiting room, or turn it away (host and controllers)."""

    type: Literal["admit"]
    id: SeatId
    on: bool


class Ping(BaseClientMessage):
    """Ask for a `pong`: a page cannot see the pings of the WebSocket protocol."""

    type: Literal["ping"]


class Leave(BaseClientMessage):
    """Leave for good."""

    type: Literal["leave"]


class Official(BaseMessage):
    """The official meeting time."""

    start: Instant
    end: Instant


class SessionInfo(BaseMessage):
    """The session, as everyone in the meeting may know it."""

    id: str
    title: str
    number: str
    host: str
    official: Official


class SessionState(BaseMessage):
    """The session was changed while it is held: another title, another end."""

    type: Literal["session"] = "session"
    session: SessionInfo


class OnDuty(BaseMessage):
    """The technician of the centre who is on duty for the session, and their telephone."""

    name: str
    phone: str


class Knock(BaseMessage):
    """A point in the waiting room, which was not invited."""

    id: str
    account: str
    point: str
    name: str
    label: str
    since: Instant


class DoorState(BaseMessage):
    """The points in the waiting room (host and controllers only)."""

    type: Literal["door"] = "door"
    waiting: list[Knock]


class Waiting(BaseMessage):
    """The reply to `join` for a point that is not invited: it waits until the host admits it or turns it away."""

    type: Literal["waiting"] = "waiting"
    host: str


class Admitted(BaseMessage):
    """The host lets the client in: it may join now."""

    type: Literal["admitted"] = "admitted"


class Renew(BaseMessage):
    """The media worker was replaced: make a new peer connection and offer again.

    With `keep` the room moves: the connection before goes on, and is shown until `moved` comes.
    """

    type: Literal["renew"] = "renew"
    keep: bool = False


class Moved(BaseMessage):
    """Everybody who could has connected where the room moved to: show the new connection, and end the one before."""

    type: Literal["moved"] = "moved"


class Pong(BaseMessage):
    """The reply to `ping`."""

    type: Literal["pong"] = "pong"


class Bye(BaseMessage):
    """The socket closes after this; `text` says why a controller removed the point."""

    type: Literal["bye"] = "bye"
    reason: Farewell
    text: str | None = None
