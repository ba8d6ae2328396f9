"""WebSocket messages of the chat. Pure."""

from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints

from signaling.messages.base import BaseClientMessage, BaseMessage, Instant, printable


class WriteChat(BaseClientMessage):
    """Write a message: host and controllers to everyone or to a point, a point to them (`to` null)."""

    type: Literal["chat"]
    text: Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(printable)]
    to: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class OpenChat(BaseClientMessage):
    """Let points write to host and controllers, or no longer (host and controllers)."""

    type: Literal["chat-open"]
    on: bool


class ChatMessage(BaseMessage):
    """A chat message: from the `chair` to everyone or to the point `to`, else from a point to the chair.

    `point` is the writer's, null for the centre without a point. One from `above` was written by the chair of a
    system above, to everyone, or to this system alone where `to` is `point`, which stands for it; `name` is its name.
    """

    type: Literal["chat"] = "chat"
    id: int
    at: Instant
    point: str | None
    name: str
    chair: bool
    to: str | None
    text: str
    above: bool = False


class ChatHistory(BaseMessage):
    """The latest messages, oldest first; `open` says whether points may write to the chair."""

    open: bool
    messages: list[ChatMessage]


class ChatOpenState(BaseMessage):
    """Points may write to the chair from now on, or no longer."""

    type: Literal["chat-open"] = "chat-open"
    on: bool
