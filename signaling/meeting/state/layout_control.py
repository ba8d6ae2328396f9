"""Chooses the layouts of the composed pictures, and whose screen is shared. Pure: effects out."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import get_args

from mediaserver.api import EVERYONE, Layout
from signaling.meeting.state import layout_validation
from signaling.messages.effects import Arrange, Effect, SetContent, TellAll
from signaling.messages.layouts import Arrangement, LayoutState
from signaling.messages.media import ContentState
from signaling.messages.words import Audience

AUDIENCES: tuple[Audience, ...] = get_args(Audience)


@dataclass(frozen=True, slots=True)
class Shown:
    """A layout that is shown and, where it is one for a shared screen, the one that is shown again afterwards."""

    layout: Layout
    after: Layout | None = None

    def change(self, how: Callable[[Layout], Layout]) -> "Shown":
        """Return both layouts changed alike."""
        return Shown(how(self.layout), None if self.after is None else how(self.after))


class LayoutControl:
    """The layout for everyone, and those of audiences that see something else."""

    def __init__(self) -> None:
        self._layouts: dict[Audience, Layout] = {EVERYONE: Layout()}
        self._before: dict[Audience, Layout] = {}
        """Layouts that come back when a shared screen ends, by audience."""
        self.content: str | None = None
        """The seat that shares its screen."""
        self._captioned = False
        """Whether every picture has its heading, which tells a result."""

    @property
    def layout(self) -> Layout:
        """The layout for everyone."""
        return self._layouts[EVERYONE]

    @property
    def shown(self) -> Shown:
        """The layout for everyone, now and after the screen that is shared."""
        return Shown(self.layout, self._before.get(EVERYONE))

    @property
    def own(self) -> dict[Audience, Layout]:
        """The layouts of audiences that have their own."""
        return {audience: layout for audience, layout in self._layouts.items() if audience != EVERYONE}

    @property
    def state(self) -> LayoutState:
        """The message about layouts."""
        own = {audience: Arrangement.model_validate(asdict(layout)) for audience, layout in self.own.items()}
        return LayoutState.model_validate({**asdict(self.layout), "own": own})

    @property
    def snapshot(self) -> tuple[dict[Audience, Layout], dict[Audience, Layout], str | None]:
        """The values to store: layouts, those that come back after a shared screen, the seat that shares one."""
        return dict(self._layouts), dict(self._before), self.content

    def recover(
        self, layouts: Mapping[Audience, Layout], before: Mapping[Audience, Layout], content: str | None
    ) -> None:
        """Take the values of another process."""
        self._layouts = {EVERYONE: Layout(), **layouts}
        self._before, self.content = dict(before), content

    def adopt(self, layouts: Mapping[str, Layout], content: str | None, *, captioned: bool = False) -> None:
        """Take the layouts that the engine holds: the latest may not have been stored.

        Where it shows a caption, whether a layout has a heading is taken from what was stored.
        """
        seen: dict[Audience, Layout] = {each: layouts[each] for each in AUDIENCES if each in layouts}
        if captioned:
            seen = {each: replace(seen[each], title=self._layouts.get(each, self.layout).title) for each in seen}
        self._layouts = {EVERYONE: self.layout, **seen}
        self._before = {audience: layout for audience, layout in self._before.items() if audience in self._layouts}
        self.content = content

    def restore(self) -> list[Effect]:
        """Return the effects that give a fresh room its layouts."""
        return [Arrange(self._drawn(layout), audience) for audience, layout in self._layouts.items()]

    def caption(self, on: bool) -> list[Effect]:
        """Give every picture its heading, whatever its layout says, or no longer."""
        self._captioned = on
        return self.restore()

    def _drawn(self, layout: Layout) -> Layout:
        """Return a layout as the engine draws it."""
        return replace(layout, title=True) if self._captioned else layout

    def arrange(self, layout: Layout, audience: Audience = EVERYONE) -> list[Effect]:
        """Set the layout of an audience; one that hides a shared screen stays when the sharing ends."""
        if layout.kind != "content":
            self._before.pop(audience, None)
        self._layouts[audience] = layout
        return [Arrange(self._drawn(layout), audience), TellAll(self.state)]

    def show(self, shown: Shown) -> list[Effect]:
        """Show a layout to everyone, if it is another; one for a shared screen only while a screen is shared."""
        layout, after = shown.layout, shown.after
        if after is not None and self.content is None:
            layout, after = after, None
        effects = [] if layout == self.layout else self.arrange(layout)
        if after is None:
            self._before.pop(EVERYONE, None)
        else:
            self._before[EVERYONE] = after
        return effects

    def follow_everyone(self, audience: Audience) -> list[Effect]:
        """Give an audience the layout of everyone again; return no effects if it has no own one."""
        if audience not in self.own:
            return []
        self._before.pop(audience, None)
        del self._layouts[audience]
        return [Arrange(None, audience), TellAll(self.state)]

    def share(self, seat: str) -> list[Effect]:
        """Show the screen of a seat beside the speaker to all audiences, until another layout is chosen for one."""
        self.content, self._before = seat, {**self._layouts, **self._before}
        beside = {
            audience: replace(layout, kind="content", seats=(), page=0, rotate=0)
            for audience, layout in self._layouts.items()
        }
        return [SetContent(seat), TellAll(ContentState(seat=seat)), *self._change(beside)]

    def unshare(self) -> list[Effect]:
        """End the sharing; audiences get their earlier layouts back, unless another one was set meanwhile."""
        self.content, before, self._before = None, self._before, {}
        return [SetContent(None), TellAll(ContentState(seat=None)), *self._change(before)]

    def move(self, old: str, new: str | None) -> list[Effect]:
        """Replace the id `old` by `new` in the panes of all layouts, also of those that come back."""
        self._before = {
            audience: layout_validation.with_pin_moved(layout, old, new) for audience, layout in self._before.items()
        }
        return self._change(
            {audience: layout_validation.with_pin_moved(layout, old, new) for audience, layout in self._layouts.items()}
        )

    def _change(self, layouts: Mapping[Audience, Layout]) -> list[Effect]:
        """Set layouts of audiences; clients are told once, if any is another."""
        changed = {audience: layout for audience, layout in layouts.items() if layout != self._layouts[audience]}
        self._layouts |= changed
        return [
            *(Arrange(self._drawn(layout), audience) for audience, layout in changed.items()),
            *([TellAll(self.state)] if changed else []),
        ]
