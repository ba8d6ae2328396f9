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
from mediaserver.video.painter import CompositionJob, EaselKey, Encoded
from mediaserver.video.quality import LARGE, QUALITIES, RENDITIONS, USUAL, RenditionKey
from mediaserver.video.rendition import Rendition


def finest(takes: Callable[[str], bool]) -> int:
    """The highest step of quality there is for who decodes what `takes` says."""
    return max((step for codec, step in RENDITIONS if takes(codec)), default=USUAL)


class Composition:
    """One arrangement and the renditions of it; `number` names it in the composer's thread."""

    def __init__(self, number: int, options: RoomOptions, dirty: FlushQueue, stirred: Callable[[], None]) -> None:
        # given
        self.number = number
        # owned
        self.stage = LayoutState(options)
        self._large = LayoutState(_enlarged(options))
        self.renditions = {(codec, step): Rendition(codec, dirty, stirred) for codec, step in RENDITIONS}

    def begin(self, other: "Composition") -> None:
        """Show what another one shows: who changes from there to here sees no difference until something is chosen."""
        self.stage, self._large = copy(other.stage), copy(other._large)

    def choose(self, layout: Layout, now: float) -> None:
        """Take another layout."""
        for stage in (self.stage, self._large):
            stage.choose(layout, now)

    def serves(self, layout: Layout) -> bool:
        """Whether who is given a layout can watch this: it shows that, or nobody sees what else it shows."""
        return self.stage.shows(layout) if self.watched else self.stage.layout == layout

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Set the tiles anew."""
        for stage in (self.stage, self._large):
            stage.arrange(seats, speaker, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show a chosen layout when its cameras are ready, which they are not while nobody watches; whether to arrange
        anew."""
        watched = bool(self.watched)
        settled = [stage.settle(lambda seat: watched and ready(seat), now) for stage in (self.stage, self._large)]
        return any(settled)

    @property
    def watched(self) -> frozenset[EaselKey]:
        """In which sizes anybody watches it."""
        steps = {step for (_, step), rendition in self.renditions.items() if rendition.sinks}
        return frozenset((self.number, step == LARGE) for step in steps)

    def shown(self) -> Iterator[Tile]:
        """The tiles that somebody sees, or is about to see."""
        for _, large in self.watched:
            stage = self._large if large else self.stage
            yield from (*stage.ahead, *stage.tiles)

    def source(self, takes: Callable[[str], bool], step: int) -> Rendition | None:
        """The rendition for who decodes what `takes` says, at a step of quality or the next lower one there is."""
        for codec in ("H264", "VP8", SINGLE_NAL):
            if takes(codec):
                return self.renditions.get((codec, step)) or self.renditions[codec, USUAL]
        return None

    def scene(self, tick: int, now: float, utc: datetime, title: str, *, large: bool) -> CompositionJob | None:
        """What is to be painted and encoded now; None while nobody watches."""
        wanted = {
            key: rendition.take_keyframe(now)
            for key, rendition in self.renditions.items()
            if rendition.sinks and (key[1] == LARGE) is large
        }
        if not wanted:
            return None
        stage = self._large if large else self.stage
        return CompositionJob(self.number, tick, stage.tiles, wanted, stage.heading(utc, title), large)

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

    def __init__(self, options: RoomOptions, dirty: FlushQueue, stirred: Callable[[], None]) -> None:
        # given
        self._options = options
        self._dirty = dirty
        self._stirred = stirred
        # owned
        self._numbers = count()
        self._by_audience = {EVERYONE: self._new()}
        self._spoke: str | None = None
        """Who speaks or, while nobody does, spoke last, of those who can be seen."""

    def _new(self) -> Composition:
        return Composition(next(self._numbers), self._options, self._dirty, self._stirred)

    def __iter__(self) -> Iterator[Composition]:
        return iter(dict.fromkeys(self._by_audience.values()))

    def of(self, audience: str) -> Composition:
        """What an audience watches: its own picture, else that of the audience it is part of."""
        return self._by_audience.get(audience) or self.of(PART_OF.get(audience, EVERYONE))

    def numbered(self, number: int) -> Composition | None:
        """A picture by its number, while somebody has it."""
        return next((picture for picture in self if picture.number == number), None)

    def choose(self, audience: str, layout: Layout | None, now: float) -> None:
        """Give an audience a layout; None takes it back. Its own picture is changed in place, without key frames.

        One that nobody watches yet begins with what the audience sees, and waits for its cameras like any other.
        """
        self._stirred()
        seen = self._seen(audience)
        if layout is None:
            if audience != EVERYONE:
                self._by_audience.pop(audience, None)
            picture = self.of(audience)
            layout = picture.stage.layout
        else:
            equal = next((picture for picture in self if picture.serves(layout)), None)
            picture = self._by_audience[audience] = equal or self._own(audience)
        if not picture.watched:
            picture.begin(seen)
        picture.choose(layout, now)

    def _seen(self, audience: str) -> Composition:
        """What those see who are about to see another picture: everyone's, where nobody watches the audience's."""
        own = self.of(audience)
        return own if own.watched else self._by_audience[EVERYONE]

    def _own(self, audience: str) -> Composition:
        """The picture that nobody but an audience has."""
        own = self._by_audience.get(audience)
        shared = own is None or list(self._by_audience.values()).count(own) > 1
        return self._new() if own is None or shared else own

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Set the tiles of all pictures anew; a pause for thought takes the speaker's pane from nobody."""
        spoke = speaker if speaker in seats else self._spoke
        self._spoke = spoke if spoke in seats else None
        for picture in self:
            picture.arrange(seats, self._spoke, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show chosen layouts whose cameras are ready; whether to arrange anew."""
        settled = [picture.settle(ready, now) for picture in self]
        return any(settled)

    @property
    def watched(self) -> frozenset[EaselKey]:
        """All that somebody watches."""
        return frozenset().union(*(picture.watched for picture in self))

    def due(self, now: float) -> bool:
        """Whether time alone asks for a new arrangement."""
        return any(picture.stage.due(now) for picture in self)
