"""The composed pictures of a room: one for each layout in use, shared by the audiences that watch it."""

from collections.abc import Callable, Iterator, Sequence, Set
from copy import copy
from dataclasses import replace
from datetime import datetime
from itertools import count

from mediaserver.api import CONTENT, EVERYONE, MAX_OVERLAYS, PART_OF, Layout, RoomOptions
from mediaserver.rtp.payload import SINGLE_NAL
from mediaserver.rtp.source import FlushQueue
from mediaserver.video.layout import Tile
from mediaserver.video.layout_state import LayoutState
from mediaserver.video.painter import CompositionJob, Encoded, PainterKey
from mediaserver.video.quality import LARGE, QUALITIES, RENDITIONS, SLIDES_RENDITIONS, USUAL, RenditionKey
from mediaserver.video.rendition import Rendition


def best_quality_step(takes: Callable[[str], bool]) -> int:
    """Return the highest step of quality that exists in a codec for which `takes` returns True."""
    return max((step for codec, step in RENDITIONS if takes(codec)), default=USUAL)


class Composition:
    """One composed picture: a layout and its renditions. The compositor's thread knows it by `number`."""

    def __init__(
        self, number: int, options: RoomOptions, flush_queue: FlushQueue, on_change: Callable[[], None]
    ) -> None:
        self.number = number
        self.overlay = ""
        """Lines of text over the picture."""
        self.without = ""
        """A seat whose camera and screen never stand in it; empty for none."""
        self.screens = True
        """Whether shared screens stand in it."""
        self.layout_state = LayoutState(options)
        self._large_layout_state = LayoutState(_enlarged(options))
        self.renditions = {
            (codec, step): Rendition(codec, flush_queue, on_change) for codec, step in (*RENDITIONS, *SLIDES_RENDITIONS)
        }

    def copy_from(self, other: "Composition") -> None:
        """Show what another composition shows, so that viewers who change to this one see no difference until a layout
        is chosen."""
        self.layout_state, self._large_layout_state = copy(other.layout_state), copy(other._large_layout_state)

    def choose(self, layout: Layout, now: float) -> None:
        """Set another layout."""
        if self.without:
            layout = _without(layout, self.without)
        for layout_state in (self.layout_state, self._large_layout_state):
            layout_state.choose(layout, now)

    def can_show(self, layout: Layout) -> bool:
        """Return whether an audience can be given this composition for `layout`: it shows that layout, or nobody
        watches it. One with an overlay, or with something left out, is nobody else's."""
        if self.overlay or self.without or not self.screens:
            return False
        return self.layout_state.shows(layout) if self.watched else self.layout_state.layout == layout

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Compute the tiles anew."""
        if self.without:
            seats = [seat for seat in seats if seat != self.without]
            speaker = None if speaker == self.without else speaker
            content = None if content == f"{CONTENT}:{self.without}" else content
        content = content if self.screens else None
        for layout_state in (self.layout_state, self._large_layout_state):
            layout_state.arrange(seats, speaker, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show a chosen layout once its cameras are ready, and return whether to arrange anew. While nobody watches, no
        camera is ready."""
        waiting = [each for each in (self.layout_state, self._large_layout_state) if each.waits]
        watched = bool(waiting) and bool(self.watched)
        settled = [layout_state.settle(lambda seat: watched and ready(seat), now) for layout_state in waiting]
        return any(settled)

    def settle_at_once(self, now: float) -> bool:
        """Show a chosen layout without waiting for cameras; return whether to arrange anew."""
        states = self.layout_state, self._large_layout_state
        settled = [layout_state.settle(lambda _: True, now) for layout_state in states]
        return any(settled)

    @property
    def watched(self) -> frozenset[PainterKey]:
        """Return the keys of the painters whose pictures somebody watches: the usual size, the large one, both or
        none."""
        steps = {step for (_, step), rendition in self.renditions.items() if rendition.sinks}
        return frozenset((self.number, step >= LARGE) for step in steps)

    def shows(self, seat: str, *, soon: bool = False) -> bool:
        """Return whether a seat's camera or screen stands in it; with `soon` also whether it is about to."""
        states = self.layout_state, self._large_layout_state
        tiles = (tile for each in states for tile in (*each.tiles, *(each.ahead if soon else ())))
        return any(tile.seat.rpartition(":")[2] == seat for tile in tiles)

    def shown(self) -> Iterator[Tile]:
        """Yield the tiles that somebody sees or is about to see."""
        for _, large in self.watched:
            layout_state = self._large_layout_state if large else self.layout_state
            yield from (*layout_state.ahead, *layout_state.tiles)

    def key(self, takes: Callable[[str], bool], step: int) -> RenditionKey | None:
        """Return the rendition at a step of quality, or the next lower one, in a codec for which `takes` returns True;
        else None."""
        codec = next((each for each in ("H264", "VP8", SINGLE_NAL) if takes(each)), None)
        if codec is None:
            return None
        return (codec, step) if (codec, step) in self.renditions else (codec, USUAL)

    def job(self, tick: int, now: float, utc: datetime, title: str, *, large: bool) -> CompositionJob | None:
        """Return the job to paint and encode this picture now; None while nobody watches."""
        wanted = {
            key: rendition.take_keyframe(now)
            for key, rendition in self.renditions.items()
            if rendition.sinks and (key[1] >= LARGE) is large
        }
        if not wanted:
            return None
        layout_state = self._large_layout_state if large else self.layout_state
        return CompositionJob(
            *(self.number, tick, layout_state.tiles, wanted),
            high=[key for key in wanted if self.renditions[key].high],
            heading=layout_state.heading(utc, title),
            large=large,
            overlay=self.overlay,
        )

    def publish(self, key: RenditionKey, encoded: Encoded, timestamp: int) -> None:
        """Send an encoded picture to everyone who watches its rendition."""
        self.renditions[key].publish(*encoded, timestamp)


def _without(layout: Layout, seat: str) -> Layout:
    """Return a layout without its pins of a seat's camera and screen."""
    return _unpinned(layout, lambda tile: tile in (seat, f"{CONTENT}:{seat}"))


def _unpinned(layout: Layout, leaves_out: Callable[[str], bool]) -> Layout:
    """Return a layout without its pins of tiles for which `leaves_out` returns True."""
    focus, *pins = (None if each is None or leaves_out(each) else each for each in (layout.focus, *layout.seats))
    return replace(layout, focus=focus, seats=tuple(pins))


def _is_screen(tile: str | None) -> bool:
    return tile is not None and tile.startswith(f"{CONTENT}:")


def shows_screen(layout: Layout) -> bool:
    """Return whether a layout has a pane for a shared screen."""
    return layout.kind == CONTENT or any(map(_is_screen, (layout.focus, *layout.seats)))


def _of_people(layout: Layout, before: Layout) -> Layout:
    """Return a layout without shared screens: in place of one made for them, that of `before`."""
    if layout.kind == CONTENT:
        layout = replace(layout, kind=before.kind, seats=before.seats, page=before.page, rotate=before.rotate)
    return _unpinned(layout, _is_screen)


def _enlarged(options: RoomOptions) -> RoomOptions:
    share = QUALITIES[LARGE].share
    return replace(options, width=round(options.width * share) & ~1, height=round(options.height * share) & ~1)


class Compositions:
    """All compositions of a room, by audience. Audiences without a layout watch everyone's; audiences with equal
    layouts share one.

    `on_change` is called when somebody begins to watch and when a layout is chosen, since there may be something to
    compose.
    """

    def __init__(self, options: RoomOptions, flush_queue: FlushQueue, on_change: Callable[[], None]) -> None:
        self._options = options
        self._flush_queue = flush_queue
        self._on_change = on_change
        self._numbers = count()
        self._by_audience = {EVERYONE: self._new()}
        self._derived: dict[str, str] = {}
        """The audience whose layout is shown with an overlay, or with something left out, by that of the composition
        that does so."""
        self._of_people: dict[str, Layout] = {}
        """The newest layout of each audience that is not made for a shared screen."""
        self._last_speaker: str | None = None
        """The visible seat that speaks or, while nobody does, spoke last."""

    def _new(self) -> Composition:
        return Composition(next(self._numbers), self._options, self._flush_queue, self._on_change)

    def __iter__(self) -> Iterator[Composition]:
        return iter(dict.fromkeys(self._by_audience.values()))

    def of(self, audience: str) -> Composition:
        """Return the composition an audience watches: its own, else that of the audience it is part of."""
        return self._by_audience.get(audience) or self.of(PART_OF.get(audience, EVERYONE))

    def shared_name(self, audience: str) -> str:
        """Return the audience by which other workers know the composition that an audience watches; empty where they
        know none such: one with an overlay, or with something left out."""
        watched = self.of(audience)
        named = (name for name, each in self._by_audience.items() if each is watched and name not in self._derived)
        return next(named, "")

    def shared(self, name: str) -> Composition | None:
        """Return the composition that other workers know by the name of an audience; None where it has none here."""
        return None if name in self._derived else self._by_audience.get(name)

    def by_number(self, number: int) -> Composition | None:
        """Return the composition with that number while an audience has it, else None."""
        return next((composition for composition in self if composition.number == number), None)

    def choose(self, audience: str, layout: Layout | None, now: float) -> None:
        """Give an audience a layout; None takes it back. A composition of its own is changed in place, without key
        frames.

        A composition that nobody watches yet begins with what the audience sees now, and waits for its cameras.
        """
        self._on_change()
        seen = self._current_composition(audience)
        if layout is None:
            self._of_people.pop(audience, None)
            if audience != EVERYONE:
                self._by_audience.pop(audience, None)
            composition = self.of(audience)
            layout = composition.layout_state.layout
        else:
            if layout.kind != CONTENT:
                self._of_people[audience] = layout
            equal = next((composition for composition in self if composition.can_show(layout)), None)
            composition = self._by_audience[audience] = equal or self._own_composition(audience)
        if not composition.watched:
            composition.copy_from(seen)
        composition.choose(layout, now)
        for key in self._derived:
            self._derive(key, now)

    def _derive(self, key: str, now: float) -> None:
        """Give a derived composition the layout that its audience has."""
        own, shown_to = self._by_audience[key], self._derived[key]
        layout = self.of(shown_to).layout_state.layout
        own.choose(layout if own.screens else _of_people(layout, self._layout_of_people(shown_to)), now)

    def _layout_of_people(self, audience: str) -> Layout:
        """Return the newest layout of an audience, or of that which it is part of, that is not made for a screen."""
        if audience in self._of_people or audience == EVERYONE:
            return self._of_people.get(audience, Layout())
        return self._layout_of_people(PART_OF.get(audience, EVERYONE))

    def show_overlay(self, audience: str, text: str, now: float) -> str:
        """Return the audience of a composition that shows an audience's picture with an overlay; empty if there are too
        many."""
        key = f"overlay:{audience}:{text}"
        if key not in self._derived:
            if sum(bool(self._by_audience[each].overlay) for each in self._derived) >= MAX_OVERLAYS:
                return ""
            shown, own = self.of(audience), self._new()
            own.overlay, own.without, own.screens = text, shown.without, shown.screens
            own.copy_from(shown)
            self._by_audience[key], self._derived[key] = own, audience
            self._derive(key, now)
        return key

    def leave_out(self, audience: str, now: float, *, seat: str = "", screens: bool = False) -> str:
        """Return the audience of a composition that shows the layout of an audience without a seat's camera and screen,
        and without anybody's screen with `screens`; :meth:`arrange` follows."""
        key = f"without:{seat}:{screens}:{audience}"
        if key not in self._derived:
            own = self._new()
            own.without, own.screens = seat, not screens
            if not screens:
                own.copy_from(self.of(audience))
            self._by_audience[key], self._derived[key] = own, audience
            self._derive(key, now)
        return key

    def keep_derived(self, used: Set[str]) -> None:
        """Drop the compositions with overlays, and those with something left out, but those of these audiences."""
        for key in self._derived.keys() - used:
            del self._by_audience[key], self._derived[key]

    def _current_composition(self, audience: str) -> Composition:
        """Return what the viewers see now who are about to change: everyone's composition where nobody watches the
        audience's."""
        own = self.of(audience)
        return own if own.watched else self._by_audience[EVERYONE]

    def _own_composition(self, audience: str) -> Composition:
        """Return the composition that no other audience has, making one if needed."""
        own = self._by_audience.get(audience)
        shared = own is None or list(self._by_audience.values()).count(own) > 1
        return self._new() if own is None or shared else own

    def arrange(self, seats: Sequence[str], speaker: str | None, now: float, content: str | None = None) -> None:
        """Compute the tiles of all compositions anew. While nobody speaks, the last speaker keeps the speaker's
        pane."""
        last_speaker = speaker if speaker in seats else self._last_speaker
        self._last_speaker = last_speaker if last_speaker in seats else None
        for composition in self:
            composition.arrange(seats, self._last_speaker, now, content)

    def settle(self, ready: Callable[[str], bool], now: float) -> bool:
        """Show chosen layouts whose cameras are ready; return whether to arrange anew."""
        settled = [composition.settle(ready, now) for composition in self]
        return any(settled)

    def close(self) -> None:
        """Forget the packets of all renditions."""
        for composition in self:
            for rendition in composition.renditions.values():
                rendition.forget_packets()

    @property
    def watched(self) -> frozenset[PainterKey]:
        """Return the keys of all painters whose pictures somebody watches."""
        return frozenset().union(*(composition.watched for composition in self))

    def due(self, now: float) -> bool:
        """Return whether the passing of time alone requires a new arrangement."""
        return any(composition.layout_state.due(now) for composition in self)
