"""The composed pictures of a room: one for each arrangement in use, whoever watches it."""

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import count

from mediaserver.api import EVERYONE, PART_OF, Layout, RoomOptions
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import LayoutState
from mediaserver.video.painter import CompositionJob, Encoded, PainterKey
from mediaserver.video.quality import LARGE, QUALITIES, RENDITIONS, USUAL, RenditionKey
from mediaserver.video.rendition import Rendition


def best_quality_step(takes: Callable[[str], bool]) -> int:
    """The highest step of quality there is for who decodes what `takes` says."""
    return max((step for codec, step in RENDITIONS if takes(codec)), default=USUAL)


class Composition:
    """One arrangement and the renditions of it; `number` names it in the composer's thread."""

    def __init__(
        self, number: int, options: RoomOptions, flush_queue: FlushQueue, on_change: Callable[[], None]
    ) -> None:
        # given
        self.number = number
        # owned
        self.layout_state = LayoutState(options)
        self._large_layout_state = LayoutState(_enlarged(options))
        self.renditions = {(codec, step): Rendition(codec, flush_queue, on_change) for codec, step in RENDITIONS}

    def copy_from(self, other: "Composition") -> None:
        """Show what another one shows: who changes from there to here sees no difference until something is chosen."""
        self.layout_state, self._large_layout_state = copy(other.layout_state), copy(other._large_layout_state)

    def choose(self, layout: Layout, now: float) -> None:
        """Take another layout."""
        for layout_state in (self.layout_state, self._large_layout_state):
            layout_state.choose(layout, now)

    def can_show(self, layout: Layout) -> bool:
        """Whether who is given a layout can watch this: it shows that, or nobody sees what else it shows."""
        return self.layout_state.shows(layout) if self.watched else self.layout_state.layout == layout

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Set the tiles anew."""
        for layout_state in (self.layout_state, self._large_layout_state):
            layout_state.arrange(seats, speaker, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show a chosen layout when its cameras are ready, which they are not while nobody watches; whether to arrange
        anew."""
        watched = bool(self.watched)
        settled = [
            layout_state.settle(lambda seat: watched and ready(seat), now)
            for layout_state in (self.layout_state, self._large_layout_state)
        ]
        return any(settled)

    @property
    def watched(self) -> frozenset[PainterKey]:
        """In which sizes anybody watches it."""
        steps = {step for (_, step), rendition in self.renditions.items() if rendition.sinks}
        return frozenset((self.number, step == LARGE) for step in steps)

    def shown(self) -> Iterator[Tile]:
        """The tiles that somebody sees, or is about to see."""
        for _, large in self.watched:
            layout_state = self._large_layout_state if large else self.layout_state
            yield from (*layout_state.ahead, *layout_state.tiles)

    def source(self, takes: Callable[[str], bool], step: int) -> Rendition | None:
        """The rendition for who decodes what `takes` says, at a step of quality or the next lower one there is."""
        for codec in ("H264", "VP8", SINGLE_NAL):
            if takes(codec):
                return self.renditions.get((codec, step)) or self.renditions[codec, USUAL]
        return None

    def job(self, tick: int, now: float, utc: datetime, title: str, *, large: bool) -> CompositionJob | None:
        """What is to be painted and encoded now; None while nobody watches."""
        wanted = {
            key: rendition.take_keyframe(now)
            for key, rendition in self.renditions.items()
            if rendition.sinks and (key[1] == LARGE) is large
        }
        if not wanted:
            return None
        layout_state = self._large_layout_state if large else self.layout_state
        return CompositionJob(self.number, tick, layout_state.tiles, wanted, layout_state.heading(utc, title), large)

    def publish(self, key: RenditionKey, encoded: Encoded, timestamp: int) -> None:
        """Send what was encoded."""
        self.renditions[key].publish(*encoded, timestamp)


def _enlarged(options: RoomOptions) -> RoomOptions:
    share = QUALITIES[LARGE].share
    return replace(options, width=round(options.width * share) & ~1, height=round(options.height * share) & ~1)


class Compositions:
    """Who watches which; audiences without a layout watch everyone's, equal layouts share a picture that shows theirs.

    `stirred` is called when somebody begins to watch and when a layout is chosen: there may be something to do.
    """

    def __init__(self, options: RoomOptions, flush_queue: FlushQueue, on_change: Callable[[], None]) -> None:
        # given
        self._options = options
        self._flush_queue = flush_queue
        self._on_change = on_change
        # owned
        self._numbers = count()
        self._by_audience = {EVERYONE: self._new()}
        self._last_speaker: str | None = None
        """Who speaks or, while nobody does, spoke last, of those who can be seen."""

    def _new(self) -> Composition:
        return Composition(next(self._numbers), self._options, self._flush_queue, self._on_change)

    def __iter__(self) -> Iterator[Composition]:
        return iter(dict.fromkeys(self._by_audience.values()))

    def of(self, audience: str) -> Composition:
        """What an audience watches: its own picture, else that of the audience it is part of."""
        return self._by_audience.get(audience) or self.of(PART_OF.get(audience, EVERYONE))

    def by_number(self, number: int) -> Composition | None:
        """A picture by its number, while somebody has it."""
        return next((composition for composition in self if composition.number == number), None)

    def choose(self, audience: str, layout: Layout | None, now: float) -> None:
        """Give an audience a layout; None takes it back. Its own picture is changed in place, without key frames.

        One that nobody watches yet begins with what the audience sees, and waits for its cameras like any other.
        """
        self._on_change()
        seen = self._current_composition(audience)
        if layout is None:
            if audience != EVERYONE:
                self._by_audience.pop(audience, None)
            composition = self.of(audience)
            layout = composition.layout_state.layout
        else:
            equal = next((composition for composition in self if composition.can_show(layout)), None)
            composition = self._by_audience[audience] = equal or self._own_composition(audience)
        if not composition.watched:
            composition.copy_from(seen)
        composition.choose(layout, now)

    def _current_composition(self, audience: str) -> Composition:
        """What those see who are about to see another picture: everyone's, where nobody watches the audience's."""
        own = self.of(audience)
        return own if own.watched else self._by_audience[EVERYONE]

    def _own_composition(self, audience: str) -> Composition:
        """The picture that nobody but an audience has."""
        own = self._by_audience.get(audience)
        shared = own is None or list(self._by_audience.values()).count(own) > 1
        return self._new() if own is None or shared else own

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Set the tiles of all pictures anew; a pause for thought takes the speaker's pane from nobody."""
        last_speaker = speaker if speaker in seats else self._last_speaker
        self._last_speaker = last_speaker if last_speaker in seats else None
        for composition in self:
            composition.arrange(seats, self._last_speaker, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show chosen layouts whose cameras are ready; whether to arrange anew."""
        settled = [composition.settle(ready, now) for composition in self]
        return any(settled)

    @property
    def watched(self) -> frozenset[PainterKey]:
        """All that somebody watches."""
        return frozenset().union(*(composition.watched for composition in self))

    def due(self, now: float) -> bool:
        """Whether time alone asks for a new arrangement."""
        return any(composition.layout_state.due(now) for composition in self)
