"""A kind of call, and what many of them do."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from loadtest.rooms.lane import Lane, RoomSetup


@dataclass(frozen=True, slots=True)
class CallKind:
    """A kind of call: `begin` sets it up, `within` happens once both sides saw and heard each other.

    A telephone has no `pictures`; a camera `receives` nothing; a call that never `connects` is refused. With `full_hd`
    the pictures have 1080 lines either way, fifteen a second on a quiet machine. Calls that are `lone` take most of two
    cores, and are placed one after the other.
    Those with `second` are placed with a second server, which takes SIP over TLS from those alone who show a
    certificate of its authority, and marks packets otherwise.
    """

    setup: RoomSetup
    begin: Callable[[Lane], Awaitable[None]]
    within: Callable[[Lane], Awaitable[None]]
    pictures: bool = True
    receives: bool = True
    full_hd: bool = False
    lone: bool = False
    connects: bool = True
    second: bool = False
    end: Callable[[Lane], Awaitable[None]] = Lane.hang_up


def dialling(transport: str) -> Callable[[Lane], Awaitable[None]]:
    async def begin(lane: Lane) -> None:
        await lane.dial_in(transport)

    return begin


async def called(lane: Lane) -> None:
    await lane.call()


async def nothing(_lane: Lane) -> None:
    """Do nothing within the call."""


async def seen_and_heard_anew(lane: Lane) -> None:
    lane.forget()
    await lane.room_is_seen()
    await lane.room_is_heard()
    await lane.host_is_seen()
    await lane.host_is_heard()
