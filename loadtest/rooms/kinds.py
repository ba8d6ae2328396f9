"""The kinds of calls that `loadtest rooms` places: how each is set up, and what happens in it."""

import logging
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from loadtest.rooms.baresip_room import BaresipRoom, baresip_room
from loadtest.rooms.lane import ROOM_TONE_HZ, CallContext, Lane, RoomSetup, Seats
from loadtest.rooms.outcomes import CallOutcome
from loadtest.rooms.room import RoomFailed

FAILURES = (RoomFailed, TimeoutError, OSError)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallKind:
    """A kind of call: `begin` sets it up, `within` happens once both sides saw and heard each other."""

    setup: RoomSetup
    begin: Callable[[Lane], Awaitable[None]]
    within: Callable[[Lane], Awaitable[None]]


async def place(kind: CallKind, lane: Lane) -> CallOutcome:
    """Place one call of a kind and hang up; what did not happen is the outcome's failure."""
    outcome, began = CallOutcome(), time.monotonic()

    def since() -> float:
        return (time.monotonic() - began) * 1000

    try:
        await lane.begin()
        began = time.monotonic()
        await kind.begin(lane)
        await lane.room.established()
        outcome = replace(outcome, setup_ms=since())
        await lane.give_floor()
        await lane.room_is_seen()
        outcome = replace(outcome, picture_ms=since())
        await lane.room_is_heard()
        await lane.host_is_seen()
        await lane.host_is_heard()
        await kind.within(lane)
        await lane.hang_up()
    except FAILURES as failure:
        log.info("x %s", failure)
        return replace(outcome, failure=str(failure).partition("\n")[0] or type(failure).__name__)
    return outcome


# --- how a call is set up


def _baresip(account: str = "") -> Callable[[CallContext, Seats], AbstractAsyncContextManager[BaresipRoom]]:
    """Return how baresip is run; `account` is appended to its account."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[BaresipRoom]:
        login = ";auth_user={};auth_pass={}".format(*seats.account)
        return baresip_room(context.folder, context.film, ROOM_TONE_HZ, login + account, context.certificate)

    return run


def _dialling(transport: str) -> Callable[[Lane], Awaitable[None]]:
    async def begin(lane: Lane) -> None:
        await lane.dial_in(transport)

    return begin


async def _called(lane: Lane) -> None:
    await lane.call()


# --- what happens in it


async def _nothing(_lane: Lane) -> None:
    """Do nothing within the call."""


async def _hold(lane: Lane) -> None:
    """Put the call on hold, and resume it: on hold the room is not heard."""
    assert isinstance(lane.room, BaresipRoom)
    await lane.room.hold()
    await lane.room_is_silent()
    await lane.room.resume()
    await lane.room_is_heard()


async def _keys(lane: Lane) -> None:
    """Raise and lower the hand by keys."""
    assert isinstance(lane.room, BaresipRoom)
    for up in (True, False):
        await lane.room.press("*3")
        await lane.hand_is_up(up=up)


async def _encrypted(lane: Lane) -> None:
    """See that the host is told so."""
    await lane.is_encrypted()


PLAIN = RoomSetup(_baresip())
ENCRYPTED = RoomSetup(_baresip(";mediaenc=srtp-mand"), encryption="demanded")

KINDS: dict[str, CallKind] = {
    "udp": CallKind(PLAIN, _dialling("udp"), _nothing),
    "tcp": CallKind(PLAIN, _dialling("tcp"), _nothing),
    "tls": CallKind(PLAIN, _dialling("tls"), _nothing),
    "sdes": CallKind(ENCRYPTED, _dialling("tls"), _encrypted),
    "called": CallKind(RoomSetup(_baresip(), called=True), _called, _nothing),
    "hold": CallKind(PLAIN, _dialling("udp"), _hold),
    "keys": CallKind(PLAIN, _dialling("udp"), _keys),
}
