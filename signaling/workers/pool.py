"""Several media workers as one engine: places rooms, and tells which rooms a dead worker took with it.

A room lives in one worker, the one with the fewest seats when it was opened; one that is to be recorded prefers those
that see the folder of recordings. When a worker dies the files it recorded into and its rooms are reported lost, and
the rooms reported back as soon as some worker can take them; the roof then opens them again from its own state. A
worker that comes with rooms, since it was served by an earlier server or lost the way to this one, keeps those that
live nowhere else. How recordings ended meanwhile it tells each server that comes, until one has noted that.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from mediaserver.api import (
    EVERYONE,
    CameraWanted,
    ConnectionQuality,
    EngineLost,
    EngineReady,
    Event,
    Held,
    Layout,
    Levels,
    MediaEngine,
    PeerDown,
    PeerUp,
    RecordingEnded,
    RecordingFailed,
    RoomOptions,
    RoomState,
    SeatOptions,
    Speaking,
)
from mediaserver.errors import CannotRecord, EngineGone, EngineLate, MediaError, TooLarge, UnknownRoom

log = logging.getLogger(__name__)

EVENTS = 10_000
"""Events that may wait for the roof; a full queue slows the workers' readers down, nothing is dropped."""

RoomEvent = PeerUp | PeerDown | Speaking | Levels | CameraWanted | RecordingFailed | RecordingEnded


@dataclass(frozen=True, slots=True)
class RoomLost(EngineLost):
    """The worker of this room died; others live on."""

    room: str


@dataclass(frozen=True, slots=True)
class RecordingLost(EngineLost):
    """The worker that recorded into this file died, wherever the room lives now."""

    room: str
    path: str


@dataclass(frozen=True, slots=True)
class RoomBack(EngineReady):
    """A worker can take this room: open it again."""

    room: str


@dataclass(frozen=True, slots=True)
class RoomHeld(EngineReady):
    """A worker came that holds this room: it is not lost."""

    room: str


class WorkerPool:
    """A media engine made of engines."""

    def __init__(self) -> None:
        self._engines: dict[str, MediaEngine] = {}
        self._recorders: set[str] = set()
        self._places: dict[str, str] = {}
        self._seats: dict[str, set[str]] = {}
        self._files: dict[str, tuple[str, str]] = {}
        """By path that is recorded into: the worker that does, and its room. Nobody else is believed about it."""
        self._ending: dict[str, str] = {}
        """By path whose end was told and is not noted yet: the worker that told it."""
        self._recorded: set[str] = set()
        """Rooms that are to be recorded, or are."""
        self._waiting: dict[str, RoomBack] = {}
        """By room without a worker: what tells that one can take it; what told so of an earlier loss is void."""
        self._events: asyncio.Queue[Event] = asyncio.Queue(EVENTS)

    async def take(self, name: str, engine: MediaEngine, records: bool = True) -> None:
        """Take a worker in with the rooms it holds; `records`: it sees the folder of recordings. Raises MediaError."""
        held = await engine.held()
        self._engines[name] = engine
        if records:
            self._recorders.add(name)
        try:
            for room in held.rooms:
                await self._hold(name, room)
            ended = {end.path: end.room for end in held.ended}
            for path, room in {**held.writing, **ended}.items() if records else ():
                if Path(path).parent.name == room:
                    self._files.setdefault(path, (name, room))
            for end in held.ended:
                if self._credible(name, end):
                    await self._events.put(end)
        except BaseException:
            await self._forget(name)
            raise

    async def _hold(self, name: str, room: str) -> None:
        """Take in a room; one that lives elsewhere by now is closed, and so is one that cannot be told."""
        engine = self._engines[name]
        try:
            state = None if room in self._places else await engine.room_state(room)
        except (TooLarge, UnknownRoom) as error:
            log.error("x the room %s of media worker %s is not taken in: %s", room, name, error)
            state = None
        if state is None:
            await engine.close_room(room)
            return
        self._waiting.pop(room, None)
        self._places[room], self._seats[room] = name, {seat.options.seat for seat in state.seats}
        await self._events.put(RoomHeld(room))

    async def serve(self, name: str) -> None:
        """Pass the events of a worker on that was taken in, until it is lost."""
        engine = self._engines[name]
        try:
            for room, back in list(self._waiting.items()):
                if name in self._able(room):
                    await self._events.put(back)
            async for event in engine.events():
                if isinstance(event, EngineLost):
                    break
                if isinstance(event, EngineReady):
                    continue
                if self._credible(name, event):
                    await self._events.put(event)
        finally:
            await self._forget(name)

    async def _forget(self, name: str) -> None:
        """A worker is gone."""
        del self._engines[name]
        self._recorders.discard(name)
        await self._lose(name)

    def _credible(self, name: str, event: RoomEvent) -> bool:
        """Whether a worker may say so: of its own files, and of its own rooms or those that live nowhere.

        A slow disk lets go of a file when its room has long moved.
        """
        if not isinstance(event, RecordingFailed | RecordingEnded):
            return self._places.get(event.room, name) == name
        own = self._files.get(event.path) == (name, event.room)
        if own and isinstance(event, RecordingEnded):
            del self._files[event.path]
            self._ending[event.path] = name
        return own

    async def _lose(self, name: str) -> None:
        files = [RecordingLost(room, path) for path, (owner, room) in self._files.items() if owner == name]
        self._ending = {path: owner for path, owner in self._ending.items() if owner != name}
        for file in files:
            del self._files[file.path]
            await self._events.put(file)
        lost = {room: RoomBack(room) for room, place in self._places.items() if place == name}
        self._waiting |= lost
        for room in lost:
            del self._places[room]
            self._seats.pop(room, None)
        for room in lost:
            await self._events.put(RoomLost(room))
        for room, back in lost.items():
            if self._able(room):
                await self._events.put(back)

    @property
    def alive(self) -> int:
        """How many workers take rooms."""
        return len(self._engines)

    def place(self, room: str) -> str | None:
        """Return the worker of a room."""
        return self._places.get(room)

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room on the worker with the fewest seats that can take it; without one it waits for one."""
        if room not in self._places:
            self._waiting.setdefault(room, RoomBack(room))
            (self._recorded.add if options.recorded else self._recorded.discard)(room)
            able = self._able(room)
            if not able:
                raise EngineGone("no media worker is running that can take this room")
            self._places[room] = min(able, key=self._load)
            del self._waiting[room]
            self._seats[room] = set()
        await self._of(room).open_room(room, options)

    def _able(self, room: str) -> set[str]:
        """The workers that can take a room."""
        return self._engines.keys() & self._recorders if room in self._recorded else set(self._engines)

    def _load(self, name: str) -> tuple[int, int, str]:
        rooms = [room for room, place in self._places.items() if place == name]
        return sum(len(self._seats[room]) for room in rooms), len(rooms), name

    def _of(self, room: str) -> MediaEngine:
        if room in self._places:
            return self._engines[self._places[room]]
        if room in self._waiting:
            raise EngineGone("the media worker of this room is being replaced")
        raise UnknownRoom(room)

    async def close_room(self, room: str) -> None:
        """Close a room wherever it is."""
        self._waiting.pop(room, None)
        self._recorded.discard(room)
        self._seats.pop(room, None)
        place = self._places.pop(room, None)
        if place is not None:
            await self._engines[place].close_room(room)

    async def set_names(self, room: str, title: str, names: Mapping[str, str]) -> None:
        """Change the title, and the names of those who are away."""
        await self._of(room).set_names(room, title, names)

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Seat a leg."""
        engine = self._of(room)
        self._seats[room].add(options.seat)
        await engine.add_seat(room, options)

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a leg."""
        engine = self._of(room)
        self._seats[room].discard(seat)
        await engine.remove_seat(room, seat)

    async def connect(self, room: str, seat: str, offer: str, plain: bool = False) -> str:
        """Answer an offer."""
        return await self._of(room).connect(room, seat, offer, plain)

    async def invite(self, room: str, seat: str, host: str = "") -> str:
        """Offer a room system everything."""
        return await self._of(room).invite(room, seat, host)

    async def accept(self, room: str, seat: str, answer: str) -> None:
        """Take a room system's answer."""
        await self._of(room).accept(room, seat, answer)

    async def refresh_picture(self, room: str, seat: str) -> None:
        """Send a seat a key frame."""
        await self._of(room).refresh_picture(room, seat)

    async def set_floor(self, room: str, seat: str, open_: bool) -> None:
        """Open or close a floor."""
        await self._of(room).set_floor(room, seat, open_)

    async def set_gain(self, room: str, seat: str, decibels: float) -> None:
        """Make a voice louder or softer."""
        await self._of(room).set_gain(room, seat, decibels)

    async def set_layout(self, room: str, layout: Layout | None, audience: str = EVERYONE) -> None:
        """Arrange a picture."""
        await self._of(room).set_layout(room, layout, audience)

    async def set_content(self, room: str, seat: str | None) -> None:
        """Show somebody's shared screen."""
        await self._of(room).set_content(room, seat)

    async def set_view(self, room: str, seat: str, source: str, lines: int = 0) -> None:
        """Show a seat another source."""
        await self._of(room).set_view(room, seat, source, lines)

    async def start_recording(self, room: str, path: str) -> None:
        """Start recording. Raises CannotRecord."""
        engine = self._of(room)
        if self._places[room] not in self._recorders:
            raise CannotRecord("the folder of recordings is not seen on the machine of this room")
        self._files[path] = self._places[room], room
        self._recorded.add(room)
        try:
            await engine.start_recording(room, path)
        except EngineLate:
            raise  # it may still begin
        except MediaError:
            self._files.pop(path, None)
            raise

    async def pause_recording(self, room: str, paused: bool) -> None:
        """Pause or resume the recording."""
        await self._of(room).pause_recording(room, paused)

    async def record_voices(self, room: str, on: bool) -> None:
        """Keep the sound of each point, or no longer."""
        await self._of(room).record_voices(room, on)

    async def recorded(self, room: str) -> float | None:
        """How many seconds are recorded so far."""
        return await self._of(room).recorded(room)

    async def stop_recording(self, room: str) -> None:
        """Stop recording."""
        await self._of(room).stop_recording(room)

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """How the line of each connected seat is."""
        return await self._of(room).lines(room)

    async def held(self) -> Held:
        """What the workers hold that answer, each of its own."""
        names = list(self._engines)
        found = await asyncio.gather(*(self._engines[name].held() for name in names), return_exceptions=True)
        answers = [(name, each) for name, each in zip(names, found, strict=True) if isinstance(each, Held)]
        rooms = tuple(room for name, each in answers for room in each.rooms if self.place(room) == name)
        writing = {path: room for path, (_, room) in self._files.items()}
        ended = tuple(end for name, each in answers for end in each.ended if self._ending.get(end.path) == name)
        return Held(rooms, writing, ended)

    async def room_state(self, room: str) -> RoomState:
        """What a server that takes over has to know of a room."""
        return await self._of(room).room_state(room)

    async def noted(self, path: str) -> None:
        """The end of a recording is on a disk: its worker need not tell it again."""
        name = self._ending.pop(path, None)
        if name is not None:
            await self._engines[name].noted(path)

    async def stats(self) -> dict[str, object]:
        """Return the counters of each worker that answers under its name, and whether it `records`."""
        names = sorted(self._engines)
        found = await asyncio.gather(*(self._engines[name].stats() for name in names), return_exceptions=True)
        answers = {name: stats for name, stats in zip(names, found, strict=True) if isinstance(stats, dict)}
        return {name: {**stats, "records": name in self._recorders} for name, stats in answers.items()}

    async def events(self) -> AsyncIterator[Event]:
        """What happened in all workers; a room that is open again is not told back once more."""
        while True:
            event = await self._events.get()
            if not isinstance(event, RoomBack) or self._waiting.get(event.room) is event:
                yield event

    async def close(self) -> None:
        """Hang up on every worker."""
        await asyncio.gather(*(engine.close() for engine in self._engines.values()), return_exceptions=True)
