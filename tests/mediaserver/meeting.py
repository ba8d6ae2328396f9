"""A small meeting of real peers: every guest sends one colour and one tone, and decodes what it receives."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache

import numpy as np

from loadtest.endpoint.decoder import Decoder, Samples
from loadtest.endpoint.endpoint import Endpoint
from loadtest.endpoint.sdp_offer import OfferOptions
from loadtest.media.clip import Clip, Codec, EncodedPicture, Material, make_clip
from loadtest.media.tone import RATE_HZ, encode_tone
from mediaserver.api import COMPOSED, EVERYONE, Event, Layout, MediaEngine, RecordingEnded, RoomOptions, SeatOptions
from mediaserver.transport.dtls import make_certificate
from mediaserver.video.layout import arrange
from tests.mediaserver import pictures

ROOM = "room"
OPTIONS = RoomOptions(320, 180, 25)
PATIENCE_S = 30.0
"""Longest wait for anything, in seconds: long enough for a busy machine."""

SIZES = {1: [(320, 180)], 3: [(160, 90), (320, 180), (640, 360)]}
COLOURS = {"red": pictures.RED, "green": pictures.GREEN, "blue": pictures.BLUE}
_RGB = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255)}

CERTIFICATE = make_certificate()


@cache
def clip(codec: Codec, colour: str, size: tuple[int, int]) -> Clip:
    """Return half a second of one colour."""
    frames = pictures.coded(codec, COLOURS[colour], 12, size)
    return make_clip(codec, *size, [EncodedPicture(frame.data, frame.keyframe) for frame in frames])


@cache
def voice(hertz: int) -> tuple[bytes, ...]:
    """Return two seconds of a tone, as Opus packets."""
    return encode_tone(hertz)


def material(colour: str, hertz: int) -> Material:
    """Return the sound and the pictures that a guest sends."""
    return Material(voice(hertz), lambda codec, layers: tuple(clip(codec, colour, size) for size in SIZES[layers]))


class WatchingDecoder(Decoder):
    """A decoder that wakes its waiters with every packet."""

    def __init__(self) -> None:
        super().__init__()
        self.packet_added = asyncio.Event()

    def packet(self, codec: str, data: memoryview, length: int, received_at: float) -> bool:
        needed = super().packet(codec, data, length, received_at)
        self.packet_added.set()
        return needed

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until a condition is true; it is checked after every packet."""
        async with asyncio.timeout(PATIENCE_S):
            while not true():
                self.packet_added.clear()
                await self.packet_added.wait()

    async def more(self, pictures: int = 25) -> None:
        """Wait for so many more pictures."""
        wanted = self.pictures + pictures
        await self.until(lambda: self.pictures >= wanted)

    def colour(self, x: float = 0.5, y: float = 0.5) -> str:
        """Return the name of the colour at a place, given in shares of the picture; "" for any other colour."""
        if self.picture is None:
            return ""
        rows, columns, _ = self.picture.shape
        pixel = self.picture[int(y * rows), int(x * columns)].astype(int)
        near = (name for name, rgb in _RGB.items() if max(abs(pixel - np.array(rgb))) < 80)
        return next(near, "")

    @property
    def size(self) -> tuple[int, ...]:
        """Return width and height of the newest picture."""
        return self.picture.shape[1::-1] if self.picture is not None else ()

    def tones(self) -> set[int]:
        """Return the frequencies of `HERTZ` that were heard in the last half second."""
        return tones(self.sound()[-RATE_HZ // 2 :])

    def forget_sound(self) -> None:
        """Drop the sound received so far."""
        self._sound.clear()

    async def hear(self) -> set[int]:
        """Return the tones of the next half second."""
        self.forget_sound()
        await self.until(lambda: len(self.sound()) >= RATE_HZ // 2)
        return self.tones()

    async def hears(self, *hertz: int) -> None:
        """Wait for the first half second in which these tones are heard and no others: on a busy machine sound that is
        late breaks off, with a click that has any tone in it."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.hear() != {*hertz}:
                pass

    async def listen(self, seconds: float = 1.5) -> set[int]:
        """Return the tones of the next `seconds`, also of a silence, in which hardly anything is sent."""
        self.forget_sound()
        await asyncio.sleep(seconds)
        return tones(self.sound())

    async def silence(self) -> None:
        """Wait for the first second and a half in which none of `HERTZ` is heard."""
        async with asyncio.timeout(PATIENCE_S):
            while await self.listen():
                pass


HERTZ = (440, 660, 1000, 1500)


def tones(samples: Samples) -> set[int]:
    """Return those of `HERTZ` that are in a sound; a fiftieth of a guest's amplitude counts."""
    moments = np.arange(len(samples)) / RATE_HZ
    window = np.hanning(len(samples))
    found = set()
    for hertz in HERTZ:
        amplitude = abs((samples * window * np.exp(-2j * np.pi * hertz * moments)).sum()) / max(1.0, window.sum()) * 2
        if amplitude > 0.005 * 32767:
            found.add(hertz)
    return found


@dataclass(slots=True)
class Guest:
    """One seat of the meeting and its endpoint."""

    seat: str
    colour: str
    hertz: int
    endpoint: Endpoint
    watch: WatchingDecoder

    @property
    def pictures(self) -> int:
        """Return the number of pictures received, decoded or not."""
        return self.endpoint.counters.picture().frames


@dataclass
class Meeting:
    """A room of an engine, its guests, and everything that happened."""

    engine: MediaEngine
    options: RoomOptions = OPTIONS
    events: list[Event] = field(default_factory=list)
    guests: dict[str, Guest] = field(default_factory=dict)
    seats: list[str] = field(default_factory=list)
    _endpoints: list[Endpoint] = field(default_factory=list)
    _event_added: asyncio.Event = field(default_factory=asyncio.Event)
    _reading: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the room and listen to events."""
        self._reading = asyncio.ensure_future(self._read())
        await self.engine.open_room(ROOM, self.options)

    def follow(self, engine: MediaEngine) -> None:
        """Continue with the engine of another server, whose events are read from now on."""
        self.engine = engine
        self._reading = asyncio.ensure_future(self._read())

    async def _read(self) -> None:
        async for event in self.engine.events():
            self.events.append(event)
            self._event_added.set()

    async def happened(self, event: Event) -> None:
        """Wait for an event."""
        async with asyncio.timeout(PATIENCE_S):
            while event not in self.events:
                self._event_added.clear()
                await self._event_added.wait()

    async def recorded(self) -> RecordingEnded:
        """Wait for the end of a recording, and take it off the events."""
        async with asyncio.timeout(PATIENCE_S):
            while (found := next((e for e in self.events if isinstance(e, RecordingEnded)), None)) is None:
                self._event_added.clear()
                await self._event_added.wait()
        self.events.remove(found)
        return found

    async def join(
        self,
        seat: str,
        colour: str,
        hertz: int,
        *,
        floor: bool = False,
        view: str = COMPOSED,
        offered: OfferOptions | None = None,
        visible: bool = True,
        audience: str = EVERYONE,
    ) -> Guest:
        """Seat a guest and connect it."""
        options = SeatOptions(seat, f"Điểm cầu {seat}", visible, audience, floor, view=view)
        await self.engine.add_seat(ROOM, options)
        self.seats += [seat] if visible else []
        return await self.connect(seat, colour, hertz, offered)

    async def connect(self, seat: str, colour: str, hertz: int, offered: OfferOptions | None = None) -> Guest:
        """Give a seat a new endpoint."""
        watch = WatchingDecoder()
        endpoint = Endpoint(CERTIFICATE, material(colour, hertz), offered or OfferOptions(layers=1), watch)
        self._endpoints.append(endpoint)
        self.guests[seat] = guest = Guest(seat, colour, hertz, endpoint, watch)
        await endpoint.connect(await self.engine.connect(ROOM, seat, endpoint.offer()))
        return guest

    def shows(self, guest: Guest, seat: str, layout: Layout | None = None, colour: str | None = None) -> bool:
        """Return whether a guest sees a seat's colour in its tile."""
        width, height = self.options.width, self.options.height
        tiles = arrange(layout or Layout(), self.seats, None, width, height)
        tile = next(tile for tile in tiles if tile.seat == seat)
        x, y = (tile.x + tile.width / 2) / width, (tile.y + tile.height / 2) / height
        return guest.watch.colour(x, y) == (self.guests[seat].colour if colour is None else colour)

    async def all_seen(self) -> None:
        """Wait until everybody sees everybody."""
        for guest in self.guests.values():
            await guest.watch.until(lambda g=guest: all(self.shows(g, seat) for seat in self.seats))  # type: ignore[misc]

    async def close(self) -> None:
        """Close all endpoints and the engine."""
        await asyncio.gather(*(endpoint.close() for endpoint in self._endpoints))
        await self.engine.close()
        if self._reading is not None:
            self._reading.cancel()


def warnings(records: list[logging.LogRecord]) -> list[str]:
    """Return the messages of warnings and errors."""
    return [record.getMessage() for record in records if record.levelno >= logging.WARNING]
