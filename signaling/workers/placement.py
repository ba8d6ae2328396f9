"""Rules for which media worker takes a room, and for what would have no place if a machine was lost. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PlacedRoom:
    """A room on a worker, with the seats that are reserved for it: those booked, or those taken if they are more."""

    worker: str
    seats: int


def machine_of(worker: str) -> str:
    """Return the name of a worker's machine, "" for the server's own."""
    return worker.rpartition("/")[0]


def suitable(able: Collection[str], rooms: Sequence[PlacedRoom]) -> str:
    """Return the worker of `able` on which the fewest seats are reserved, then with the fewest rooms, then by name.

    Rooms so spread leave the most room on each, where those of a lost machine have to find a place.
    """

    def load(name: str) -> tuple[int, int, str]:
        seats = [room.seats for room in rooms if room.worker == name]
        return sum(seats), len(seats), name

    return min(able, key=load)


def without_place(machine: str, able: Collection[str], rooms: Sequence[PlacedRoom], share: int) -> int:
    """Return how many reserved seats would have no place if a machine was lost.

    Each worker carries a `share` of seats; those of `able` take rooms. A room is on one worker: the largest go first,
    each to the worker with the most room.
    """
    room_left = {name: share for name in able if machine_of(name) != machine}
    for room in rooms:
        if room.worker in room_left:
            room_left[room.worker] -= room.seats
    missing = 0
    for seats in sorted((room.seats for room in rooms if machine_of(room.worker) == machine), reverse=True):
        target = max(room_left, key=room_left.__getitem__, default=None)
        if target is not None and room_left[target] >= seats:
            room_left[target] -= seats
        else:
            missing += seats
    return missing
