"""Several media workers as one engine: places rooms on workers, and reports the rooms of a dead worker as lost.

A room lives in one worker, the one with the fewest reserved seats when it was opened (`placement.py`); one that is to
be recorded prefers those that see the folder of recordings. When a worker dies the files it recorded into and its rooms
are reported lost, and the rooms reported back as soon as some worker can take them; the server then opens them again
from its own state. A worker that comes with rooms, since it was served by an earlier server or lost its connection to
this one, keeps those that live nowhere else. It reports how recordings ended meanwhile to each server, until one has
acknowledged that.

A room with more seats than one worker carries is shared with others (`shared_rooms.py`); what was said above of its
worker holds for its home.

A worker that is drained takes no more rooms. Each of its rooms moves, as do those whose recording their worker cannot
write any more: it is opened on another worker, which gets all commands from then on, and stays open where it was until
everybody has come over. Of a shared room only the seats at that worker move to others, one by one as they connect
there, and the home to a guest.
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

from mediaserver.api import (
    CameraControllable,
    CameraWanted,
    Caption,
    CaptionsState,
    ComposedWhen,
    ConnectionQuality,
    DigitPressed,
    EngineLost,
    EngineReady,
    Event,
    FloorDecided,
    Held,
    KeyframeWanted,
    Levels,
    MediaElsewhere,
    MediaEngine,
    PeerDown,
    PeerUp,
    ProbeTarget,
    RecordingEnded,
    RecordingFailed,
    RoomOptions,
    RoomState,
    SeatOptions,
    ShareAsked,
    Speaking,
    TilesForwarded,
)
from mediaserver.errors import (
    CannotRecord,
    EngineGone,
    EngineLate,
    MediaError,
    TooLarge,
    UnknownCall,
    UnknownRoom,
)
from mediaserver.rpc.commands import EngineCommands
from signaling.core.errors import NoPlaceElsewhere, NotFound
from signaling.workers import placement
from signaling.workers.placement import PlacedRoom
from signaling.workers.shared_rooms import SharedRooms, gathered
from signaling.workers.traced_engine import traced

log = logging.getLogger(__name__)

EVENTS = 10_000
"""Events that may wait for the server; a full queue slows the readers of workers down, nothing is dropped."""

RECORDING_CALLS = frozenset({"pause_recording", "record_voices", "recorded", "stop_recording"})
"""Commands that go where a moving room is recorded."""
CALLS_EVERYWHERE = frozenset({"set_names", "set_layout", "set_content", "set_floor", "set_gain", "remove_seat"})
"""Commands that all workers of a shared room get."""
CALLS_THAT_CONNECT = frozenset({"connect", "invite", "move_in", "accept"})
"""Commands that go where a moving seat is to connect, while all others go where it was."""
CALLS_AT_HOME = RECORDING_CALLS | {"set_captions"}
"""Commands that its home alone gets; others go to the worker of their seat."""
CALLS_IN_BOTH = frozenset({"remove_seat", "set_floor"})
"""Commands that a moving room obeys at once where it was, too: nobody is heard, or stays, against the chair's will."""

SeatEvent = (
    PeerUp
    | PeerDown
    | CameraWanted
    | DigitPressed
    | ShareAsked
    | FloorDecided
    | MediaElsewhere
    | KeyframeWanted
    | CameraControllable
    | TilesForwarded
)
"""What the worker says that has the transport of a seat."""
RoomEvent = SeatEvent | Speaking | Levels | Caption | CaptionsState | RecordingFailed | RecordingEnded


@dataclass(frozen=True, slots=True)
class RoomLost(EngineLost):
    """The worker of this room died; other workers go on."""

    room: str


@dataclass(frozen=True, slots=True)
class SeatsLost(EngineLost):
    """The worker that had the transports of these seats died; the room goes on, and other workers take them."""

    room: str
    seats: tuple[str, ...]


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
    """A worker joined that holds this room: the room is not lost.

    `doubled`: another worker held it, too, where it is closed now; who is connected there has to connect anew.
    """

    room: str
    doubled: bool = False


class WorkerPool(EngineCommands):
    """A media engine made of media engines."""

    def __init__(self) -> None:
        self._leaving = False
        self.reserved: Callable[[str], int] = lambda room: 0
        """Returns how many seats are booked for a room, also before they are taken."""
        self.most_seats = 0
        """Number of seats that all workers carry together, each as many; 0: no room is shared."""
        self._engines: dict[str, MediaEngine] = {}
        self._shared = SharedRooms(self._engines)
        self._recorders: set[str] = set()
        self._places: dict[str, str] = {}
        self._seats: dict[str, set[str]] = {}
        self._files: dict[str, tuple[str, str]] = {}
        """The worker that records into a file, and its room, by path. Events of other workers about it are ignored."""
        self._ending: dict[str, str] = {}
        """The worker that reported the end of a file which is not acknowledged yet, by path."""
        self._clocks: dict[str, float] = {}
        """By how many seconds the clock of a worker was ahead of ours at its last answer, by name."""
        self._recorded: set[str] = set()
        """Rooms that are to be recorded, or are."""
        self._found: dict[str, float] = {}
        """How many seats were connected in rooms that a worker brought; infinite once anything was asked about one."""
        self._waiting: dict[str, RoomBack] = {}
        """The event that announces a worker for a waiting room, by room; one of an earlier loss is void."""
        self._drained: set[str] = set()
        self.deciding = asyncio.Lock()
        """Is held while what is drained here and what stands in the database are brought together."""
        """Names of workers that take no more rooms, and of machines whose workers do not."""
        self._left: dict[str, str] = {}
        """The worker on which a room that moves is still open, by room."""
        self._moving: dict[tuple[str, str], str] = {}
        """The workers to which seats of shared rooms move, by room and seat."""
        self._kept: dict[str, str] = {}
        """What workers keep for later servers."""
        self._events: asyncio.Queue[Event] = asyncio.Queue(EVENTS)
        self._tasks: set[asyncio.Task[None]] = set()

    async def take(self, name: str, engine: MediaEngine, records: bool = True) -> None:
        """Add a worker with its rooms; `records`: it sees the folder of recordings. Raises MediaError."""
        held = await engine.held()
        engine = self._engines[name] = traced(name, engine)
        if records:
            self._recorders.add(name)
        try:
            await self._share_kept(engine, held)
            await self._shared.arrived(name)
            for room in held.rooms:
                await self._take_room(name, room)
            ended = {end.path: end.room for end in held.ended}
            for path, room in {**held.writing, **ended}.items() if records else ():
                if Path(path).parent.name == room:
                    self._files.setdefault(path, (name, room))
            for end in held.ended:
                if self._is_credible(name, end):
                    await self._events.put(end)
        except BaseException:
            await self._forget(name)
            raise

    async def _take_room(self, name: str, room: str) -> None:
        """Take over a room of a worker; close one that lives elsewhere by now, or whose state cannot be read.

        A room that two workers bring, since their server died while it moved, stays where more are connected.
        """
        engine = self._engines[name]
        try:
            state = await engine.room_state(room) if room in self._found or room not in self._places else None
        except (TooLarge, UnknownRoom) as error:
            log.error("x room %s of media worker %s cannot be taken over: %s", room, name, error)
            state = None
        if state is not None and state.home:
            await self._take_guest(name, room)
            return
        other, connected = self._places.get(room), 0 if state is None else sum(seat.up for seat in state.seats)
        doubled = other is not None and room in self._found
        if state is None or (other is not None and connected <= self._found.get(room, inf)):
            if doubled:
                await self._events.put(RoomHeld(room, doubled))
            await engine.close_room(room)
            return
        self._waiting.pop(room, None)
        self._places[room], self._seats[room] = name, {seat.options.seat for seat in state.seats}
        self._found[room] = connected
        guests, others = self._shared.found_home(room, state)
        await self._events.put(RoomHeld(room, doubled))
        if other is not None:
            with suppress(MediaError):  # it is gone, and the room with it
                await self._engines[other].close_room(room)
        await self._shared.close_at(room, others)
        for guest in guests:
            self._spawn(self._adopt(guest, room))

    async def _take_guest(self, name: str, room: str) -> None:
        """Take over a room of which a worker is a guest; close one that is shared with it no longer. The home may be
        still to come."""
        if room not in self._places:
            self._shared.found_guest(room, name)
        elif name in self._shared.guests(room):
            self._spawn(self._adopt(name, room))
        else:
            await self._engines[name].close_room(room)

    async def _adopt(self, guest: str, room: str) -> None:
        """Go on with a guest of an earlier server: bring it up to date, and tell who is connected there."""
        try:
            async with self._shared.lock(room):
                connected = await self._shared.adopt(room, self._place_of(room), guest)
        except MediaError as error:
            log.warning("x media worker %s cannot go on with room %s: %s", guest, room, error)
            return
        for seat in connected:
            await self._events.put(PeerUp(room, seat))

    def _place_of(self, room: str) -> str:
        """Return the worker of a room, or its home. Raises EngineGone."""
        if room not in self._places:
            raise EngineGone(f"room {room} is on no media worker")
        return self._places[room]

    async def serve(self, name: str) -> None:
        """Pass on the events of a worker until it is lost."""
        engine = self._engines[name]
        try:
            for room, back in list(self._waiting.items()):
                if name in self._able_workers(room):
                    await self._events.put(back)
            async for event in engine.events():
                if isinstance(event, EngineLost):
                    break
                if isinstance(event, EngineReady):
                    continue
                if self._is_credible(name, event):
                    if isinstance(event, PeerUp):
                        await self._arrived(name, event)
                    await self._events.put(event)
        finally:
            await self._forget(name)

    async def _forget(self, name: str) -> None:
        """Remove a worker that is gone."""
        del self._engines[name]
        self._clocks.pop(name, None)
        self._recorders.discard(name)
        self._left = {room: worker for room, worker in self._left.items() if worker != name}
        await self._report_lost(name)

    def _is_credible(self, name: str, event: RoomEvent) -> bool:
        """Return whether an event is about the worker's own file, its own room, or a room that lives nowhere.

        A slow disk may close a file when its room has long moved.
        """
        if not isinstance(event, RecordingFailed | RecordingEnded):
            seat = getattr(event, "seat", None)
            at = self._worker_of(event.room, seat) if isinstance(event, SeatEvent) and seat else None
            return (at or self._places.get(event.room, name)) == name
        own = self._files.get(event.path) == (name, event.room)
        if own and isinstance(event, RecordingEnded):
            del self._files[event.path]
            self._ending[event.path] = name
        return own

    def _worker_of(self, room: str, seat: str) -> str | None:
        """Return the worker to which a seat moves, or the guest that has it; None for one at home."""
        return self._moving.get((room, seat)) or self._shared.worker_of(room, seat)

    async def _arrived(self, name: str, event: PeerUp) -> None:
        """Let the others take a seat that moves from the worker where it is connected now."""
        if self._moving.get((event.room, event.seat)) == name:
            try:
                async with self._shared.lock(event.room):
                    await self._end_move(event.room, event.seat)
            except MediaError as error:
                log.warning("x a seat of room %s cannot be moved to media worker %s: %s", event.room, name, error)

    async def _end_move(self, room: str, seat: str) -> None:
        """Give a seat that moves to the worker where it moves. Raises MediaError."""
        state = await self.room_state(room)
        home, at = self._place_of(room), self._moving.pop((room, seat), None)
        options = next((each.options for each in state.seats if each.options.seat == seat), None)
        if at in self._shared.members(room, home) and at is not None and options is not None:
            await self._shared.add_seat(room, home, options, at)

    def leave(self) -> None:
        """Report no room as lost any more: another server leads the workers, and goes on with their rooms."""
        self._leaving = True

    async def _report_lost(self, name: str) -> None:
        if self._leaving:
            return
        files = [RecordingLost(room, path) for path, (owner, room) in self._files.items() if owner == name]
        self._ending = {path: owner for path, owner in self._ending.items() if owner != name}
        for file in files:
            del self._files[file.path]
            await self._events.put(file)
        lost = {room: RoomBack(room) for room, place in self._places.items() if place == name}
        self._waiting |= lost
        self._moving = {key: worker for key, worker in self._moving.items() if worker != name and key[0] not in lost}
        for room in lost:
            del self._places[room]
            self._seats.pop(room, None)
            self._found.pop(room, None)
            self._shared.lose_home(room)
        self._spawn(self._go_on_without(*self._shared.lose_guest(name)))
        for room in lost:
            await self._events.put(RoomLost(room))
        for room, back in lost.items():
            if self._able_workers(room):
                await self._events.put(back)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something in the background: whoever serves a worker that is lost is cancelled."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _go_on_without(self, id_: str, piped: Collection[str], rooms: Mapping[str, tuple[str, ...]]) -> None:
        """Go on with rooms without a guest that is lost: other workers take the seats that it had there."""
        await self._shared.close_pipes(piped, id_)
        for room, seats in rooms.items():
            try:
                async with self._shared.lock(room):
                    await self._shared.tell(room, self._place_of(room))
                    await self._place_anew(room, seats)
            except MediaError as error:  # its home is gone, too
                log.warning("x seats of room %s find no place: %s", room, error)
            await self._events.put(SeatsLost(room, seats))

    async def _place_anew(self, room: str, seats: Collection[str]) -> None:
        """Let other workers take seats whose worker is gone, as far as none has yet. Raises MediaError."""
        if not any(self._shared.is_astray(room, seat) for seat in seats):
            return
        state = await self._of(room).room_state(room)
        for seat in state.seats:
            if seat.options.seat in seats and self._shared.is_astray(room, seat.options.seat):
                await self._add_seat(room, replace(seat.options, worker=""), anew=True)

    @property
    def alive(self) -> int:
        """Number of workers that take rooms."""
        return sum(not self.is_drained(name) for name in self._engines)

    def place(self, room: str) -> str | None:
        """Return the worker of a room."""
        return self._places.get(room)

    def is_drained(self, worker: str) -> bool:
        """Return whether a worker takes no more rooms."""
        return not self._drained.isdisjoint(_names_of(worker))

    def drain(self, name: str) -> None:
        """Give a worker, or all workers of a machine, no more rooms. Raises NotFound, NoPlaceElsewhere."""
        if not any(name in _names_of(worker) for worker in self._engines):
            raise NotFound
        rest = {worker for worker in self._engines if not self.is_drained(worker) and name not in _names_of(worker)}
        if not rest:
            raise NoPlaceElsewhere("worker")
        if self._recorders and self._recorders.isdisjoint(rest):
            raise NoPlaceElsewhere("recorder")
        self._drained.add(name)

    @property
    def drained(self) -> frozenset[str]:
        """The names that are drained: of workers, and of machines with all of theirs."""
        return frozenset(self._drained)

    def keep_drained(self, name: str) -> None:
        """Drain what was drained under an earlier server, also before it is here."""
        self._drained.add(name)

    def left_at(self, name: str) -> tuple[int, int]:
        """Return how many rooms and seats a worker, or a machine, has, those included that are about to leave it."""
        at_guests = self._shared.counts()
        away = Counter(dict.fromkeys(self._seats, 0))
        for room, _, seats in at_guests:
            away[room] += seats
        places = (*self._places.items(), *self._left.items())
        held = [(worker, len(self._seats.get(room, ())) - away[room]) for room, worker in places]
        held += [(worker, seats) for _, worker, seats in at_guests]
        here = [seats for worker, seats in held if name in _names_of(worker)]
        return len(here), sum(here)

    async def undrain(self, name: str) -> None:
        """Let a worker, or all workers of a machine, take rooms again."""
        self._drained.discard(name)
        for room, back in list(self._waiting.items()):
            if self._able_workers(room):
                await self._events.put(back)

    def clock_read(self, worker: str, theirs: object, asked: float, answered: float) -> None:
        """Note the clock of a worker (seconds since 1970), which was read between two times of ours."""
        if (ahead := _clock_ahead(theirs, asked, answered)) is not None:
            self._clocks[worker] = ahead

    def clock_ahead(self, room: str) -> float:
        """Return by how many seconds the clock of the worker that has a room is ahead of ours."""
        return self._clocks.get(self._places.get(room, ""), 0.0)

    def leave_recorder(self, room: str, path: str) -> bool:
        """Let the worker that records a room into a file, or did, record no more until it comes anew, so that its
        recorded rooms move; return False, and nothing changes, if no other one could record."""
        name = self._ending[path] if path in self._ending else self._files.get(path, ("", ""))[0]
        if not name or not any(other != name and not self.is_drained(other) for other in self._recorders):
            return False
        self._recorders.discard(name)
        self._recorded.add(room)
        return True

    def _cannot_stay(self, room: str, worker: str) -> bool:
        """Return whether what a worker has of a room is to move: it is drained, or cannot record the room while others
        could."""
        misplaced = room in self._recorded and self._places[room] == worker and worker not in self._recorders
        return self.is_drained(worker) or (misplaced and bool(self._able_workers(room)))

    def rooms_to_move(self) -> list[str]:
        """Return the rooms that cannot stay where they are and do not move yet, but shared ones."""
        places = self._places.items()
        return [
            room
            for room, place in places
            if self._cannot_stay(room, place) and room not in self._left and not self._shared.guests(room)
        ]

    def parts_to_move(self) -> list[tuple[str, str]]:
        """Return the shared rooms of which a worker's part cannot stay there, and these."""
        parts = [
            (room, worker)
            for room, home in self._places.items()
            if self._shared.guests(room)
            for worker in self._shared.members(room, home)
        ]
        return [(room, worker) for room, worker in parts if self._cannot_stay(room, worker)]

    def seats_at(self, room: str, worker: str) -> list[str]:
        """Return the seats of a shared room at one of its workers."""
        return self._shared.seats_at(room, sorted(self._seats[room]), self._places[room], worker)

    async def begin_to_leave(self, room: str, worker: str) -> tuple[list[str], bool]:
        """Let the seats of a shared room at a worker connect to others from now on; return them, and whether another
        worker has become its home. Raises MediaError."""
        async with self._shared.lock(room):
            home, able = self._place_of(room), self._others_able(worker)
            if home == worker:
                records = able & self._recorders if room in self._recorded else able
                target = self._least_loaded(records & set(self._shared.guests(room)) or records)
                await self._shared.extend(room, home, target)
                await self._shared.move_home(room, home, target, self._seats[room])
                self._places[room], self._left[room] = target, worker
            seats = self.seats_at(room, worker)
            for seat in seats:
                await self._plan_move(room, seat, able)
        return seats, home == worker

    def _others_able(self, worker: str) -> set[str]:
        """Return the workers that can take parts of rooms from another one."""
        return {name for name in self._able_workers("") - {worker} if self._shared.can_join(worker, name)}

    async def _plan_move(self, room: str, seat: str, able: Collection[str]) -> None:
        """Have a seat of a shared room move to one of these workers, of the room's if there are some. Raises
        MediaError."""
        home = self._place_of(room)
        target = self._least_loaded(set(able).intersection(self._shared.members(room, home)) or able)
        if target != home:
            await self._shared.extend(room, home, target)
        self._moving[room, seat] = target

    def _least_loaded(self, names: Collection[str]) -> str:
        """Return the worker with the fewest seats, those included that move to it. Raises EngineGone without any."""
        if not names:
            raise EngineGone("no other media worker can take this part of a room now")
        loads = Counter(self._moving.values())
        for each in self._rooms():
            loads[each.worker] += each.seats
        return min(names, key=lambda name: (loads[name], name))

    async def finish_to_leave(self, room: str, worker: str) -> None:
        """Close a shared room at a worker that it leaves; seats that have not come over are where they should be.
        Raises MediaError, and it is not closed."""
        async with self._shared.lock(room):
            for seat in self.seats_at(room, worker) if room in self._places else ():
                if (room, seat) not in self._moving:  # it came meanwhile, or its new worker is gone
                    await self._plan_move(room, seat, self._others_able(worker))
                await self._end_move(room, seat)
            if self._left.get(room) == worker:
                del self._left[room]
            if room in self._places and worker in self._shared.guests(room):
                await self._shared.leave(room, self._places[room], worker)

    async def move_room(self, room: str, options: RoomOptions) -> None:
        """Open a room on another worker, which its commands go to from now on. Raises MediaError; nothing changed."""
        before = self._places.get(room)
        able = self._able_workers(room) - {before}
        if before is None or room in self._left or not able:
            raise EngineGone("no other media worker can take this room now")
        if self._shared.guests(room):
            raise EngineGone("of a room on several media workers only parts move")
        target = self._suitable(able)
        await self._engines[target].open_room(room, options)
        if self._places.get(room) != before or target not in self._engines:
            raise EngineGone("the room was closed or lost while it was to move")
        self._left[room], self._places[room], self._seats[room] = before, target, set()
        self._found.pop(room, None)

    async def leave_room(self, room: str) -> None:
        """Close a room that has moved where it was, with what it still records there."""
        before = self._left.pop(room, None)
        if before is not None:
            await self._engines[before].close_room(room)

    async def open_room(self, room: str, options: RoomOptions) -> None:
        """Open a room on a suitable worker; without one it waits. Raises EngineGone."""
        if room not in self._places:
            self._waiting.setdefault(room, RoomBack(room))
            (self._recorded.add if options.recorded else self._recorded.discard)(room)
            able = self._able_workers(room)
            if not able:
                raise EngineGone("no media worker is running that can take this room")
            self._places[room] = self._suitable(able)
            del self._waiting[room]
            self._seats[room] = set()
            await self._shared.close_at(room, self._shared.take_orphans(room))
        await self._of(room).open_room(room, options)

    def _able_workers(self, room: str) -> set[str]:
        """Return the workers that can take a room."""
        able = self._engines.keys() & self._recorders if room in self._recorded else set(self._engines)
        return {name for name in able if not self.is_drained(name)}

    def _suitable(self, able: Collection[str]) -> str:
        return placement.suitable(able, self._rooms())

    def _rooms(self, besides: str = "") -> list[PlacedRoom]:
        """Return where which seats are, of all rooms but one."""
        guests = self._shared.counts()
        away: Counter[str] = Counter()
        for room, _, seats in guests:
            away[room] += seats
        homes = [
            PlacedRoom(place, max(len(self._seats[room]), self.reserved(room)) - away[room])
            for room, place in self._places.items()
            if room != besides
        ]
        return [*homes, *(PlacedRoom(worker, seats) for room, worker, seats in guests if room != besides)]

    def without_place(self, machine: str, most: int) -> int | None:
        """Return how many seats of a machine, "" for our own, would have no place elsewhere if it was lost.

        All workers carry `most` together, each as many. Returns None where no other machine takes rooms.
        """
        able = [name for name in self._engines if not self.is_drained(name)]
        if all(placement.machine_of(name) == machine for name in able):
            return None
        return placement.without_place(machine, able, self._rooms(), most // len(self._engines))

    def _of(self, room: str) -> MediaEngine:
        if room in self._found:
            self._found[room] = inf
        if room in self._places:
            return self._engines[self._places[room]]
        if room in self._waiting:
            raise EngineGone("the media worker of this room is being replaced")
        raise UnknownRoom(room)

    async def _call(self, call: str, **arguments: Any) -> Any:
        """Pass a command on to the worker of its room, or of its seat. Raises EngineGone, UnknownRoom."""
        room: str = arguments["room"]
        engine = self._of(room)
        if (before := self._left.get(room)) is not None:
            if call in RECORDING_CALLS and self._records(room) == before:
                engine = self._engines[before]
            elif call in CALLS_IN_BOTH:
                with suppress(MediaError):  # it is gone, and the seat with it
                    await getattr(self._engines[before], call)(**arguments)
        if call in CALLS_EVERYWHERE:
            async with self._shared.lock(room):
                await self._shared.everywhere(call, arguments)
                return await getattr(engine, call)(**arguments)
        if call not in CALLS_AT_HOME and (seat := arguments.get("seat")) is not None:
            engine = await self._of_seat(room, seat, connects=call in CALLS_THAT_CONNECT) or engine
            if call == "set_view" and engine is not self._of(room):
                with suppress(MediaError):  # the home knows it, should the worker of the seat die
                    await self._of(room).set_view(**arguments)
        return await getattr(engine, call)(**arguments)

    async def _of_seat(self, room: str, seat: str, *, connects: bool) -> MediaEngine | None:
        """Return the guest that has a seat, or to which it moves where it `connects`; None for one at home. Raises
        EngineGone."""
        if connects and (moving := self._moving.get((room, seat))) in self._engines:
            return self._engines[moving]
        if self._shared.is_astray(room, seat):
            if not connects:
                raise EngineGone("the media worker of this seat is being replaced")
            async with self._shared.lock(room):
                await self._place_anew(room, [seat])
        at = self._shared.worker_of(room, seat)
        if at is not None and at not in self._engines:
            raise EngineGone("the media worker of this seat is being replaced")
        return None if at is None else self._engines[at]

    async def lines(self, room: str) -> Mapping[str, ConnectionQuality]:
        """Return the connection quality of each connected seat of a room, at whichever worker it is."""
        workers = [engine for name in self._shared.guests(room) if (engine := self._engines.get(name)) is not None]
        found = await gathered(engine.lines(room) for engine in workers)
        return {**await self._of(room).lines(room), **{seat: line for each in found for seat, line in each.items()}}

    async def room_state(self, room: str) -> RoomState:
        """Return the state of a room, at whichever worker its seats are."""
        return await self._shared.state(room, await self._of(room).room_state(room))

    def _records(self, room: str) -> str | None:
        """Return the worker that records a room, or did last."""
        return next((name for name, of in reversed(self._files.values()) if of == room), None)

    async def close_room(self, room: str) -> None:
        """Close a room, on whichever worker it is."""
        self._waiting.pop(room, None)
        self._found.pop(room, None)
        self._recorded.discard(room)
        self._seats.pop(room, None)
        place = self._places.pop(room, None)
        self._moving = {key: worker for key, worker in self._moving.items() if key[0] != room}
        await self._shared.close_at(room, self._shared.forget(room))
        try:
            if place is not None:
                await self._engines[place].close_room(room)
        finally:
            await self.leave_room(room)

    async def add_seat(self, room: str, options: SeatOptions) -> None:
        """Add a seat, at a worker that carries it."""
        self._of(room)
        anew = options.seat not in self._seats[room]
        self._seats[room].add(options.seat)
        async with self._shared.lock(room):
            await self._add_seat(room, options, anew=anew or self._shared.is_astray(room, options.seat))

    async def _add_seat(self, room: str, options: SeatOptions, *, anew: bool) -> None:
        home = self._place_of(room)
        at = self._shared.worker_of(room, options.seat) or home
        if anew:
            at = self._with_room_for_seat(room, home, options.seat)
            if at != home:
                try:
                    await self._shared.extend(room, home, at)
                except MediaError as error:
                    log.warning("x media worker %s cannot share room %s: %s", at, room, error)
                    at = home
        await self._shared.add_seat(room, home, options, at)

    def _with_room_for_seat(self, room: str, home: str, seat: str) -> str:
        """Return the worker that takes another seat of a room: its home as long as that carries more, then the one of
        those that can share the room with the fewest seats, a guest before others."""
        loads = Counter[str]()
        for each in self._rooms(besides=room):
            loads[each.worker] += each.seats
        away = {worker: seats for name, worker, seats in self._shared.counts() if name == room}
        loads.update(away)
        others = self._seats[room] - {seat}
        loads[home] += sum(self._shared.worker_of(room, each) is None for each in others)
        share = self.most_seats // len(self._engines)
        if not share or loads[home] < share or self._left.get(room) is not None:
            return home
        able = [name for name in self._engines if not self.is_drained(name) and self._shared.can_join(home, name)]
        best = min((name for name in able if name != home), key=lambda name: (loads[name], name), default=home)
        guest = min((name for name in away if loads[name] < share and name in able), default=best)
        return guest if loads[guest] < loads[home] else home

    async def remove_seat(self, room: str, seat: str) -> None:
        """Remove a seat."""
        self._seats.get(room, set()).discard(seat)
        self._moving.pop((room, seat), None)
        await self._call("remove_seat", room=room, seat=seat)

    async def start_recording(self, room: str, path: str, composed: ComposedWhen = "live") -> None:
        """Start recording; a room that moves is recorded until then where it was. Raises CannotRecord."""
        engine = self._of(room)
        if self._places[room] not in self._recorders:
            raise CannotRecord("the folder of recordings is not seen on the machine of this room")
        self._files[path] = self._places[room], room
        self._recorded.add(room)
        try:
            await engine.start_recording(room, path, composed)
        except EngineLate:
            raise  # it may still begin
        except MediaError:
            self._files.pop(path, None)
            raise
        if (before := self._left.get(room)) is not None:
            with suppress(MediaError):  # it is gone, and the file was reported lost
                await self._engines[before].stop_recording(room)

    async def held(self) -> Held:
        """Return the rooms and files of all workers that answer."""
        names = list(self._engines)
        results = await asyncio.gather(*(self._engines[name].held() for name in names), return_exceptions=True)
        answers = [(name, each) for name, each in zip(names, results, strict=True) if isinstance(each, Held)]
        rooms = tuple(room for name, each in answers for room in each.rooms if self.place(room) == name)
        writing = {path: room for path, (_, room) in self._files.items()}
        ended = tuple(end for name, each in answers for end in each.ended if self._ending.get(end.path) == name)
        return Held(rooms, writing, ended, dict(self._kept))

    async def keep(self, name: str, text: str) -> None:
        """Have all workers keep a text for later servers, also those that come later; empty: have them forget it."""
        if text:
            self._kept[name] = text
        else:
            self._kept.pop(name, None)
        keeping = (engine.keep(name, text) for engine in self._engines.values())
        for failed in await asyncio.gather(*keeping, return_exceptions=True):
            if failed is not None and not isinstance(failed, UnknownCall):
                log.warning("x a media worker does not keep what is for the next server: %r", failed)

    async def _share_kept(self, engine: MediaEngine, held: Held) -> None:
        """Take what a worker keeps of an earlier server, and give it what others keep."""
        for name, text in held.kept.items():
            self._kept.setdefault(name, text)
        with suppress(UnknownCall):  # it is of an earlier release
            for name in self._kept.keys() - held.kept.keys():
                await engine.keep(name, self._kept[name])

    async def noted(self, path: str) -> None:
        """Acknowledge the end of a recording, which its worker need not report again."""
        name = self._ending.pop(path, None)
        if name is not None:
            await self._engines[name].noted(path)

    async def probe(self) -> ProbeTarget:
        """Have the worker that takes the next room answer connectivity checks. Raises EngineGone."""
        able = self._able_workers("")
        if not able:
            raise EngineGone("no media worker is running")
        return await self._engines[self._suitable(able)].probe()

    async def stats(self) -> dict[str, object]:
        """Return the counters of each worker that answers under its name, whether it `records` and is `drained`, and
        by how many seconds its clock is ahead of ours."""
        names, asked = sorted(self._engines), time.time()
        results = await asyncio.gather(*(self._engines[name].stats() for name in names), return_exceptions=True)
        answered = time.time()
        answers = {name: stats for name, stats in zip(names, results, strict=True) if isinstance(stats, dict)}
        ahead = {name: _clock_ahead(stats.get("time"), asked, answered) for name, stats in answers.items()}
        return {
            name: {
                **stats,
                "records": name in self._recorders,
                "drained": self.is_drained(name),
                **({} if ahead[name] is None else {"clock_offset_s": ahead[name]}),
            }
            for name, stats in answers.items()
        }

    async def events(self) -> AsyncIterator[Event]:
        """Yield the events of all workers; RoomBack of a room that is open again is left out."""
        while True:
            event = await self._events.get()
            if not isinstance(event, RoomBack) or self._waiting.get(event.room) is event:
                yield event

    async def close(self) -> None:
        """Close the connections to all workers."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(engine.close() for engine in self._engines.values()), return_exceptions=True)


def _clock_ahead(theirs: object, asked: float, answered: float) -> float | None:
    """Return by how many seconds a worker's clock is ahead that was read between two times of ours: 0 for what may be
    between them, however long the answer took; None of a worker of an earlier release, which does not tell it."""
    if not isinstance(theirs, int | float):
        return None
    return round(max(0.0, theirs - answered) + min(0.0, theirs - asked), 1)


def _names_of(worker: str) -> set[str]:
    """Return the names by which a worker is drained: its own, and that of its machine if it is another one."""
    machine, _, _ = worker.rpartition("/")
    return {worker, machine} - {""}
