"""The composed pictures of a room: one for each arrangement in use, whoever watches it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import count

from mediaserver.api import EVERYONE, Layout, RoomOptions
from mediaserver.mix.easel import Encoded, Scene
from mediaserver.mix.quality import RENDITIONS, RenditionKey
from mediaserver.mix.stage import Stage
from mediaserver.rendition import Rendition
from mediaserver.tracks import Dirty


class Picture:
    """One arrangement and the renditions of it; `number` names it in the composer's thread."""

    def __init__(self, number: int, options: RoomOptions, dirty: Dirty) -> None:
        # given
        self.number = number
        # owned
        self.stage = Stage(options)
        self.renditions = {(codec, step): Rendition(codec, dirty) for codec, step in RENDITIONS}

    @property
    def watched(self) -> bool:
        """Whether anybody does."""
        return any(rendition.sinks for rendition in self.renditions.values())

    def source(self, takes: Callable[[str], bool], step: int) -> Rendition | None:
        """The rendition for who decodes what `takes` says, at a step of quality."""
        return next((self.renditions[codec, step] for codec in ("H264", "VP8") if takes(codec)), None)

    def scene(self, tick: int, utc: datetime) -> Scene | None:
        """What is to be painted and encoded now; None while nobody watches."""
        wanted = {key: rendition.take_keyframe() for key, rendition in self.renditions.items() if rendition.sinks}
        if not wanted:
            return None
        return Scene(self.number, tick, self.stage.tiles, wanted, self.stage.heading(utc))

    def publish(self, key: RenditionKey, encoded: Encoded, timestamp: int) -> None:
        """Send what was encoded."""
        self.renditions[key].publish(*encoded, timestamp)


class Pictures:
    """Who watches which; audiences with equal layouts share a picture, those without a layout watch everyone's."""

    def __init__(self, options: RoomOptions, dirty: Dirty) -> None:
        # given
        self._options = options
        self._dirty = dirty
        # owned
        self._numbers = count()
        self._by_audience = {EVERYONE: self._new()}

    def _new(self) -> Picture:
        return Picture(next(self._numbers), self._options, self._dirty)

    def __iter__(self) -> Iterator[Picture]:
        return iter(dict.fromkeys(self._by_audience.values()))

    def of(self, audience: str) -> Picture:
        """What an audience watches."""
        return self._by_audience.get(audience) or self._by_audience[EVERYONE]

    def numbered(self, number: int) -> Picture | None:
        """A picture by its number, while somebody has it."""
        return next((picture for picture in self if picture.number == number), None)

    def choose(self, audience: str, layout: Layout | None, now: float) -> None:
        """Give an audience a layout; None takes it back. Its own picture is changed in place, without key frames."""
        if layout is None:
            if audience != EVERYONE:
                self._by_audience.pop(audience, None)
            return
        equal = next((picture for picture in self if picture.stage.layout == layout), None)
        if equal is None:
            equal = self._own(audience)
            equal.stage.choose(layout, now)
        self._by_audience[audience] = equal

    def _own(self, audience: str) -> Picture:
        """The picture that nobody but an audience has."""
        own = self._by_audience.get(audience)
        shared = own is None or list(self._by_audience.values()).count(own) > 1
        return self._new() if own is None or shared else own

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float) -> None:
        """Set the tiles of all pictures anew."""
        for picture in self:
            picture.stage.arrange(seats, speaker, now)

    def due(self, now: float) -> bool:
        """Whether time alone asks for a new arrangement."""
        return any(picture.stage.due(now) for picture in self)
