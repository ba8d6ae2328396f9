"""The kinds of calls that `loadtest rooms` places: how each is set up, and what happens in it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from loadtest.rooms.baresip import RoomFailed
from loadtest.rooms.lane import Lane
from loadtest.rooms.outcomes import CallOutcome

FAILURES = (RoomFailed, TimeoutError, OSError)


async def _nothing(_lane: Lane) -> None:
    """Do nothing within the call."""


async def _hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard."""
    await lane.room.command("hold")
    await lane.room_is_silent()
    await lane.room.command("resume")
    await lane.room_is_heard()


@dataclass(frozen=True, slots=True)
class CallKind:
    """A kind of call: `begin` sets it up, `within` happens once both sides saw and heard each other.

    `called`: the server calls the room system.
    """

    begin: Callable[[Lane], Awaitable[None]]
    within: Callable[[Lane], Awaitable[None]] = _nothing
    called: bool = False


async def _by_udp(lane: Lane) -> None:
    await lane.dial_in("udp")


async def _by_tcp(lane: Lane) -> None:
    await lane.dial_in("tcp")


async def _by_server(lane: Lane) -> None:
    await lane.call()


KINDS: dict[str, CallKind] = {
    "udp": CallKind(_by_udp),
    "tcp": CallKind(_by_tcp),
    "called": CallKind(_by_server, called=True),
    "hold": CallKind(_by_udp, _hold),
}


async def place(kind: CallKind, lane: Lane) -> CallOutcome:
    """Place one call of a kind and hang up; what did not happen is the outcome's failure."""
    outcome, began = CallOutcome(), time.monotonic()

    def since() -> float:
        return (time.monotonic() - began) * 1000

    try:
        await kind.begin(lane)
        await lane.established()
        outcome = replace(outcome, setup_ms=since())
        await lane.give_floor()
        await lane.room_is_seen()
        outcome = replace(outcome, picture_ms=since())
        await lane.room_is_heard()
        await lane.host_is_seen()
        await kind.within(lane)
        await lane.hang_up()
    except FAILURES as failure:
        return replace(outcome, failure=str(failure).partition("\n")[0] or type(failure).__name__)
    return outcome
