"""Wire form of the scripts of sessions (kịch bản)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

from pydantic import Field, StringConstraints

from mediaserver.api import LayoutKind
from scheduler.core.model import ItemKind, ScriptItem
from signaling.http.route import Id, Model


class Item(Model):
    """One item: its point (null: the host point), its layout (null: as before), its planned minutes."""

    id: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{0,32}$")] = ""
    title: Annotated[str, StringConstraints(max_length=2000)]
    point: Id | None = None
    layout: LayoutKind | None = None
    minutes: Annotated[int, Field(strict=True)]
    kind: ItemKind = "speech"


Items = Annotated[list[Item], Field(max_length=500)]


class Script(Model):
    """A whole script, in order. Items keep their id; new ones have none yet."""

    items: Items


def scheduler_items(items: Sequence[Item]) -> tuple[ScriptItem, ...]:
    """Convert items from their wire form to the scheduler's."""
    return tuple(ScriptItem(**item.model_dump()) for item in items)


def wire(items: Sequence[ScriptItem]) -> Script:
    """Convert a script to its wire form."""
    return Script(items=[Item.model_validate(asdict(item)) for item in items])
