"""WebSocket messages about the script of a meeting. Pure."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from scheduler.core.model import ItemKind
from signaling.messages.base import BaseClientMessage, BaseMessage, Instant


class Step(BaseClientMessage):
    """Go to an item of the script, or before the first one (controller)."""

    type: Literal["step"]
    to: Annotated[str, StringConstraints(min_length=1, max_length=32)] | None


class ScriptedItem(BaseMessage):
    """An item of the script; `spent` is how many seconds it was on, until the state's `since` when it is on now."""

    id: str
    title: str
    point: str | None
    layout: str | None
    minutes: int
    kind: ItemKind
    spent: int


class ScriptState(BaseMessage):
    """The script and which item is on since when (controllers only)."""

    type: Literal["script"] = "script"
    items: list[ScriptedItem]
    at: str | None
    since: Instant | None


class Agenda(BaseMessage):
    """The item of the script that is `on` since when, and the title of the `next` one: what everyone may know of it."""

    type: Literal["agenda"] = "agenda"
    on: ScriptedItem | None = None
    since: Instant | None = None
    next: str | None = None
