"""What everyone sees: the layouts of the composed picture, and whose screen is shared. Pure: effects out."""

from collections.abc import Callable
from dataclasses import asdict, replace

from mediaserver.api import EVERYONE, Layout
from signaling import panes
from signaling.effects import Arrange, Effect, SetContent, TellAll
from signaling.messages import Arrangement, Audience, ContentState, LayoutState


class Direction:
    """One layout for everyone, others for those who shall see something else."""

    def __init__(self) -> None:
        self.layout = Layout()
        self.own: dict[Audience, Layout] = {}
        """Of audiences that see another layout than everyone."""
        self.content: str | None = None
        """Who shares a screen."""
        self._before: Layout | None = None
        """What everyone saw before it was shared."""

    @property
    def state(self) -> LayoutState:
        """What clients are told of the layouts."""
        own = {audience: Arrangement.model_validate(asdict(layout)) for audience, layout in self.own.items()}
        return LayoutState.model_validate({**asdict(self.layout), "own": own})

    def restore(self) -> list[Effect]:
        """Say to a fresh room what everyone sees."""
        return [Arrange(self.layout), *(Arrange(own, audience) for audience, own in self.own.items())]

    def arrange(self, layout: Layout, audience: Audience = EVERYONE) -> list[Effect]:
        """Arrange the picture of an audience."""
        if audience == EVERYONE:
            self.layout = layout
        else:
            self.own[audience] = layout
        return [Arrange(layout, audience), TellAll(self.state)]

    def show(self, layout: Layout) -> list[Effect]:
        """Let everyone see a layout, if it is another."""
        return [] if layout == self.layout else self.arrange(layout)

    def same(self, audience: Audience) -> list[Effect]:
        """Let an audience see again what everyone sees; nothing when it does."""
        return [] if self.own.pop(audience, None) is None else [Arrange(None, audience), TellAll(self.state)]

    def share(self, seat: str) -> list[Effect]:
        """Show a seat's screen beside the speaker, until another layout is chosen."""
        if self._before is None:
            self._before = self.layout
        self.content = seat
        shown = self.show(replace(self.layout, kind="content", seats=(), page=0, rotate=0))
        return [SetContent(seat), TellAll(ContentState(seat=seat)), *shown]

    def unshare(self) -> list[Effect]:
        """End that; everyone sees again what they saw before, unless somebody arranged something else."""
        self.content, before, self._before = None, self._before, None
        again = self.show(before) if before is not None and self.layout.kind == "content" else []
        return [SetContent(None), TellAll(ContentState(seat=None)), *again]

    def move(self, old: str, new: str | None) -> list[Effect]:
        """Let another id have the panes of an old one in all layouts, also in the one that comes back."""

        def moved(layout: Layout) -> Layout:
            return panes.moved(layout, old, new)

        self._before = None if self._before is None else moved(self._before)
        effects: list[Effect] = [effect for audience in self.own for effect in self._change_own(audience, moved)]
        everyone = self.show(moved(self.layout))
        return [*effects, *(everyone or ([TellAll(self.state)] if effects else []))]

    def _change_own(self, audience: Audience, change: Callable[[Layout], Layout]) -> list[Effect]:
        before, self.own[audience] = self.own[audience], change(self.own[audience])
        return [] if self.own[audience] == before else [Arrange(self.own[audience], audience)]
