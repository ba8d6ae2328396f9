"""WebSocket messages about layouts and presets. Pure."""

from typing import Annotated, Literal

from pydantic import Field

from mediaserver.api import EVERYONE, Layout, LayoutKind
from signaling.messages.base import BaseClientMessage, BaseMessage, SeatId
from signaling.messages.words import Audience


class Arrangement(BaseMessage):
    """A whole layout of the composed picture; omitted fields have their defaults."""

    kind: LayoutKind
    focus: SeatId | None = None
    seats: Annotated[list[SeatId | None], Field(max_length=64)] = Field(default_factory=list)
    page: Annotated[int, Field(ge=0, lt=1000)] = 0
    rotate: Annotated[int, Field(ge=0, le=3600)] = 0
    empty: bool = False
    title: bool = False
    clock: bool = False

    @property
    def layout(self) -> Layout:
        """Return the layout as a value of the media engine."""
        fields = self.model_dump(include=set(Arrangement.model_fields) - {"seats"})
        return Layout(**fields, seats=tuple(self.seats))


class SetLayout(Arrangement, BaseClientMessage):
    """Set the layout of an audience (controller)."""

    type: Literal["layout"]
    audience: Audience = EVERYONE


class Preset(Arrangement):
    """A layout on a key of the console. It names points where a layout names seats, which change."""

    number: Annotated[int, Field(ge=1, le=6)]


class SetPreset(Preset, BaseClientMessage):
    """Replace a preset of the session (controller)."""

    type: Literal["preset"]

    @property
    def preset(self) -> Preset:
        """Return the preset alone."""
        return Preset(**self.model_dump(include=set(Preset.model_fields)))


class SameLayout(BaseClientMessage):
    """Give an audience the layout of everyone again (controller)."""

    type: Literal["layout-same"]
    audience: Audience


class LayoutState(Arrangement):
    """The layout for everyone, and those of audiences that have their `own`."""

    type: Literal["layout"] = "layout"
    own: dict[Audience, Arrangement] = Field(default_factory=dict)


class PresetsState(BaseMessage):
    """The presets of the session that were saved, by number (controllers only)."""

    type: Literal["presets"] = "presets"
    presets: list[Preset]
