"""Rooms that are on several media workers: which of them has the transport of which seat, and the pipes between them.

A room begins on one worker, its home, which also records it and recognizes its speech. Where the home carries no more
seats, the next ones get their transports at another worker, a guest, which has the whole room, too, and is joined to
the others by pipes (:mod:`mediaserver.pipe.pipe`).

Workers know each other by an id that each process makes, since their names are the server's, and the next server may
give them others. Here they go by name; one that an earlier server knew and that has not come yet goes by its id.
"""

import asyncio
import logging
import secrets
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import Any

from mediaserver.api import MediaEngine, PipeEnd, Pipes, RoomState, SeatOptions, SeatState
from mediaserver.errors import EngineGone, MediaError, UnknownCall

log = logging.getLogger(__name__)

KEY_BYTES = 28
"""Of SRTP with AEAD_AES_128_GCM: a key of 16 bytes, a salt of 12 (RFC 7714 §12)."""

Address = tuple[str, int]


class SharedRooms:
    """Guests of rooms and the seats there; `engines` are the workers by name."""

    def __init__(self, engines: Mapping[str, MediaEngine]) -> None:
        self._engines = engines
        self._ids: dict[str, str] = {}
        """Ids of the workers that can share rooms, by name."""
        self._addresses: dict[str, tuple[Address, ...]] = {}
        self._pipes: dict[str, set[str]] = {}
        """The ids of the workers to which each has a pipe, by name."""
        self._guests: dict[str, list[str]] = {}
        self._seats: dict[str, dict[str, str]] = {}
        """The workers of seats that are not at home, by room."""
        self._orphans: dict[str, set[str]] = {}
        """Workers with a room whose home has not come yet, since an earlier server served both."""
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._joining = asyncio.Lock()
        """Is held while a pipe is opened, both ends of which must have the same keys."""

    def lock(self, room: str) -> asyncio.Lock:
        """Return the lock that is held while workers or seats of a room change, and what all of them are told."""
        return self._locks[room]

    async def arrived(self, name: str) -> None:
        """Note the id of a worker, where it receives, and to which others it has pipes already: none where it is of a
        release that knows of no pipes."""
        try:
            found = await self._engine(name).pipes()
        except UnknownCall:
            found = Pipes()
        self._addresses[name], self._pipes[name] = found.addresses, set(found.workers)
        if found.id:
            self._ids[name] = found.id
            for guests in self._guests.values():
                guests[:] = [name if each == found.id else each for each in guests]
            for seats in self._seats.values():
                seats.update({seat: name for seat, worker in seats.items() if worker == found.id})

    def name_of(self, id_: str) -> str:
        """Return the name of a worker, its id while it has not come."""
        return next((name for name, known in self._ids.items() if known == id_), id_)

    def _id_of(self, name: str) -> str:
        return self._ids.get(name, name)

    def _engine(self, name: str) -> MediaEngine:
        """Return a worker. Raises EngineGone."""
        try:
            return self._engines[name]
        except KeyError:
            raise EngineGone(f"media worker {name} is gone") from None

    def guests(self, room: str) -> tuple[str, ...]:
        """Return the guests of a room that are here."""
        return tuple(name for name in self._guests.get(room, ()) if name in self._engines)

    def members(self, room: str, home: str) -> list[str]:
        """Return the workers of a room that are here: its home first."""
        return [home, *self.guests(room)]

    def worker_of(self, room: str, seat: str) -> str | None:
        """Return the guest that has a seat; None for one at home."""
        return self._seats.get(room, {}).get(seat)

    def is_astray(self, room: str, seat: str) -> bool:
        """Return whether the worker of a seat is no guest of its room any more, or not here."""
        at = self.worker_of(room, seat)
        return at is not None and at not in self.guests(room)

    def seats_at(self, room: str, seats: Iterable[str], home: str, worker: str) -> list[str]:
        """Return those of a room's seats that are at one of its workers."""
        return [seat for seat in seats if (self.worker_of(room, seat) or home) == worker]

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many seats each guest has of each room."""
        return [
            (room, guest, sum(worker == guest for worker in self._seats.get(room, {}).values()))
            for room in self._guests
            for guest in self.guests(room)
        ]

    def can_join(self, first: str, second: str) -> bool:
        """Return whether packets can go from one worker to another."""
        known = first in self._ids and second in self._ids
        return known and _route(self._addresses[first], self._addresses[second]) is not None

    # Workers of a room

    async def extend(self, room: str, home: str, guest: str) -> None:
        """Open a room at a guest, as it is at home. Raises MediaError; the room stays as it was."""
        if guest in self.guests(room):
            return
        state = await self._engine(home).room_state(room)
        for worker in self.members(room, home):
            await self._join(worker, guest)
        await self._engine(guest).open_room(room, state.options)
        self._guests.setdefault(room, []).append(guest)
        try:
            await self.tell(room, home)
            await self._replay(room, home, guest, state)
        except MediaError:
            await self.leave(room, home, guest)
            raise

    async def _replay(self, room: str, home: str, guest: str, state: RoomState) -> None:
        """Bring a room at a guest to the state that it has at home. Raises MediaError."""
        engine = self._engine(guest)
        for seat in state.seats:
            at = self.worker_of(room, seat.options.seat) or home
            await engine.add_seat(room, replace(seat.options, worker="" if at == guest else self._id_of(at)))
        for audience, layout in state.layouts.items():
            await engine.set_layout(room, layout, audience)
        await engine.set_content(room, state.content)

    async def _join(self, first: str, second: str) -> None:
        """Have a pipe between two workers. Raises MediaError."""
        async with self._joining:
            ids = self._id_of(first), self._id_of(second)
            if ids[1] in self._pipes.get(first, ()) and ids[0] in self._pipes.get(second, ()):
                return
            route = _route(self._addresses.get(first, ()), self._addresses.get(second, ()))
            if route is None:
                raise EngineGone(f"no address of media worker {first} reaches {second}")
            (one, one_port), (other, other_port) = route
            sent, received = secrets.token_hex(KEY_BYTES), secrets.token_hex(KEY_BYTES)
            await self._engine(first).open_pipe(ids[1], PipeEnd(one, other, other_port, sent, received))
            await self._engine(second).open_pipe(ids[0], PipeEnd(other, one, one_port, received, sent))
            for name, id_ in ((first, ids[1]), (second, ids[0])):
                self._pipes.setdefault(name, set()).add(id_)

    async def tell(self, room: str, home: str) -> None:
        """Tell all workers of a room with which others it is shared. Raises MediaError where the home cannot be told;
        guests that are gone are told nothing."""
        workers = self.members(room, home)
        for name in workers:
            others = [self._id_of(each) for each in workers if each != name]
            if name == home:
                await self._engine(name).share_room(room, others, "")
            else:
                await self._guarded(room, name, _sharing(room, others, self._id_of(home)))

    async def move_home(self, room: str, home: str, guest: str, seats: Iterable[str]) -> None:
        """Make a guest the home of a room, and its home a guest; all `seats` stay where they are. Raises MediaError,
        and nothing has changed."""
        await self._engine(guest).share_room(
            room, [self._id_of(each) for each in self.members(room, home) if each != guest], ""
        )
        at = {seat: self.worker_of(room, seat) or home for seat in seats}
        self._guests[room] = [home if each == guest else each for each in self._guests[room]]
        self._seats[room] = {seat: worker for seat, worker in at.items() if worker != guest}
        await self.tell(room, guest)

    async def leave(self, room: str, home: str, guest: str) -> None:
        """Close a room at a guest."""
        self._drop(room, guest)
        await self._guarded(room, guest, lambda engine: engine.close_room(room))
        with suppress(MediaError):  # the home is gone, too
            await self.tell(room, home)

    def _drop(self, room: str, guest: str) -> None:
        left = [each for each in self._guests.get(room, ()) if each != guest]
        if left:
            self._guests[room] = left
        else:
            self._guests.pop(room, None)

    # Seats and commands

    async def add_seat(self, room: str, home: str, options: SeatOptions, at: str) -> None:
        """Add a seat at one of a room's workers. Raises MediaError where that does not take it; the others know it."""
        if at == home:
            self._seats.get(room, {}).pop(options.seat, None)
        else:
            self._seats.setdefault(room, {})[options.seat] = at
        elsewhere = replace(options, worker=self._id_of(at))
        for name in self.members(room, home):
            if name != at:
                await self._guarded(room, name, lambda engine: engine.add_seat(room, elsewhere))
        await self._engine(at).add_seat(room, replace(options, worker=""))

    async def everywhere(self, call: str, arguments: Mapping[str, Any]) -> None:
        """Give a command to all guests of its room; those that are gone get it no more."""
        room: str = arguments["room"]
        for name in self.guests(room):
            await self._guarded(room, name, lambda engine: getattr(engine, call)(**arguments))
        if call == "remove_seat":
            self._seats.get(room, {}).pop(arguments["seat"], None)

    async def _guarded(self, room: str, name: str, command: Callable[[MediaEngine], Awaitable[None]]) -> None:
        try:
            if name in self._engines:
                await command(self._engines[name])
        except MediaError as error:
            log.warning("x media worker %s, a guest of room %s: %s", name, room, error)

    async def state(self, room: str, state: RoomState) -> RoomState:
        """Return the state of a room as at home, with that of seats at guests from there."""
        found: dict[str, SeatState] = {}
        for name in self.guests(room):
            with suppress(MediaError):
                there = (await self._engine(name).room_state(room)).seats
                found |= {each.options.seat: each for each in there if self.worker_of(room, each.options.seat) == name}
        seats = (found.get(each.options.seat, each) for each in state.seats)
        return replace(state, seats=tuple(replace(each, options=replace(each.options, worker="")) for each in seats))

    # Rooms of an earlier server

    def found_home(self, room: str, state: RoomState) -> tuple[list[str], list[str]]:
        """Take over a room from the state in which an earlier server left it at home; return the guests of it that have
        come before, and other workers that have it without being its guests any more."""
        if state.workers:
            self._guests[room] = [self.name_of(each) for each in state.workers]
            away = {each.options.seat: each.options.worker for each in state.seats if each.options.worker}
            self._seats[room] = {seat: self.name_of(worker) for seat, worker in away.items()}
        orphans = self._orphans.pop(room, set())
        return sorted(orphans.intersection(self.guests(room))), sorted(orphans.difference(self.guests(room)))

    def found_guest(self, room: str, guest: str) -> None:
        """Note that a worker is a guest of a room whose home is still to come."""
        self._orphans.setdefault(room, set()).add(guest)

    async def adopt(self, room: str, home: str, guest: str) -> list[str]:
        """Go on with a guest that was served by an earlier server; return the seats that are connected there. Raises
        MediaError."""
        state, there = await self._engine(home).room_state(room), await self._engine(guest).room_state(room)
        known = {seat.options.seat for seat in state.seats}
        for seat in there.seats:
            if seat.options.seat not in known:
                await self._engine(guest).remove_seat(room, seat.options.seat)
        await self._replay(room, home, guest, state)
        up = [seat.options.seat for seat in there.seats if seat.up and seat.options.seat in known]
        return [seat for seat in up if self.worker_of(room, seat) == guest]

    def take_orphans(self, room: str) -> list[str]:
        """Return the workers that have a room whose home did not come; they are to close it, as it is opened anew."""
        return sorted(self._orphans.pop(room, set()))

    async def close_at(self, room: str, workers: Iterable[str]) -> None:
        """Close a room at some workers."""
        for name in workers:
            await self._guarded(room, name, lambda engine: engine.close_room(room))

    # Workers that are gone

    def lose_guest(self, name: str) -> tuple[str, set[str], dict[str, tuple[str, ...]]]:
        """Note that a worker is gone; return its id, those that had a pipe to it, and the seats that it had, by the
        rooms whose guest it was."""
        id_ = self._ids.pop(name, name)
        self._addresses.pop(name, None)
        self._pipes.pop(name, None)
        piped = {other for other, ids in self._pipes.items() if id_ in ids}
        for other in piped:
            self._pipes[other].discard(id_)
        for orphaned in self._orphans.values():
            orphaned.discard(name)
        rooms = [room for room, guests in self._guests.items() if name in guests]
        lost = {}
        for room in rooms:
            self._drop(room, name)
            away = self._seats.get(room, {})
            lost[room] = tuple(seat for seat, at in away.items() if at == name)
            away.update(dict.fromkeys(lost[room], id_))  # another process may come under its name
        return id_, piped, lost

    def lose_home(self, room: str) -> None:
        """Note that the home of a room is gone; its guests close it before it is opened anew."""
        self._seats.pop(room, None)
        self._orphans.setdefault(room, set()).update(self._guests.pop(room, ()))

    async def close_pipes(self, others: Iterable[str], id_: str) -> None:
        """Close the pipes of others to a worker that is gone."""
        for other in others:
            with suppress(MediaError):  # it is gone, too
                await self._engine(other).close_pipe(id_)

    def forget(self, room: str) -> list[str]:
        """Forget a room; return its guests, which are to close it."""
        guests = list(self.guests(room))
        self._seats.pop(room, None)
        self._guests.pop(room, None)
        self._locks.pop(room, None)
        return guests


def _sharing(room: str, others: list[str], home: str) -> Callable[[MediaEngine], Awaitable[None]]:
    return lambda engine: engine.share_room(room, others, home)


def _route(ours: Iterable[Address], theirs: Iterable[Address]) -> tuple[Address, Address] | None:
    """Return the first two addresses of two workers between which packets can go: of one family, and either both of
    them loopback or neither."""

    def kind(host: str) -> tuple[int, bool]:
        address = ip_address(host)
        return address.version, address.is_loopback

    return next((pair for pair in product(ours, theirs) if kind(pair[0][0]) == kind(pair[1][0])), None)


async def gathered(calls: Iterable[Awaitable[Any]]) -> list[Any]:
    """Return the results of calls that did not fail."""
    results = await asyncio.gather(*calls, return_exceptions=True)
    return [each for each in results if not isinstance(each, BaseException)]
