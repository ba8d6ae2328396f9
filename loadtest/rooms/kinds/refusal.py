"""Calls of ours that the room system refuses or redirects first."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

from loadtest.rooms import scripts
from loadtest.rooms.kinds.kind import CallKind, called
from loadtest.rooms.kinds.setups import media_of, sipp
from loadtest.rooms.lane import CallContext, Lane, RoomSetup, Seats
from loadtest.rooms.room import RoomFailed
from loadtest.rooms.sipp_room import SippRoom, sipp_room
from loadtest.rooms.sipp_scenarios import Question


def after(refusal: str) -> Callable[[Lane], Awaitable[None]]:
    """Return what sees that the room system took the call after this refusal alone."""

    async def within(lane: Lane) -> None:
        assert isinstance(lane.room, SippRoom)
        if lane.room.answers != [refusal, "200 OK"]:
            raise RoomFailed(f"the room answered {lane.room.answers}, not {refusal} first")

    return within


def refusing(status: str) -> CallKind:
    """Return the kind of calls that are refused by a status, and made again with a simple description."""
    return CallKind(RoomSetup(sipp(scripts.refusing(status)), called=True, transport="UDP"), called, after(status))


def challenging(
    status: Literal["401 Unauthorized", "407 Proxy Authentication Required"], algorithm: Literal["MD5", "SHA-256"]
) -> CallKind:
    """Return the kind of calls that are asked for the password of the room system's account."""

    def run(context: CallContext, seats: Seats) -> AbstractAsyncContextManager[SippRoom]:
        question = Question(status, algorithm, seats.account)
        return sipp_room(context.folder, media_of(seats), scripts.challenging(question))

    return CallKind(RoomSetup(run, called=True, transport="UDP", account=True), called, after(status))
