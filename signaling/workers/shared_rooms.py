"""Rooms that are on several media workers: which of them has the transport of which seat, and the pipes between them.

A room begins on one worker, its home, which also records it and recognizes its speech. Where the home carries no more
seats, the next ones get their transports at another worker, a guest, which has the whole room, too, and is joined to
the others by pipes (:mod:`mediaserver.pipe.pipe`).
"""

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from ipaddress import ip_address
from itertools import product
from typing import Any

from mediaserver.api import MediaEngine, PipeEnd, Pipes, RoomState, SeatOptions, SeatState
from mediaserver.errors import MediaError, UnknownCall

log = logging.getLogger(__name__)

KEY_BYTES = 28
"""Of SRTP with AEAD_AES_128_GCM: a key of 16 bytes, a salt of 12 (RFC 7714 §12)."""

Addresses = tuple[tuple[str, int], ...]


class SharedRooms:
    """Guests of rooms and the seats there; `engines` are the workers by name."""

    def __init__(self, engines: Mapping[str, MediaEngine]) -> None:
        self._engines = engines
        self._addresses: dict[str, Addresses] = {}
        self._pipes: dict[str, set[str]] = {}
        """The workers to which each has a pipe."""
        self._guests: dict[str, list[str]] = {}
        self._seats: dict[str, dict[str, str]] = {}
        """The workers of seats that are not at home, by room."""
        self._orphans: dict[str, set[str]] = {}
        """Workers with a room whose home has not come yet, since an earlier server served both."""

    async def arrived(self, name: str) -> None:
        """Note where a worker receives, and to which others it has pipes already: none where it is of a release that
        knows of no pipes."""
        try:
            found = await self._engines[name].pipes()
        except UnknownCall:
            found = Pipes()
        self._addresses[name], self._pipes[name] = found.addresses, set(found.workers)

    def guests(self, room: str) -> tuple[str, ...]:
        """Return the guests of a room."""
        return tuple(self._guests.get(room, ()))

    def worker_of(self, room: str, seat: str) -> str | None:
        """Return the guest that has a seat; None for one at home."""
        return self._seats.get(room, {}).get(seat)

    def counts(self) -> list[tuple[str, str, int]]:
        """Return how many seats each guest has of each room."""
        return [
            (room, guest, sum(worker == guest for worker in self._seats.get(room, {}).values()))
            for room, guests in self._guests.items()
            for guest in guests
        ]

    def can_join(self, home: str, guest: str) -> bool:
        """Return whether packets can go from one worker to another."""
        return _route(self._addresses.get(home, ()), self._addresses.get(guest, ())) is not None

    async def extend(self, room: str, home: str, guest: str) -> None:
        """Open a room at a guest, as it is at home. Raises MediaError; the room stays as it was."""
        workers = [home, *self.guests(room)]
        state = await self._engines[home].room_state(room)
        for worker in workers:
            await self._join(worker, guest)
        engine = self._engines[guest]
        await engine.open_room(room, state.options)
        self._guests.setdefault(room, []).append(guest)
        try:
            await self.tell(room, home)
            for seat in state.seats:
                at = self.worker_of(room, seat.options.seat) or home
                await engine.add_seat(room, replace(seat.options, worker="" if at == guest else at))
            for audience, layout in state.layouts.items():
                await engine.set_layout(room, layout, audience)
            await engine.set_content(room, state.content)
        except MediaError:
            await self.leave(room, home, guest)
            raise

    async def _join(self, first: str, second: str) -> None:
        """Have a pipe between two workers. Raises MediaError."""
        if second in self._pipes[first] and first in self._pipes[second]:
            return
        route = _route(self._addresses[first], self._addresses[second])
        if route is None:
            raise MediaError(f"no address of media worker {first} reaches {second}")
        (one, one_port), (other, other_port) = route
        sent, received = secrets.token_hex(KEY_BYTES), secrets.token_hex(KEY_BYTES)
        await self._engines[first].open_pipe(second, PipeEnd(one, other, other_port, sent, received))
        await self._engines[second].open_pipe(first, PipeEnd(other, one, one_port, received, sent))
        self._pipes[first].add(second)
        self._pipes[second].add(first)

    async def tell(self, room: str, home: str) -> None:
        """Tell all workers of a room with which others it is shared."""
        workers = [home, *self.guests(room)]
        for name in workers:
            others = [each for each in workers if each != name]
            await self._engines[name].share_room(room, others, "" if name == home else home)

    async def leave(self, room: str, home: str, guest: str) -> None:
        """Close a room at a guest."""
        self._drop(room, guest)
        await self._guarded(room, guest, lambda engine: engine.close_room(room))
        await self._guarded(room, home, lambda _: self.tell(room, home))

    def members(self, room: str, home: str) -> list[str]:
        """Return the workers of a room: its home first."""
        return [home, *self.guests(room)]

    def seats_at(self, room: str, seats: Iterable[str], home: str, worker: str) -> list[str]:
        """Return those of a room's seats that are at one of its workers."""
        return [seat for seat in seats if (self.worker_of(room, seat) or home) == worker]

    async def move_home(self, room: str, home: str, guest: str, seats: Iterable[str]) -> None:
        """Make a guest the home of a room, and its home a guest; all `seats` stay where they are. Raises MediaError."""
        at = {seat: self.worker_of(room, seat) or home for seat in seats}
        self._guests[room][self._guests[room].index(guest)] = home
        self._seats[room] = {seat: worker for seat, worker in at.items() if worker != guest}
        await self.tell(room, guest)

    async def add_seat(self, room: str, home: str, options: SeatOptions, at: str) -> None:
        """Add a seat at one of a room's workers. Raises MediaError where its own does not take it."""
        if at == home:
            self._seats.get(room, {}).pop(options.seat, None)
        else:
            self._seats.setdefault(room, {})[options.seat] = at
        workers = [home, *self.guests(room)]
        for name in [at, *(each for each in workers if each != at)]:
            seat = replace(options, worker="" if name == at else at)
            if name == at:
                await self._engines[name].add_seat(room, seat)
            else:
                await self._guarded(room, name, lambda engine, seat=seat: engine.add_seat(room, seat))  # type: ignore[misc]

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
            log.warning("x media worker %s, where room %s is a guest: %s", name, room, error)

    async def state(self, room: str, state: RoomState) -> RoomState:
        """Return the state of a room as at home, with that of seats at guests from there."""
        found: dict[str, SeatState] = {}
        for name in self.guests(room):
            try:
                there = (await self._engines[name].room_state(room)).seats
            except (MediaError, KeyError):
                continue
            found |= {each.options.seat: each for each in there if self.worker_of(room, each.options.seat) == name}
        seats = (found.get(each.options.seat, each) for each in state.seats)
        return replace(state, seats=tuple(replace(each, options=replace(each.options, worker="")) for each in seats))

    def found_home(self, room: str, state: RoomState) -> None:
        """Take over a room from the state in which an earlier server left it at home."""
        self._orphans.pop(room, None)
        if state.workers:
            self._guests[room] = list(state.workers)
            self._seats[room] = {each.options.seat: each.options.worker for each in state.seats if each.options.worker}

    def found_guest(self, room: str, guest: str) -> None:
        """Note that a worker is a guest of a room whose home is still to come."""
        self._orphans.setdefault(room, set()).add(guest)

    async def close_orphans(self, room: str) -> None:
        """Close a room where its home did not come: it is opened anew."""
        for guest in self._orphans.pop(room, set()):
            await self._guarded(room, guest, lambda engine: engine.close_room(room))

    def is_astray(self, room: str, seat: str) -> bool:
        """Return whether the worker of a seat is no guest of its room any more, or not here."""
        at = self.worker_of(room, seat)
        return at is not None and (at not in self.guests(room) or at not in self._engines)

    def lose_guest(self, name: str) -> tuple[set[str], dict[str, tuple[str, ...]]]:
        """Note that a worker is gone; return those that had a pipe to it, and the seats that it had, by the rooms whose
        guest it was."""
        self._addresses.pop(name, None)
        piped = {other for other in self._pipes.pop(name, set()) if other in self._pipes}
        for other in piped:
            self._pipes[other].discard(name)
        for orphaned in self._orphans.values():
            orphaned.discard(name)
        rooms = [room for room, guests in self._guests.items() if name in guests]
        for room in rooms:
            self._drop(room, name)
        seats = {room: self._seats.get(room, {}) for room in rooms}
        return piped, {room: tuple(seat for seat, at in away.items() if at == name) for room, away in seats.items()}

    def lose_home(self, room: str) -> None:
        """Note that the home of a room is gone; its guests close it before it is opened anew."""
        self._seats.pop(room, None)
        self._orphans.setdefault(room, set()).update(self._guests.pop(room, ()))

    def _drop(self, room: str, guest: str) -> None:
        self._guests[room].remove(guest)
        if not self._guests[room]:
            del self._guests[room]

    async def close_pipes(self, others: Iterable[str], name: str) -> None:
        """Close the pipes of others to a worker that is gone, unless there is a new one to another of its name."""
        for other in others:
            if name not in self._pipes.get(other, ()):
                with suppress(MediaError, KeyError):  # it is gone, too
                    await self._engines[other].close_pipe(name)

    async def close(self, room: str) -> None:
        """Close a room at all its guests."""
        self._seats.pop(room, None)
        for guest in self._guests.pop(room, ()):
            await self._guarded(room, guest, lambda engine: engine.close_room(room))


def _route(
    ours: Iterable[tuple[str, int]], theirs: Iterable[tuple[str, int]]
) -> tuple[tuple[str, int], tuple[str, int]] | None:
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
